package dev.sharedserver.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code /proc} says of a process, read as bytes and shown as ISO-8859-1 so that nothing is lost; null = it is gone. */
final class ProcessFacts {
    private ProcessFacts() {}

    /** The start stamp (field 22) and what the tests need beside it. */
    record Stat(long pid, char state, long parent, long group, long session, long stamp) {
        boolean dead() {
            return state == 'Z' || state == 'X';
        }
    }

    static @Nullable Stat stat(long pid) {
        String text = read(pid, "stat");
        return text == null ? null : parse(pid, text);
    }

    /** Returns the state of each thread, a letter each. */
    static String threadStates(long pid) {
        StringBuilder states = new StringBuilder();
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                String text = read(pid, "task/" + thread.getFileName() + "/stat");
                if (text != null) {
                    states.append(parse(pid, text).state());
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException gone) {
            return states.toString();
        }
        return states.toString();
    }

    private static Stat parse(long pid, String text) {
        // comm may hold spaces and parentheses: the fields start behind the last one
        String[] fields = text.substring(text.lastIndexOf(')') + 2).trim().split(" ", -1);
        return new Stat(
                pid,
                fields[0].charAt(0),
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                Long.parseLong(fields[3]),
                Long.parseLong(fields[19]));
    }

    static Stat requireStat(long pid) {
        Stat found = stat(pid);
        if (found == null) {
            throw new AssertionError("pid " + pid + " is gone");
        }
        return found;
    }

    static @Nullable String read(long pid, String file) {
        try {
            return new String(Files.readAllBytes(Path.of("/proc/" + pid + "/" + file)), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return null;
        }
    }

    /** Returns the value of a line of {@code /proc/PID/status}, or null. */
    static @Nullable String status(long pid, String key) {
        String text = read(pid, "status");
        return text == null ? null : statusLine(text, key);
    }

    static @Nullable String statusLine(String status, String key) {
        return status.lines()
                .filter(line -> line.startsWith(key + ":"))
                .map(line -> line.substring(key.length() + 1).trim())
                .findFirst()
                .orElse(null);
    }

    static String comm(long pid) {
        String comm = read(pid, "comm");
        return comm == null ? "" : comm.trim();
    }

    static @Nullable String link(long pid, String file) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + pid + "/" + file)).toString();
        } catch (IOException gone) {
            return null;
        }
    }

    /** Returns descriptor number and target of every open file, as {@code "3 /dev/null"}. */
    static List<String> descriptors(long pid) {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (Path file : files) {
                String target = link(pid, "fd/" + file.getFileName());
                if (target != null) {
                    found.add(file.getFileName() + " " + target);
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException gone) {
            return found;
        }
        return found;
    }

    static List<Long> all() {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path entry : entries) {
                pids.add(Long.parseLong(entry.getFileName().toString()));
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return pids;
    }

    /** Returns the live processes that name {@code text} in environment, command line, directory or open files. */
    static List<Long> naming(String text) {
        List<Long> found = new ArrayList<>();
        long self = ProcessHandle.current().pid();
        for (long pid : all()) {
            if (pid != self && names(pid, text) && isAlive(pid)) {
                found.add(pid);
            }
        }
        return found;
    }

    static boolean isAlive(long pid) {
        Stat stat = stat(pid);
        return stat != null && !stat.dead();
    }

    private static boolean names(long pid, String text) {
        return contains(read(pid, "cmdline"), text)
                || contains(read(pid, "environ"), text)
                || contains(link(pid, "cwd"), text)
                || descriptors(pid).stream().anyMatch(target -> target.contains(text));
    }

    private static boolean contains(@Nullable String where, String text) {
        return where != null && where.contains(text);
    }

    /** Returns a line a person can recognise the process by. */
    static String describe(long pid) {
        String command = read(pid, "cmdline");
        Stat stat = stat(pid);
        return pid + " [" + (stat == null ? "gone" : "state " + stat.state() + ", parent " + stat.parent()) + "] "
                + (command == null
                        ? ""
                        : command.substring(0, Math.min(150, command.length())).replace('\0', ' '));
    }
}
