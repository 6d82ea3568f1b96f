package dev.sharedserver.portable.guard;

import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code lib/make-program-cache.sh} records: guard and agent in a state directory of their own, and the commands of a user's
 * day. The script removes the directory. The commands come from the product's own launcher, whose cache need not be there.
 */
final class Rehearsal {

    private static final String[][] DAY = {
        {"use", "trained", "--pid", "PID", "--", "sleep", "300"},
        {"use", "trained", "--pid", "PID", "--json"},
        {"list"},
        {"list", "--json"},
        {"info", "trained"},
        {"check", "trained"},
        {"unuse", "trained", "--pid", "PID"},
        {"use", "trained", "--pid", "PID"},
        {"stop", "trained", "--pid", "PID"},
        {"--help"}
    };

    private Rehearsal() {}

    static void run() throws IOException, InterruptedException {
        Path home = Path.of(System.getProperty("sharedserver.home", ""));
        Path directory = Files.createTempDirectory("rehearsal");
        FileLock lock = FileLock.take(directory.resolve(".agent.lock"));
        if (lock == null) {
            throw new IOException("somebody has the lock of a directory that was just made");
        }
        Thread.ofPlatform().daemon().start(() -> day(home, directory));
        Main.run(new Place(directory, lock, null), "", home);
    }

    private static void day(Path home, Path directory) {
        int code = 0;
        try {
            for (String[] command : DAY) {
                code |= call(home, directory, command);
            }
        } catch (IOException | InterruptedException e) {
            code = 1;
        }
        // not halt: the record is written at the end
        System.exit(code);
    }

    private static int call(Path home, Path directory, String[] command) throws IOException, InterruptedException {
        List<String> argv = new java.util.ArrayList<>(
                List.of(home.resolve("bin/sharedserver").toString()));
        for (String word : command) {
            argv.add(word.equals("PID") ? Long.toString(ProcessHandle.current().pid()) : word);
        }
        ProcessBuilder builder = new ProcessBuilder(argv).inheritIO();
        builder.environment().put("SHAREDSERVER_LOCKDIR", directory.toString());
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        LibC.umask(077);
        return builder.start().waitFor();
    }
}
