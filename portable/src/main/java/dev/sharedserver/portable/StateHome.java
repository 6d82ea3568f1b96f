package dev.sharedserver.portable;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Where the state is: the rules of {@code launcher/src/statedir.c}.
 *
 * @param logs where logs go, empty for beside the state
 * @param created whether it was not there
 */
public record StateHome(Path path, String logs, boolean created) {

    private static final FileAttribute<Set<PosixFilePermission>> OURS_ALONE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final int LONGEST = 4096 - 256;
    private static final Set<String> NOT_LOCAL = Set.of("nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "fuse");

    /** Why a directory cannot be used, for people. */
    public static final class Unusable extends Exception {
        private static final long serialVersionUID = 1;

        Unusable(String message) {
            super(message);
        }
    }

    /** Finds and makes it. {@code variables}: those of the environment, null or empty if not set. */
    public static StateHome open(Function<String, @Nullable String> variables, String cwd, int uid) throws Unusable {
        String chosen = set(variables, "SHAREDSERVER_LOCKDIR");
        String runtime = set(variables, "XDG_RUNTIME_DIR");
        String logs = chosen != null ? "" : logDirectory(variables);
        if (chosen != null) {
            return made(absolute(chosen, cwd), logs, uid, true);
        }
        if (runtime != null) {
            return made(absolute(runtime + "/sharedserver", cwd), logs, uid, false);
        }
        Path user = Path.of("/run/user/" + uid);
        if (Files.isDirectory(user) && owner(user, true) == uid) {
            return made(user.resolve("sharedserver"), logs, uid, false);
        }
        return fallback(logs, uid);
    }

    private static @Nullable String set(Function<String, @Nullable String> variables, String name) {
        String value = variables.apply(name);
        return value == null || value.isEmpty() ? null : value;
    }

    private static Path absolute(String given, String cwd) throws Unusable {
        if (given.charAt(0) != '/' && cwd.isEmpty()) {
            throw new Unusable("cannot use the state directory " + given
                    + ": it is relative and getcwd failed: No such file or directory");
        }
        String text = given.charAt(0) == '/' ? given : cwd + "/" + given;
        if (text.length() >= LONGEST) {
            throw new Unusable("cannot use the state directory " + given.substring(0, 100) + "…: its path is too long");
        }
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new Unusable("cannot use the state directory " + given + ": its name is not UTF-8");
        }
    }

    private static StateHome made(Path path, String logs, int uid, boolean chosen) throws Unusable {
        boolean created = false;
        try {
            if (!Files.exists(path)) {
                makeParents(path);
                try {
                    Files.createDirectory(path, OURS_ALONE);
                    created = true;
                } catch (FileAlreadyExistsException e) {
                    created = false; // somebody was quicker
                }
            }
        } catch (IOException e) {
            throw new Unusable("cannot make the state directory " + path + ": " + Reason.of(e));
        }
        return checked(new StateHome(path, logs, created), uid, chosen);
    }

    private static void makeParents(Path path) throws IOException {
        Path parent = path.getParent();
        if (parent != null && !Files.exists(parent)) {
            makeParents(parent);
            try {
                Files.createDirectory(parent, OURS_ALONE);
            } catch (FileAlreadyExistsException e) {
                return; // somebody was quicker
            }
        }
    }

    private static StateHome checked(StateHome home, int uid, boolean chosen) throws Unusable {
        Path path = home.path();
        try {
            if (!Files.isDirectory(path)) {
                // a path through what is no directory, or one that nobody may look into, has a reason of its own
                path.getFileSystem().provider().checkAccess(path);
                throw unusable(path, "it is no directory");
            }
            if (owner(path, true) != uid) {
                throw unusable(path, "it belongs to another user; set SHAREDSERVER_LOCKDIR to a directory of your own");
            }
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
            if (permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
                throw unusable(path, "other users may write to it; run chmod 700 on it");
            }
            String type = chosen ? "" : Files.getFileStore(path).type();
            if (NOT_LOCAL.contains(type) || type.startsWith("fuse.")) {
                throw unusable(
                        path,
                        "it is on a network or FUSE file system, where locks are not reliable; set "
                                + "SHAREDSERVER_LOCKDIR to a local directory, or to this one to use it all the same");
            }
            return home;
        } catch (IOException e) {
            throw unusable(path, Reason.of(e));
        }
    }

    private static Unusable unusable(Path path, String why) {
        return new Unusable("cannot use the state directory " + path + ": " + why);
    }

    /** In /tmp anybody may have made the directory first: what is not ours, or is a link, is left alone. */
    private static StateHome fallback(String logs, int uid) throws Unusable {
        Path shared = Path.of("/tmp/sharedserver");
        boolean created = create(shared);
        if (isOurs(shared, uid)) {
            return checked(new StateHome(shared, logs, created), uid, false);
        }
        Path own = Path.of("/tmp/sharedserver-" + uid);
        created = create(own);
        if (!isOurs(own, uid)) {
            throw unusable(
                    own,
                    "it is a link or belongs to another user; set SHAREDSERVER_LOCKDIR to a directory of your own");
        }
        return checked(new StateHome(own, logs, created), uid, false);
    }

    private static boolean create(Path path) {
        try {
            Files.createDirectory(path, OURS_ALONE);
            return true;
        } catch (IOException e) {
            return false; // what is there is looked at next
        }
    }

    private static boolean isOurs(Path path, int uid) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && owner(path, false) == uid;
    }

    private static int owner(Path path, boolean follow) {
        try {
            Object uid = follow
                    ? Files.getAttribute(path, "unix:uid")
                    : Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            return uid instanceof Integer number ? number : -1;
        } catch (IOException e) {
            return -1;
        }
    }

    private static String logDirectory(Function<String, @Nullable String> variables) {
        String base = set(variables, "XDG_STATE_HOME");
        String home = set(variables, "HOME");
        String logs = base != null && base.charAt(0) == '/'
                ? base + "/sharedserver"
                : home != null && home.charAt(0) == '/' ? home + "/.local/state/sharedserver" : "";
        return logs.length() < LONGEST ? logs : "";
    }

    /** What the system says of a failure, without the name of the file. */
    public static final class Reason {
        private Reason() {}

        /** Returns it. */
        public static String of(IOException e) {
            return switch (e) {
                case NoSuchFileException missing -> "No such file or directory";
                case java.nio.file.AccessDeniedException denied -> "Permission denied";
                case java.nio.file.FileSystemException other
                when other.getReason() != null -> String.valueOf(other.getReason());
                default -> String.valueOf(e.getMessage());
            };
        }
    }
}
