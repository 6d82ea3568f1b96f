package dev.sharedserver.portable.posix;

import dev.sharedserver.core.OsText;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.List;

/**
 * Functions of the C library, named as in section 2 and 3 of the manual. What fails returns the negative errno. The numbers
 * are those of Linux and macOS.
 */
public final class LibC {

    static final boolean MAC = System.getProperty("os.name", "").startsWith("Mac");
    private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

    /** Whether a nice value is a thread's own and goes to the processes that it starts, or one for all threads of a process. */
    public static final boolean THREADS_HAVE_NICE = !MAC;

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int ESRCH = 3;
    public static final int EINTR = 4;
    public static final int ENXIO = 6;
    public static final int ENOEXEC = 8;
    public static final int ECHILD = 10;
    public static final int EACCES = 13;
    public static final int EEXIST = 17;
    public static final int ENOTDIR = 20;
    public static final int EINVAL = 22;
    public static final int EAGAIN = MAC ? 35 : 11;
    public static final int ELOOP = MAC ? 62 : 40;
    public static final int ENAMETOOLONG = MAC ? 63 : 36;
    public static final int ENOTSUP = MAC ? 45 : 95;

    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = MAC ? 0x4 : 0x800;
    public static final int O_APPEND = MAC ? 0x8 : 0x400;
    public static final int O_CREAT = MAC ? 0x200 : 0x40;
    public static final int O_EXCL = MAC ? 0x800 : 0x80;
    public static final int O_NOCTTY = MAC ? 0x20000 : 0x100;
    public static final int O_NOFOLLOW = MAC ? 0x100 : ARM ? 0x8000 : 0x20000;
    public static final int O_CLOEXEC = MAC ? 0x1000000 : 0x80000;

    public static final int FALLOC_FL_KEEP_SIZE = 1;
    public static final int FALLOC_FL_PUNCH_HOLE = 2;
    public static final int FALLOC_FL_COLLAPSE_RANGE = 8;

    public static final int LOCK_EX = 2;
    public static final int LOCK_NB = 4;
    public static final int LOCK_UN = 8;

    public static final int SIGHUP = 1;
    public static final int SIGINT = 2;
    public static final int SIGKILL = 9;
    public static final int SIGPIPE = 13;
    public static final int SIGTERM = 15;

    private static final int F_GETFD = 1;
    private static final int F_SETFD = 2;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_DUPFD_CLOEXEC = MAC ? 67 : 1030;
    private static final int FD_CLOEXEC = 1;
    private static final long TIOCGWINSZ = MAC ? 0x40087468L : 0x5413L;
    private static final int P_PID = 1;
    private static final int WEXITED = 4;
    private static final int WNOHANG = 1;
    private static final int WNOWAIT = MAC ? 0x20 : 0x01000000;
    private static final int PRIO_PROCESS = 0;
    private static final short POLLERR = 8;
    private static final short POLLHUP = 16;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBRARY = LINKER.defaultLookup();
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    static final ValueLayout POINTER = ValueLayout.ADDRESS;
    private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
    private static final VarHandle ERRNO_OF =
            Linker.Option.captureStateLayout().varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private LibC() {}

    /** A function that returns an int, and -1 with errno if it fails. Linked at its first use: that takes ms. */
    private static final class Function {
        private final MethodHandle handle;

        Function(String name, MemoryLayout... arguments) {
            this(name, arguments.length, arguments);
        }

        /** Makes one whose arguments from {@code fixed} on are variadic. */
        Function(String name, int fixed, MemoryLayout... arguments) {
            Linker.Option[] options = fixed < arguments.length
                    ? new Linker.Option[] {ERRNO, Linker.Option.firstVariadicArg(fixed)}
                    : new Linker.Option[] {ERRNO};
            handle = LINKER.downcallHandle(LIBRARY.findOrThrow(name), FunctionDescriptor.of(INT, arguments), options)
                    .asSpreader(1, Object[].class, arguments.length)
                    .asType(java.lang.invoke.MethodType.methodType(int.class, MemorySegment.class, Object[].class));
        }

        int call(Arena arena, Object... arguments) {
            MemorySegment state = arena.allocate(Linker.Option.captureStateLayout());
            try {
                int result = (int) handle.invokeExact(state, arguments);
                return result == -1 ? -(int) ERRNO_OF.get(state, 0L) : result;
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }
    }

    static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a native call failed by itself", e);
    }

