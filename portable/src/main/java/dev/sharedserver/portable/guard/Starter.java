package dev.sharedserver.portable.guard;

import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import dev.sharedserver.portable.posix.PathSearch;
import dev.sharedserver.portable.posix.Spawn;
import dev.sharedserver.portable.posix.WorkingDirectory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/**
 * Starts servers. posix_spawn(3) gives them session, descriptors and signals; umask and working directory are this process's
 * for the moment that it takes, one start at a time. Resource limits other than our own, and a umask that we could not bear
 * for a moment, are set by a shell that then becomes the server.
 */
final class Starter {

    private static final int ABOVE = 16;
    private static final int OUR_UMASK = 077;
    private static final int FORBIDS_OURSELVES = 0700;

    private static final int STEP_FORK = 1;
    private static final int STEP_CHDIR = 6;
    private static final int STEP_STDIN = 7;
    private static final int STEP_OUTPUT = 8;
    private static final int STEP_EXEC = 10;
    private static final int ENOMEM = 12;

    /** ulimit(1) by RLIMIT number, as dash and bash know it; how many bytes its unit has. */
    private static final String[] OPTION = {
        "-t", "-f", "-d", "-s", "-c", "-m", "-u", "-n", "-l", "-v", "-x", "-i", "-q", "-e", "-r"
    };

    private static final int[] UNIT = {1, 512, 1024, 1024, 512, 1024, 1, 1, 1024, 1024, 1, 1, 1, 1, 1};

    private final List<Long> ourLimits;
    private final int ourNice;

    Starter(List<Long> ourLimits, int ourNice) {
        this.ourLimits = List.copyOf(ourLimits);
        this.ourNice = ourNice;
    }

    /** What has become of an order. */
    sealed interface Started {
        record Running(long pid) implements Started {}

        record Failed(int step, int errno) implements Started {}
    }

    Started start(SpawnOrder order) {
        List<Integer> opened = new ArrayList<>();
        return WorkingDirectory.in(order.cwd(), "/", errno -> {
            try {
                return errno != 0 ? new Started.Failed(STEP_CHDIR, errno) : startThere(order, opened);
            } finally {
                opened.forEach(LibC::close);
            }
        });
    }

    private Started startThere(SpawnOrder order, List<Integer> opened) {
        int in = keep(input(order.in().isEmpty() ? "/dev/null" : order.in()), opened);
        if (in < 0) {
            return new Started.Failed(STEP_STDIN, -in);
        }
        int out = keep(answers(order.out(), in), opened);
        if (out < 0) {
            return new Started.Failed(STEP_OUTPUT, -out);
        }
        int err = order.err().isEmpty() ? out : keep(output(order.err()), opened);
        if (err < 0) {
            return new Started.Failed(STEP_OUTPUT, -err);
        }
        Spawn spawn = new Spawn(List.of(in, out, err));
        String gate = gate(order);
        Callable<Long> start = () -> gate.isEmpty() ? direct(spawn, order) : throughShell(spawn, order, gate);
        long pid = order.nice() == ourNice ? called(start) : niced(order.nice(), start);
        if (pid == -LibC.EAGAIN || pid == -ENOMEM) {
            return new Started.Failed(STEP_FORK, (int) -pid);
        }
        if (pid < 0) {
            return new Started.Failed(STEP_EXEC, (int) -pid);
        }
        if (order.nice() != ourNice && !LibC.THREADS_HAVE_NICE) {
            LibC.nice(pid, order.nice()); // as far as the kernel allows; it may have begun already
        }
        return new Started.Running(pid);
    }

    /** Starts it from a thread that has that nice value, as far as the kernel allows, and is not needed afterwards. */
    private static long niced(int nice, Callable<Long> start) {
        if (!LibC.THREADS_HAVE_NICE) {
            return called(start);
        }
        FutureTask<Long> task = new FutureTask<>(() -> {
            LibC.nice(0, nice);
            return start.call();
        });
        Thread.ofPlatform().name("nice " + nice).start(task);
        return called(task::get);
    }

    private static long called(Callable<Long> start) {
        try {
            return start.call();
        } catch (Exception e) {
            throw new IllegalStateException("a start failed by itself", e);
        }
    }

