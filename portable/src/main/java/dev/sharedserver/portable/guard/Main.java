package dev.sharedserver.portable.guard;

import dev.sharedserver.agent.Habitat;
import dev.sharedserver.core.OsText;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.guard.GuardLink;
import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.StateHome.Reason;
import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Guard and agent in one process. The launcher starts it with two descriptors: 3, the lock, and 4, a pipe in which is said why it
 * cannot listen, and which is closed when it does.
 */
public final class Main {

    private static final int LOCK = 3;
    private static final int REPORT = 4;
    private static final int RLIMITS = 16;

    private Main() {}

    /** Runs both; arguments: state directory, directory of the logs ("" = beside the state), the product's directory. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        if (arguments.length == 1 && arguments[0].equals("rehearse")) {
            Rehearsal.run();
            return;
        }
        Path directory = Path.of(arguments[0]);
        String logs = arguments[1];
        Path home = Path.of(arguments[2]);
        LibC.chdir("/");
        LibC.closeOnExec(LOCK, true);
        LibC.closeOnExec(REPORT, true);
        FileLock lock = new FileLock(directory.resolve(".agent.lock"), LOCK, false);
        if (!lock.holds()) {
            throw new IOException("only a launcher can start this: descriptor 3 is not the lock of " + directory);
        }
        FileLock name = nameLock(directory);
        Place place;
        try {
            place = new Place(directory, lock, name);
        } catch (IOException e) {
            giveUp(!Files.exists(directory), "cannot listen at " + directory + "/.agent.sock: " + Reason.of(e));
            return;
        }
        LibC.close(REPORT);
        run(place, logs, home);
    }

    private static @Nullable FileLock nameLock(Path directory) throws IOException {
        Path file = FileLock.nameOf(directory, LibC.euid());
        try {
            FileLock name = FileLock.take(file);
            if (name == null) {
                giveUp(true, "another guard has the name of " + directory);
            }
            return name;
        } catch (IOException e) {
            return null; // another user has taken it out of spite, which only costs us that
        }
    }

    /** Says why there will be no guard, and whether that passes by itself. */
    private static void giveUp(boolean passes, String text) throws IOException {
        try (FileOutputStream out =
                new FileOutputStream(Descriptors.path(REPORT).toFile())) {
            out.write(passes ? 1 : 0);
            out.write(OsText.encode(text));
        }
        System.err.println("guard: " + text);
        Runtime.getRuntime().halt(1);
    }

    /** Runs both until there is nothing left to do. */
    static void run(Place place, String logs, Path home) throws IOException, InterruptedException {
        Proc proc = new Proc(OsText::decode);
        Pipe toAgent = Pipe.open();
        Pipe toGuard = Pipe.open();
        Frames frames = new Frames(Channels.newInputStream(toGuard.source()), Channels.newOutputStream(toAgent.sink()));
        long self = ProcessHandle.current().pid();
        Starter starter = new Starter(limits(proc.limits(self)), LibC.nice());
        Guard guard = new Guard(proc, place, frames, starter, new LogKeeper(), proc.bootId());
        String version = Files.readString(home.resolve("lib/version")).strip();
        guard.introduce(version, logs, home.toString());
        Thread.ofPlatform().name("orders").daemon().start(() -> obey(guard));
        Thread.ofPlatform().name("watch").daemon().start(guard::run);
        GuardLink link = new GuardLink(
                Channels.newInputStream(toAgent.source()),
                Channels.newOutputStream(toGuard.sink()),
                OsText::decode,
                OsText::encode);
        dev.sharedserver.agent.Main.run(new InProcess(link, guard));
    }

    private static List<Long> limits(List<Long> shown) {
        if (!shown.isEmpty()) {
            return shown;
        }
        List<Long> limits = new ArrayList<>();
        for (int resource = 0; resource < RLIMITS; resource++) {
            for (long limit : LibC.limit(resource)) {
                limits.add(limit);
            }
        }
        return limits;
    }

    private static void obey(Guard guard) {
        try {
            guard.obeyAll();
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
            Runtime.getRuntime().halt(1);
        }
    }

    /** Where an agent is that shares its process with its guard. */
    private record InProcess(GuardLink guard, Guard neighbour) implements Habitat {

        @Override
        public ServerSocketChannel listener() {
            return Objects.requireNonNull(neighbour.listener(), "the guard listens before the agent starts");
        }

        @Override
        public String memory() {
            return "/dev/null"; // nobody is left to keep it
        }

        @Override
        public boolean wakes() {
            return false;
        }

        @Override
        public ServerSocketChannel listenerMadeAgain() {
            return listener();
        }
    }
}
