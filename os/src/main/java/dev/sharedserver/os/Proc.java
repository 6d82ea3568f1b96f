package dev.sharedserver.os;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of processes: {@code /proc} where there is one. A process that is gone, or not ours to look at, is null and never an
 * error. Elsewhere than on Linux less is known; what is not is null, -1 or empty as well.
 */
public final class Proc {

    /** USER_HZ: the unit of start times. 100 on every Linux of the architectures the product runs on. */
    public static final int TICKS_PER_SECOND = 100;

    /** Where Linux shows its processes. */
    public static final Path ROOT = Path.of("/proc");

    /** More than 52 numbers of 20 digits and a name. */
    private static final int STAT_LENGTH = 2048;

    private final Path root;
    private final boolean shown;
    private final Function<byte[], String> decoder;

    /** Reads the machine's {@code /proc}; {@code decoder} makes text of bytes that may be no UTF-8. */
    public Proc(Function<byte[], String> decoder) {
        this(ROOT, decoder);
    }

    Proc(Path root, Function<byte[], String> decoder) {
        this.root = root;
        this.shown = Files.exists(root.resolve("self"));
        this.decoder = decoder;
    }

    /** Returns the pids of all processes that are shown; fails rather than show fewer. */
    public List<Long> pids() throws IOException {
        if (!shown) {
            return Elsewhere.pids();
        }
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, "[0-9]*")) {
            for (Path entry : entries) {
                pids.add(Long.parseLong(String.valueOf(entry.getFileName())));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return pids;
    }

    /** Returns what the kernel says of a process. */
    public @Nullable ProcStat stat(long pid) {
        if (!shown) {
            return Elsewhere.stat(pid);
        }
        // one read: this stands in the path of every command that attaches or detaches
        byte[] bytes = new byte[STAT_LENGTH];
        try (FileInputStream in = new FileInputStream(root + "/" + pid + "/stat")) {
            int length = in.read(bytes);
            return length <= 0 ? null : ProcStat.parse(bytes, length);
        } catch (IOException e) {
            return null;
        }
    }

    /** Tells whether that run of that process still executes. */
    public boolean alive(long pid, long startTime) {
        ProcStat stat = stat(pid);
        return stat != null && stat.alive() && stat.startTime() == startTime;
    }

    /** Returns argv; empty for a zombie or a kernel thread. */
    public @Nullable List<String> cmdline(long pid) {
        return shown ? strings(pid, "cmdline") : Elsewhere.cmdline(pid);
    }

    /** Returns the environment it was executed with, {@code K=V} each. */
    public @Nullable List<String> environment(long pid) {
        return strings(pid, "environ");
    }

    /** Returns the path of its program. */
    public @Nullable String exe(long pid) {
        return shown ? link(pid, "exe") : Elsewhere.exe(pid);
    }

    /** Returns its working directory. */
    public @Nullable String cwd(long pid) {
        return link(pid, "cwd");
    }

    /** Returns a name of its pid namespace that is equal for processes in the same one. */
    public @Nullable String pidNamespace(long pid) {
        return link(pid, "ns/pid");
    }

    /** Tells whether that is the id of a process: /proc answers for ids of threads, too. */
    public boolean isProcess(long pid) {
        ProcStat stat = stat(pid);
        return stat != null && stat.isProcess();
    }

    /** Tells whether a process is that user's. */
    public boolean isOf(int uid, long pid) {
        try {
            // its effective user, if it may be looked into, else root: for others than root there is most often no more
            // to ask
            if (uid != 0
                    && Files.getAttribute(root.resolve(Long.toString(pid)), "unix:uid")
                            .equals(uid)) {
                return true;
            }
        } catch (IOException | UnsupportedOperationException e) {
            // the other way tells as well
        }
        return uid(pid) == uid;
    }

    /** Returns its real user id, -1 if there is no such process. */
    public int uid(long pid) {
        if (!shown) {
            return Elsewhere.uid(pid);
        }
        String uid = status(pid, "Uid:");
        return uid == null ? -1 : Integer.parseInt(uid, 0, end(uid), 10);
    }

    /** Returns its file mode creation mask, -1 if the kernel does not tell. */
    public int umask(long pid) {
        String umask = status(pid, "Umask:");
        return umask == null ? -1 : Integer.parseInt(umask, 0, end(umask), 8);
    }

    /** Returns its resource limits, soft and hard in turn, by RLIMIT number, -1 = infinity; empty if not shown. */
    public List<Long> limits(long pid) {
        byte[] bytes = bytes(pid, "limits");
        if (bytes == null) {
            return List.of();
        }
        // by the names of proc(5), since the order of the lines is the order of the RLIMIT numbers in every kernel
        List<Long> limits = new ArrayList<>();
        String[] lines = decoder.apply(bytes).split("\n", -1);
        for (int i = 1; i < lines.length && !lines[i].isEmpty(); i++) {
            // "Max open files            1024                 4096                 files": columns of fixed width
            if (lines[i].length() < 60) {
                return List.of();
            }
            limits.add(limit(lines[i].substring(26, 47).trim()));
            limits.add(limit(
                    lines[i].substring(47, Math.min(68, lines[i].length())).trim()));
        }
        return limits;
    }

    private static long limit(String text) {
        return text.equals("unlimited") ? -1 : Long.parseUnsignedLong(text);
    }

    /** Returns when the machine was booted, to the second; null if the kernel does not tell. */
    public @Nullable Instant bootTime() {
        try {
            String text = decoder.apply(Files.readAllBytes(root.resolve("stat")));
            int at = text.indexOf("\nbtime ");
            int end = text.indexOf('\n', at + 1);
            return at < 0 ? null : Instant.ofEpochSecond(Long.parseLong(text, at + 7, end, 10));
        } catch (IOException | NumberFormatException e) {
            return null;
        }
    }

    /** Returns a file that stands for one that a process has open: it can be read where the file has lost its name. */
    public Path open(long pid, int fd) {
        return root.resolve(Long.toString(pid)).resolve("fd").resolve(Integer.toString(fd));
    }

    /** Returns a link to a process's program, which can be read where that was removed. */
    public Path program(long pid) {
        return root.resolve(Long.toString(pid)).resolve("exe");
    }

    /** Returns a path of one of this process's own descriptors, as open(2) takes it. */
    public static String own(int fd) {
        return own().resolve(Integer.toString(fd)).toString();
    }

    /** Returns the directory that shows them all. */
    public static Path own() {
        // /dev/fd may be missing in a chroot, and is all that there is elsewhere
        Path linux = ROOT.resolve("self/fd");
        return Files.isDirectory(linux) ? linux : Path.of("/dev/fd");
    }

    /** Returns the directory that shows the calling thread. */
    public static String ownThread() throws IOException {
        return ROOT.resolve(Files.readSymbolicLink(ROOT.resolve("thread-self"))).toString();
    }

    /** Returns the files that any process has open that we may look at. */
    public Set<Path> openFiles() throws IOException {
        Set<Path> open = new HashSet<>();
        for (long pid : pids()) {
            try (DirectoryStream<Path> descriptors =
                    Files.newDirectoryStream(root.resolve(Long.toString(pid)).resolve("fd"))) {
                for (Path descriptor : descriptors) {
                    open.add(Files.readSymbolicLink(descriptor));
                }
            } catch (IOException | DirectoryIteratorException e) {
                // another user's, or it has just ended
            }
        }
        return open;
    }

    /** Returns this boot's id; empty where there is none, and start times are enough to tell one run from another. */
    public String bootId() throws IOException {
        if (!shown) {
            return "";
        }
        return decoder.apply(Files.readAllBytes(root.resolve("sys/kernel/random/boot_id")))
                .trim();
    }

    private @Nullable String status(long pid, String field) {
        byte[] bytes = bytes(pid, "status");
        if (bytes == null) {
            return null;
        }
        String text = decoder.apply(bytes);
        int at = text.indexOf("\n" + field);
        if (at < 0) {
            return null;
        }
        int start = at + 1 + field.length();
        while (text.charAt(start) <= ' ') {
            start++;
        }
        int newline = text.indexOf('\n', start);
        return text.substring(start, newline < 0 ? text.length() : newline);
    }

    private static int end(String text) {
        int end = 0;
        while (end < text.length() && text.charAt(end) > ' ') {
            end++;
        }
        return end;
    }

    private @Nullable List<String> strings(long pid, String file) {
        byte[] bytes = bytes(pid, file);
        if (bytes == null) {
            return null;
        }
        List<String> strings = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == 0) {
                strings.add(decoder.apply(Arrays.copyOfRange(bytes, start, i)));
                start = i + 1;
            }
        }
        if (start < bytes.length) {
            strings.add(decoder.apply(Arrays.copyOfRange(bytes, start, bytes.length)));
        }
        return strings;
    }

    private byte @Nullable [] bytes(long pid, String file) {
        try {
            return Files.readAllBytes(root.resolve(Long.toString(pid)).resolve(file));
        } catch (IOException e) {
            return null;
        }
    }

    private @Nullable String link(long pid, String file) {
        try {
            return Files.readSymbolicLink(root.resolve(Long.toString(pid)).resolve(file))
                    .toString();
        } catch (IOException e) {
            return null;
        }
    }
}
