package dev.sharedserver.core;

/** Error numbers of Linux (errno(3)) and what people read for them. */
public final class Errno {

    /** No such file or directory. */
    public static final int ENOENT = 2;

    /** Not a directory. */
    public static final int ENOTDIR = 20;

    /** Somebody listens there already. */
    public static final int EADDRINUSE = 98;

    private Errno() {}

    /** Returns the system's text for an error number. */
    public static String text(int errno) {
        return switch (errno) {
            case 1 -> "Operation not permitted";
            case ENOENT -> "No such file or directory";
            case 3 -> "No such process";
            case 5 -> "Input/output error";
            case 6 -> "No such device or address";
            case 7 -> "Argument list too long";
            case 8 -> "Exec format error";
            case 11 -> "Resource temporarily unavailable";
            case 12 -> "Cannot allocate memory";
            case 13 -> "Permission denied";
            case 17 -> "File exists";
            case ENOTDIR -> "Not a directory";
            case 21 -> "Is a directory";
            case 22 -> "Invalid argument";
            case 23 -> "Too many open files in system";
            case 24 -> "Too many open files";
            case 26 -> "Text file busy";
            case 28 -> "No space left on device";
            case 30 -> "Read-only file system";
            case 36 -> "File name too long";
            case 40 -> "Too many levels of symbolic links";
            case EADDRINUSE -> "Address already in use";
            case 122 -> "Disk quota exceeded";
            default -> "error " + errno;
        };
    }
}