    /** Links a function that sets no errno, or returns it. */
    static MethodHandle link(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LIBRARY.findOrThrow(name), descriptor);
    }

    static boolean has(String name) {
        return LIBRARY.find(name).isPresent();
    }

    static MemorySegment string(Arena arena, String text) {
        byte[] bytes = OsText.encode(text);
        MemorySegment segment = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment;
    }

    static MemorySegment strings(Arena arena, List<String> texts) {
        MemorySegment segment = arena.allocate((texts.size() + 1L) * POINTER.byteSize(), POINTER.byteAlignment());
        for (int i = 0; i < texts.size(); i++) {
            segment.setAtIndex(ValueLayout.ADDRESS, i, string(arena, texts.get(i)));
        }
        return segment;
    }

    // each function in a holder of its own: linking one takes longer than calling it

    private static final class Open {
        static final Function OPEN = new Function("open", 2, POINTER, INT, INT);
    }

    /** open(2). */
    public static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return Open.OPEN.call(arena, string(arena, path), flags, mode);
        }
    }

    private static final class Close {
        static final Function CLOSE = new Function("close", INT);
    }

    /** close(2). */
    public static void close(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            Close.CLOSE.call(arena, fd);
        }
    }

    private static final class Flock {
        static final Function FLOCK = new Function("flock", INT, INT);
    }

    /** flock(2). */
    public static int flock(int fd, int operation) {
        try (Arena arena = Arena.ofConfined()) {
            return Flock.FLOCK.call(arena, fd, operation);
        }
    }

    private static final class Fcntl {
        static final Function FCNTL = new Function("fcntl", 2, INT, INT, INT);
    }

    private static int fcntl(int fd, int command, int argument) {
        try (Arena arena = Arena.ofConfined()) {
            return Fcntl.FCNTL.call(arena, fd, command, argument);
        }
    }

    /** Has a descriptor closed by exec, or not. */
    public static int closeOnExec(int fd, boolean close) {
        int flags = fcntl(fd, F_GETFD, 0);
        return flags < 0 ? flags : fcntl(fd, F_SETFD, close ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC);
    }

    /** Makes a descriptor a blocking one. */
    public static int blocking(int fd) {
        int flags = fcntl(fd, F_GETFL, 0);
        return flags < 0 ? flags : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }

    /** Returns a copy that is at least {@code lowest} and closed by exec. */
    public static int duplicate(int fd, int lowest) {
        return fcntl(fd, F_DUPFD_CLOEXEC, lowest);
    }

    private static final class Fallocate {
        static final Function FALLOCATE = new Function("fallocate", INT, INT, LONG, LONG);
    }

    /** fallocate(2), which only Linux has. */
    public static int fallocate(int fd, int mode, long offset, long length) {
        if (!has("fallocate")) {
            return -ENOTSUP;
        }
        try (Arena arena = Arena.ofConfined()) {
            return Fallocate.FALLOCATE.call(arena, fd, mode, offset, length);
        }
    }

    private static final class Pipe {
        static final Function PIPE = new Function("pipe", POINTER);
    }

    /** pipe(2): the end to read from and the end to write to. */
    public static int[] pipe() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(INT, 2);
            int result = Pipe.PIPE.call(arena, ends);
            if (result < 0) {
                throw new IOException("pipe: errno " + -result);
            }
            return new int[] {ends.getAtIndex(INT, 0), ends.getAtIndex(INT, 1)};
        }
    }

    private static final class Umask {
        static final Function UMASK = new Function("umask", INT);
    }

    /** umask(2). */
    public static int umask(int mask) {
        try (Arena arena = Arena.ofConfined()) {
            return Umask.UMASK.call(arena, mask);
        }
    }

    private static final class Priorities {
        static final Function SET = new Function("setpriority", INT, INT, INT);
        static final Function GET = new Function("getpriority", INT, INT);
    }

    /** Sets the nice value of a process; 0 is the calling thread where threads have one, else this process. */
    public static int nice(long pid, int nice) {
        try (Arena arena = Arena.ofConfined()) {
            return Priorities.SET.call(arena, PRIO_PROCESS, (int) pid, nice);
        }
    }

    /** Returns this process's nice value; one of -1 looks like a failure, and is read as 0. */
    public static int nice() {
        try (Arena arena = Arena.ofConfined()) {
            int nice = Priorities.GET.call(arena, PRIO_PROCESS, 0);
            return nice < -20 ? 0 : nice;
        }
    }

    private static final class Kill {
        static final Function KILL = new Function("kill", INT, INT);
    }

    /** kill(2). */
    public static int kill(long pid, int signal) {
        try (Arena arena = Arena.ofConfined()) {
            return Kill.KILL.call(arena, (int) pid, signal);
        }
    }

    private static final class Chdir {
        static final Function CHDIR = new Function("chdir", POINTER);
    }

    /** chdir(2): for native calls; Java's own notion of the working directory does not change. */
    public static int chdir(String directory) {
        try (Arena arena = Arena.ofConfined()) {
            return Chdir.CHDIR.call(arena, string(arena, directory));
        }
    }

    private static final class Exec {
        static final Function EXECVE = new Function("execve", POINTER, POINTER, POINTER);
        static final Function SIGPROCMASK = new Function("sigprocmask", INT, POINTER, POINTER);
    }

    /**
     * execve(2) with no signal blocked: a JVM's threads block some. Returns errno if it fails; the other threads are gone only
     * if it succeeds.
     */
    public static int execve(String path, List<String> argv, List<String> environment) {
        try (Arena arena = Arena.ofConfined()) {
            int setMask = MAC ? 3 : 2;
            Exec.SIGPROCMASK.call(arena, setMask, arena.allocate(128), MemorySegment.NULL);
            return -Exec.EXECVE.call(arena, string(arena, path), strings(arena, argv), strings(arena, environment));
        }
    }

    private static final class Wait {
        static final Function WAITID = new Function("waitid", INT, INT, POINTER, INT);
        static final Function WAITPID = new Function("waitpid", INT, POINTER, INT);
    }

    /**
     * How a child ended.
     *
     * @param code CLD_EXITED 1, CLD_KILLED 2, CLD_DUMPED 3
     */
    public record Ended(int code, int status) {}

    /** Waits until a child has ended, and leaves it a zombie; null if it is none, or (without {@code patient}) lives. */
    @org.jspecify.annotations.Nullable
    public static Ended awaitZombie(long pid, boolean patient) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(128, 8);
            int result;
            do {
                result = Wait.WAITID.call(arena, P_PID, (int) pid, info, WEXITED | WNOWAIT | (patient ? 0 : WNOHANG));
            } while (result == -EINTR);
            // siginfo_t: si_signo, si_errno, si_code; then on 64-bit Linux a gap of 4 bytes, si_pid, si_uid, si_status
            int at = MAC ? 12 : 16;
            if (result < 0 || info.get(INT, at) == 0) {
                return null;
            }
            return new Ended(info.get(INT, 8), info.get(INT, at + 8));
        }
    }

    /** Lets a zombie go, or waits for a child that is about to end. */
    public static void reap(long pid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(INT);
            int result;
            do {
                result = Wait.WAITPID.call(arena, (int) pid, status, 0);
            } while (result == -EINTR);
        }
    }

    private static final class Limits {
        static final Function GETRLIMIT = new Function("getrlimit", INT, POINTER);
    }

    /** getrlimit(2): soft and hard limit, -1 = infinity. */
    public static long[] limit(int resource) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment limit = arena.allocate(LONG, 2);
            if (Limits.GETRLIMIT.call(arena, resource, limit) != 0) {
                return new long[] {-1, -1};
            }
            // RLIM_INFINITY is the largest number of 64 bits here and of 63 bits on macOS
            return new long[] {infinite(limit.getAtIndex(LONG, 0)), infinite(limit.getAtIndex(LONG, 1))};
        }
    }

    private static long infinite(long limit) {
        return limit == Long.MAX_VALUE ? -1 : limit;
    }

    private static final class Ids {
        static final Function GETUID = new Function("geteuid");
    }

    /** geteuid(2). */
    public static int euid() {
        try (Arena arena = Arena.ofConfined()) {
            return Ids.GETUID.call(arena);
        }
    }

    private static final class Terminals {
        static final Function IOCTL = new Function("ioctl", 2, INT, LONG, POINTER);
    }

    /** Returns the width of the terminal at a descriptor, 0 if there is none. */
    public static int columns(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment window = arena.allocate(8);
            int result = Terminals.IOCTL.call(arena, fd, TIOCGWINSZ, window);
            return result != 0 ? 0 : window.get(ValueLayout.JAVA_SHORT, 2) & 0xffff;
        }
    }

    private static final class Poll {
        static final Function POLL = new Function("poll", POINTER, LONG, INT);
    }

    /** Waits until nobody reads the pipe at {@code fd} any more; false if that cannot be told. */
    public static boolean awaitBroken(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(8, 4);
            poll.set(INT, 0, fd);
            int result;
            do {
                result = Poll.POLL.call(arena, poll, 1L, -1);
            } while (result == -EINTR);
            return result > 0 && (poll.get(ValueLayout.JAVA_SHORT, 6) & (POLLERR | POLLHUP)) != 0;
        }
    }
}
