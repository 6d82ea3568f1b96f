package dev.sharedserver.lsp.interpose;

import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code /proc} says of one process, as far as it matters here (proc(5)). Nothing is remembered: each call looks. */
final class Facts {

    /** Bytes of a process need not be UTF-8; what is no UTF-8 is only ever shown or compared. */
    static final Proc PROC = new Proc(bytes -> new String(bytes, StandardCharsets.UTF_8));

    private static final int CAP_SYS_PTRACE = 19;

    private final long pid;
    private final Path directory;

    Facts(long pid) {
        this.pid = pid;
        directory = Path.of("/proc", Long.toString(pid));
    }

    long pid() {
        return pid;
    }

    @Nullable
    ProcStat stat() {
        return PROC.stat(pid);
    }

    /** Returns the process that traces it, 0 for none. */
    long tracer() {
        String tracer = status(directory, "TracerPid:");
        return tracer == null ? 0 : Long.parseLong(tracer);
    }

    /** Tells whether a task has signals that it will take as soon as it may. */
    boolean hasSignals(int task) {
        Path of = directory.resolve("task").resolve(Integer.toString(task));
        long pending = bits(status(of, "SigPnd:")) | bits(status(of, "ShdPnd:"));
        return (pending & ~bits(status(of, "SigBlk:"))) != 0;
    }

    /** Tells whether this process may trace whatever runs in its user namespace. */
    static boolean mayTraceAll() {
        return (bits(status(Path.of("/proc/self"), "CapEff:")) & 1L << CAP_SYS_PTRACE) != 0;
    }

    /** Returns Yama's {@code ptrace_scope}; 0 where the kernel has no Yama. */
    static int yamaScope() {
        try {
            return Integer.parseInt(Files.readString(Path.of("/proc/sys/kernel/yama/ptrace_scope"))
                    .trim());
        } catch (IOException | NumberFormatException e) {
            return 0;
        }
    }

    private static long bits(@Nullable String hexadecimal) {
        return hexadecimal == null ? 0 : Long.parseUnsignedLong(hexadecimal, 16);
    }

    /** Returns the ids of its tasks that live. */
    List<Integer> tasks() {
        List<Integer> tasks = new ArrayList<>();
        for (Path task : list(directory.resolve("task"))) {
            tasks.add(Integer.parseInt(task.getFileName().toString()));
        }
        return tasks;
    }

    /** Tells whether a task is there and no zombie. */
    boolean lives(int task) {
        String state = status(directory.resolve("task").resolve(Integer.toString(task)), "State:");
        return state != null && !state.startsWith("Z") && !state.startsWith("X");
    }

    /** Returns the system calls its tasks wait in; a task that executes has none. */
    List<InCall> calls() {
        List<InCall> calls = new ArrayList<>();
        for (Path task : list(directory.resolve("task"))) {
            String line = text(task.resolve("syscall"));
            // "0 0x0 0x55d0 0x400 …", "running", or "-1 0x7ff… 0x7f0…" for one that waits but in no call
            if (line != null && !line.isEmpty() && Character.isDigit(line.charAt(0))) {
                String[] words = line.trim().split(" ", 3);
                calls.add(new InCall(
                        Integer.parseInt(words[0]), Long.parseUnsignedLong(words[1], 2, words[1].length(), 16)));
            }
        }
        return calls;
    }

    /** Returns its descriptors, by number; null if this user may not look at them. */
    @Nullable
    List<Descriptor> descriptors() {
        List<Descriptor> descriptors = new ArrayList<>();
        Path fd = directory.resolve("fd");
        if (!Files.isReadable(fd)) {
            return null;
        }
        for (Path entry : list(fd)) {
            String link = link(entry);
            if (link != null) {
                descriptors.add(
                        new Descriptor(Integer.parseInt(entry.getFileName().toString()), link));
            }
        }
        descriptors.sort((a, b) -> Integer.compare(a.number(), b.number()));
        return descriptors;
    }

    /** Returns what a descriptor points at; null if there is none of that number. */
    @Nullable
    String link(int descriptor) {
        return link(directory.resolve("fd").resolve(Integer.toString(descriptor)));
    }

    /** Returns inode and device of what is open there; null if nothing is. */
    @Nullable
    Object file(int descriptor) {
        return file(directory.resolve("fd").resolve(Integer.toString(descriptor)));
    }

    /** Returns inode and device of a file; null if it is not there. */
    static @Nullable Object file(Path path) {
        try {
            return Files.readAttributes(path, "unix:dev,ino");
        } catch (IOException e) {
            return null;
        }
    }

    /** Returns the flags of a descriptor, those of {@code open(2)} with {@code O_CLOEXEC}; 0 if it is gone. */
    int flags(int descriptor) {
        String text = text(directory.resolve("fdinfo").resolve(Integer.toString(descriptor)));
        String flags = text == null ? null : field(text, "flags:");
        return flags == null ? 0 : Integer.parseInt(flags, 8);
    }

