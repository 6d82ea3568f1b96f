package dev.sharedserver.portable.launcher;

import dev.sharedserver.portable.posix.Descriptors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * The launcher: what {@code bin/sharedserver} of the portable product executes. Its first argument names the terminals among the
 * descriptors 0 to 2, the system property {@code sharedserver.home} the product's directory.
 */
public final class Main {

    private static final int INTERNAL = 70;

    private Main() {}

    /** Carries out one command. */
    public static void main(String[] arguments) throws IOException {
        Set<Integer> callers = new HashSet<>(Descriptors.from(3));
        Path home = Path.of(System.getProperty("sharedserver.home", ""));
        if (arguments.length == 1 && arguments[0].equals("rehearse")) {
            Rehearsal.run();
            return;
        }
        Self self = Self.look(home, arguments);
        int code = run(self, callers);
        Runtime.getRuntime().halt(code);
    }

    private static int run(Self self, Set<Integer> callers) throws IOException {
        Say say = new Say(self.debugs());
        Signals signals = new Signals();
        signals.install();
        try {
            Become become = new Become(self, signals, callers);
            return new Conversation(self, say, new Connector(self, say), signals, become).run();
        } catch (Trouble e) {
            say.complain(e.text());
            // `check` answers trouble with 70, so that 0 to 3 are only ever states
            boolean isCheck = !self.argv().isEmpty() && self.argv().getFirst().equals("check");
            return isCheck ? INTERNAL : e.exit();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }
}
