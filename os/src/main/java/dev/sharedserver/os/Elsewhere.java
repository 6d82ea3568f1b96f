package dev.sharedserver.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of processes where there is no {@code /proc}: by {@link ProcessHandle} and ps(1) as POSIX has it, and its column
 * {@code state}, which POSIX has not and everybody else has. A start time is in ms here; sessions are not shown by POSIX, so that
 * a process counts as of the session of its group's leader.
 */
final class Elsewhere {

    private Elsewhere() {}

    static List<Long> pids() {
        return ProcessHandle.allProcesses().map(ProcessHandle::pid).toList();
    }

    static @Nullable ProcStat stat(long pid) {
        String line = ps(pid, "ppid", "pgid", "nice", "tty", "state", "comm");
        if (line == null) {
            return null;
        }
        String[] fields = line.strip().split("\\s+", 6);
        if (fields.length < 6) {
            return null;
        }
        try {
            long group = Long.parseLong(fields[1]);
            boolean terminal = !fields[3].startsWith("?") && !fields[3].equals("-");
            String comm = fields[5].substring(fields[5].lastIndexOf('/') + 1);
            return new ProcStat(
                    pid,
                    comm,
                    fields[4].charAt(0),
                    Long.parseLong(fields[0]),
                    group,
                    group,
                    terminal ? 1 : 0,
                    0,
                    fields[2].equals("-") ? 0 : Integer.parseInt(fields[2]),
                    1,
                    startTime(pid),
                    0);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static long startTime(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().startInstant())
                .map(Instant::toEpochMilli)
                .orElse(0L);
    }

    static int uid(long pid) {
        String uid = ps(pid, "uid");
        try {
            return uid == null ? -1 : Integer.parseInt(uid.strip());
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    static @Nullable List<String> cmdline(long pid) {
        ProcessHandle.Info info = ProcessHandle.of(pid).map(ProcessHandle::info).orElse(null);
        if (info == null) {
            return null;
        }
        List<String> argv = new ArrayList<>();
        info.command().ifPresent(argv::add);
        info.arguments().ifPresent(arguments -> argv.addAll(List.of(arguments)));
        return argv;
    }

    static @Nullable String exe(long pid) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().command())
                .orElse(null);
    }

    private static @Nullable String ps(long pid, String... columns) {
        List<String> command = new ArrayList<>(List.of("ps", "-p", Long.toString(pid)));
        for (String column : columns) {
            // without a heading, which ends with the argument by POSIX: each in one of its own
            command.addAll(List.of("-o", column + "="));
        }
        try {
            Process ps = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String out = new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return ps.waitFor() == 0 && !out.isBlank() ? out : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