    /** Returns what an epoll descriptor watches. */
    List<Watch> watches(int epoll) {
        String text = text(directory.resolve("fdinfo").resolve(Integer.toString(epoll)));
        List<Watch> watches = new ArrayList<>();
        for (String line : text == null ? List.<String>of() : text.lines().toList()) {
            // "tfd:        0 events:       19 data:               11  pos:0 ino:1bdbb4c sdev:f"
            if (line.startsWith("tfd:")) {
                String[] words = line.replace(':', ' ').trim().split(" +", -1);
                watches.add(new Watch(
                        epoll,
                        Integer.parseInt(words[1]),
                        Integer.parseUnsignedInt(words[3], 16),
                        Long.parseUnsignedLong(words[5], 16),
                        words.length > 9 ? Long.parseUnsignedLong(words[9], 16) : -1));
            }
        }
        return watches;
    }

    /** Returns the inode that is open there, -1 if nothing is. */
    long inode(int descriptor) {
        try {
            Object inode =
                    Files.getAttribute(directory.resolve("fd").resolve(Integer.toString(descriptor)), "unix:ino");
            return (Long) inode;
        } catch (IOException e) {
            return -1;
        }
    }

    /** Tells whether the kernel keeps it from being looked into: the files of such a process belong to root. */
    boolean hidden(int user) {
        try {
            return user != 0 && (Integer) Files.getAttribute(directory.resolve("environ"), "unix:uid") != user;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns what is executable in its memory, from and to addresses; the vdso first, which is small and has what is looked for. */
    List<long[]> code() {
        List<long[]> code = new ArrayList<>();
        String maps = text(directory.resolve("maps"));
        for (String line : maps == null ? List.<String>of() : maps.lines().toList()) {
            int dash = line.indexOf('-');
            int space = line.indexOf(' ');
            if (line.charAt(space + 3) == 'x' && !line.endsWith("[vsyscall]")) {
                long[] range = {
                    Long.parseUnsignedLong(line, 0, dash, 16), Long.parseUnsignedLong(line, dash + 1, space, 16)
                };
                code.add(line.endsWith("[vdso]") ? 0 : code.size(), range);
            }
        }
        return code;
    }

    /** Opens its memory, which needs the same right as tracing it. */
    FileChannel memory() throws IOException {
        return FileChannel.open(directory.resolve("mem"), StandardOpenOption.READ, StandardOpenOption.WRITE);
    }

    private static @Nullable String status(Path of, String field) {
        String text = text(of.resolve("status"));
        return text == null ? null : field(text, field);
    }

    private static @Nullable String field(String text, String name) {
        int at = text.startsWith(name) ? 0 : text.indexOf("\n" + name) + 1;
        if (at == 0 && !text.startsWith(name)) {
            return null;
        }
        int end = text.indexOf('\n', at);
        return text.substring(at + name.length(), end < 0 ? text.length() : end).trim();
    }

    private static @Nullable String text(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return null; // gone, or not ours to see
        }
    }

    private static @Nullable String link(Path file) {
        try {
            return Files.readSymbolicLink(file).toString();
        } catch (IOException e) {
            return null;
        }
    }

    private static List<Path> list(Path directory) {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException | DirectoryIteratorException e) {
            return entries;
        }
        return entries;
    }

    /** A descriptor and what {@code /proc/PID/fd} says of it. */
    record Descriptor(int number, String link) {

        StdioKind kind(Facts facts) {
            if (link.startsWith("pipe:")) {
                return StdioKind.PIPE;
            }
            if (link.startsWith("socket:")) {
                return StdioKind.SOCKET;
            }
            if (link.startsWith("/dev/pts/") || link.startsWith("/dev/tty")) {
                return StdioKind.TERMINAL;
            }
            try {
                Path path = facts.directory.resolve("fd").resolve(Integer.toString(number));
                int type = (Integer) Files.getAttribute(path, "unix:mode") & 0170000;
                return type == 0010000 ? StdioKind.FIFO : type == 0100000 ? StdioKind.FILE : StdioKind.OTHER;
            } catch (IOException e) {
                return StdioKind.OTHER;
            }
        }
    }

    /**
     * What an epoll descriptor watches.
     *
     * @param inode the file's, -1 if the kernel does not tell: the number may mean another file by now
     */
    record Watch(int epoll, int descriptor, int events, long data, long inode) {

        private static final int EPOLLIN = 1;

        boolean forInput() {
            return (events & EPOLLIN) != 0;
        }
    }

    /** The system call that a task waits in, with its first argument. */
    record InCall(int number, long first) {}
}
