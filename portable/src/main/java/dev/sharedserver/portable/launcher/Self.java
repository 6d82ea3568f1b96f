package dev.sharedserver.portable.launcher;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.OwnCommand;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import dev.sharedserver.portable.posix.LibC;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a launcher knows of itself: as much as can be had without a native call, since the first one takes longer than all the
 * rest.
 *
 * @param terminals which of the descriptors 0 to 2 are terminals, as digits
 * @param argv as it was called, without the command itself
 * @param environment the caller's, not the one that was made for our JVM
 */
record Self(
        Proc proc,
        Path home,
        String terminals,
        List<String> argv,
        Map<String, String> environment,
        String cwd,
        long pid,
        long stamp,
        int umask,
        int nice,
        List<Long> limits) {

    private static final int LIMITS = 16;
    /** Among the terminals: the caller's working directory is no more. */
    private static final char GONE = 'g';

    private static final String DELETED = " (deleted)";

    /** Looks. {@code arguments}: the terminals, then what the user said. */
    static Self look(Path home, String[] arguments) {
        Proc proc = new Proc(OsText::decode);
        long pid = ProcessHandle.current().pid();
        ProcStat stat = proc.stat(pid);
        int umask = proc.umask(pid);
        List<Long> limits = proc.limits(pid);
        return new Self(
                proc,
                home,
                arguments[0],
                argv(proc.cmdline(pid), arguments),
                environment(proc.environment(pid)),
                arguments[0].indexOf(GONE) >= 0 ? "" : cwd(proc.cwd(pid)),
                pid,
                stat == null ? 0 : stat.startTime(),
                umask >= 0 ? umask : askUmask(),
                stat == null ? LibC.nice() : stat.nice(),
                limits.isEmpty() ? askLimits() : limits);
    }

    /** The bytes that the kernel has, where it shows them: Java makes text of them by the locale. */
    private static List<String> argv(@Nullable List<String> raw, String[] arguments) {
        int count = arguments.length - 1;
        return raw == null || raw.size() < count
                ? List.of(arguments).subList(1, arguments.length)
                : List.copyOf(raw.subList(raw.size() - count, raw.size()));
    }

    private static Map<String, String> environment(@Nullable List<String> raw) {
        Map<String, String> environment = new LinkedHashMap<>();
        if (raw == null) {
            environment.putAll(System.getenv());
        } else {
            for (String entry : raw) {
                int equals = entry.indexOf('=');
                if (equals > 0) {
                    environment.putIfAbsent(entry.substring(0, equals), entry.substring(equals + 1));
                }
            }
        }
        OwnCommand.restore(environment);
        return environment;
    }

    private static String cwd(@Nullable String link) {
        String cwd = link == null ? System.getProperty("user.dir", "") : link;
        return cwd.endsWith(DELETED) && !Files.isDirectory(Path.of(cwd)) ? "" : cwd;
    }

    private static int askUmask() {
        int mask = LibC.umask(077);
        LibC.umask(mask);
        return mask;
    }

    private static List<Long> askLimits() {
        List<Long> limits = new ArrayList<>();
        for (int i = 0; i < LIMITS; i++) {
            for (long limit : LibC.limit(i)) {
                limits.add(limit);
            }
        }
        return limits;
    }

    @Nullable
    String variable(String name) {
        return environment.get(name);
    }

    boolean isTerminal(int fd) {
        return terminals.indexOf('0' + fd) >= 0;
    }

    boolean debugs() {
        String debug = environment.getOrDefault("SHAREDSERVER_DEBUG", "");
        return !debug.isEmpty() && !debug.equals("0");
    }

    /** Returns the environment, {@code K=V} each. */
    List<String> variables() {
        List<String> variables = new ArrayList<>();
        environment.forEach((name, value) -> variables.add(name + "=" + value));
        return variables;
    }
}
