package dev.sharedserver.portable.launcher;

import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import dev.sharedserver.portable.posix.PathSearch;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Makes a command of this process: execve(2) takes the whole JVM away. */
final class Become {

    private static final String DEFAULT_PATH = "/bin:/usr/bin";
    private static final int STEP_CHDIR = 6;
    private static final int STEP_EXEC = 10;

    private final Self self;
    private final Signals signals;
    private final Set<Integer> callers;

    /** {@code callers}: the descriptors that the command may have, the others are ours. */
    Become(Self self, Signals signals, Set<Integer> callers) {
        this.self = self;
        this.signals = signals;
        this.callers = callers;
    }

    /** Why it did not succeed. */
    record Failed(int step, int errno) {}

    Failed command(List<String> argv, List<String> more, String directory) throws IOException {
        Map<String, String> variables = new LinkedHashMap<>(self.environment());
        for (String entry : more) {
            int equals = entry.indexOf('=');
            if (equals >= 0) {
                variables.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        if (!directory.isEmpty()) {
            int there = LibC.chdir(directory);
            if (there != 0) {
                return new Failed(STEP_CHDIR, -there);
            }
        }
        for (int fd : Descriptors.from(3)) {
            if (!callers.contains(fd) || isOfOurJvm(fd)) {
                LibC.closeOnExec(fd, true);
            }
        }
        signals.heedNoMore();
        List<String> environment = variables.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        long result = PathSearch.first(
                variables.getOrDefault("PATH", DEFAULT_PATH),
                argv,
                (path, words) -> -LibC.execve(path, words, environment));
        return new Failed(STEP_EXEC, (int) -result);
    }

    /** What a JVM reads its classes from was open before anybody could ask what the caller had open. */
    private static boolean isOfOurJvm(int fd) {
        Object key = FileLock.key(Descriptors.path(fd));
        Path modules = Path.of(System.getProperty("java.home", ""), "lib", "modules");
        Stream<Path> jars = Stream.of(System.getProperty("java.class.path", "").split(File.pathSeparator))
                .map(Path::of);
        return key != null
                && Stream.concat(Stream.of(modules), jars).map(FileLock::key).anyMatch(key::equals);
    }
}
