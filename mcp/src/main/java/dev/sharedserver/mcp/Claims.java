package dev.sharedserver.mcp;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Takes back what abandoned uses did, and nothing else. A {@code use} that nobody waits for any more may have attached this
 * session to a server already, or may still do so: its reference goes when the session did not hold the server before, and
 * no other use of it is waited for or has succeeded meanwhile. Thread-safe; the monitor is held while a reference is
 * dropped, so that no use begins in the middle of that.
 */
final class Claims {

    /** What this session does with servers. */
    interface References {

        /** Tells whether this session holds a server. */
        boolean holds(String server) throws IOException, InterruptedException;

        /** Drops its reference, if it has one. */
        void drop(String server) throws IOException, InterruptedException;
    }

    /** The uses of one name that go on. */
    private static final class Claim {
        private final String server;
        private boolean held;
        private boolean abandoned;
        private int wanted;
        private int running;

        private Claim(String server, boolean held) {
            this.server = server;
            this.held = held;
        }
    }

    /** One use that goes on. */
    static final class Use {
        private final Claim claim;
        private boolean wanted = true;

        private Use(Claim claim) {
            this.claim = claim;
            claim.wanted++;
            claim.running++;
        }
    }

    private final References references;
    private final Map<String, Claim> claims = new HashMap<>();

    Claims(References references) {
        this.references = references;
    }

    /** Begins a use; its command is started after that. */
    synchronized Use begin(String server) throws IOException, InterruptedException {
        Claim claim = claims.get(server);
        if (claim == null) {
            claim = new Claim(server, references.holds(server));
            claims.put(server, claim);
        }
        return new Use(claim);
    }

    /** Nobody waits for a use any more, whose command goes on. */
    synchronized void abandoned(Use use) throws IOException, InterruptedException {
        if (use.wanted) {
            leave(use);
            dropIfDue(use.claim);
        }
    }

    /** The command of a use has ended, and attached the session or not. */
    synchronized void ended(Use use, boolean abandoned, boolean attached) throws IOException, InterruptedException {
        Claim claim = use.claim;
        claim.running--;
        if (claim.running == 0) {
            claims.remove(claim.server);
        }
        if (!abandoned) {
            claim.held |= attached;
            claim.wanted--;
        } else if (use.wanted) {
            leave(use);
        }
        dropIfDue(claim);
    }

    private static void leave(Use use) {
        use.wanted = false;
        use.claim.wanted--;
        use.claim.abandoned = true;
    }

    private void dropIfDue(Claim claim) throws IOException, InterruptedException {
        if (claim.abandoned && claim.wanted == 0 && !claim.held) {
            references.drop(claim.server);
        }
    }
}