    private static long direct(Spawn spawn, SpawnOrder order) {
        LibC.umask(order.umask());
        try {
            return PathSearch.first(
                    order.path(), order.argv(), (path, argv) -> spawn.start(path, argv, order.environment()));
        } finally {
            LibC.umask(OUR_UMASK);
        }
    }

    /** The command's name becomes its path: a shell cannot give another one than it executes. */
    private static long throughShell(Spawn spawn, SpawnOrder order, String gate) {
        return PathSearch.first(order.path(), order.argv(), (path, argv) -> {
            Path file = Path.of(order.cwd()).resolve(path);
            if (!Files.exists(file)) {
                return -LibC.ENOENT;
            }
            if (!Files.isRegularFile(file) || !Files.isExecutable(file)) {
                return -LibC.EACCES;
            }
            List<String> words = new ArrayList<>(List.of("sh", "-c", gate + "exec \"$@\"", "sh", path));
            words.addAll(argv.subList(1, argv.size()));
            return spawn.start("/bin/sh", words, order.environment());
        });
    }

    /** Returns what a shell has to do before the server begins; nothing as a rule. */
    private String gate(SpawnOrder order) {
        StringBuilder script = new StringBuilder();
        for (int i = 0; i < OPTION.length && 2 * i + 1 < Math.min(order.limits().size(), ourLimits.size()); i++) {
            long soft = order.limits().get(2 * i);
            long hard = order.limits().get(2 * i + 1);
            if (soft != ourLimits.get(2 * i)) {
                script.append(limit("-S", i, soft));
            }
            if (hard != ourLimits.get(2 * i + 1)) {
                script.append(limit("-H", i, hard));
            }
        }
        if (!script.isEmpty() || (order.umask() & FORBIDS_OURSELVES) != 0) {
            script.append("umask 0")
                    .append(Integer.toOctalString(order.umask()))
                    .append("; ");
        }
        return script.toString();
    }

    /** As far as the shell knows it and the kernel allows. */
    private static String limit(String kind, int resource, long value) {
        String amount = value < 0 ? "unlimited" : Long.toString(value / UNIT[resource]);
        String first = "ulimit " + kind + " " + OPTION[resource] + " " + amount + " 2>/dev/null";
        // dash has the number of processes at another letter than bash
        return (OPTION[resource].equals("-u") ? first + " || ulimit " + kind + " -p " + amount + " 2>/dev/null" : first)
                + "; ";
    }

    /** Moves a descriptor out of the way of those that the server finds. */
    private static int keep(int fd, List<Integer> opened) {
        if (fd < 0) {
            return fd;
        }
        int above = LibC.duplicate(fd, ABOVE);
        LibC.close(fd);
        if (above >= 0) {
            opened.add(above);
        }
        return above;
    }

    private static int blocking(int fd) {
        if (fd >= 0) {
            LibC.blocking(fd);
        }
        return fd;
    }

    /** Opened without waiting for the other end of a fifo: nobody could cancel that. */
    private static int output(String path) {
        return blocking(LibC.open(
                path,
                LibC.O_WRONLY | LibC.O_APPEND | LibC.O_CREAT | LibC.O_NOCTTY | LibC.O_NONBLOCK | LibC.O_CLOEXEC,
                0600));
    }

    private static int both(String path) {
        return LibC.open(path, LibC.O_RDWR | LibC.O_NOCTTY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
    }

    private static int input(String path) {
        int fd = LibC.open(path, LibC.O_RDONLY | LibC.O_NOCTTY | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        // with a writer of its own (itself) the server sees no end of file between two writers
        int both = fd >= 0 && Descriptors.isFifo(fd) ? both(path) : -1;
        if (both < 0) {
            return blocking(fd);
        }
        LibC.close(fd);
        return blocking(both);
    }

    /** A server that is talked to by two fifos is its own reader, too, and waits for the next one. */
    private static int answers(String path, int in) {
        int both = Descriptors.isFifo(in) ? both(path) : -1;
        if (both >= 0 && Descriptors.isFifo(both)) {
            return blocking(both);
        }
        if (both >= 0) {
            LibC.close(both);
        }
        return output(path);
    }
}
