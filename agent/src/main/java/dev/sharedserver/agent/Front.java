package dev.sharedserver.agent;

import dev.sharedserver.agent.supervise.AgentLog;
import dev.sharedserver.agent.verbs.Verbs;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.OtherProtocol;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.core.wire.Sender;
import dev.sharedserver.core.wire.WireException;
import dev.sharedserver.os.guard.GuardEvent;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The agent's ear: accepts launchers, each of which is served by a virtual thread of its own, and decides when there has
 * been nothing to do for so long that the agent may go. One thread runs {@link #run}.
 *
 * <p>Who connects is this user, or root: the kernel lets nobody else write to a socket of mode 0600 in a directory of mode 0700.
 * SO_PEERCRED would say no more, and Java looks up names for it, at best in /etc/passwd and /etc/group, at worst in a directory
 * service that does not answer.
 */
final class Front {

    /** How long a connection may stay without asking, in ms. */
    private static final long ASK_WITHIN = 10_000;

    /** After how long an answer is a slow one, in ms: nearly all come sooner. */
    private static final long AT_ONCE = 150;

    /** After how long an agent that was not let go asks again, in ms. */
    private static final long TRY_AGAIN = 250;

    private final Queue<ServerSocketChannel> newEars = new ConcurrentLinkedQueue<>();
    private final Selector selector;
    private final Verbs verbs;
    private final Rest rest;
    private final Succession succession;
    private final AgentLog log;
    private final Gate gate = new Gate();
    private final AtomicInteger open = new AtomicInteger();
    private final Deque<Guest> silent = new ArrayDeque<>();
    private final Deque<Guest> young = new ArrayDeque<>();
    private final AtomicReference<@Nullable Offer> offer = new AtomicReference<>();
    private volatile long lastActive = System.nanoTime();

    /** The exit code of what no agent of this version can answer: no state that {@code check} knows. */
    private static final int NOT_UNDERSTOOD = 70;

    /** How long what is under way may hold up a hand-over to another build, in ms. */
    private static final long HAND_OVER_WITHIN = 3_000;

    /** Of how many ms the pauses are in which the guard's last events are handled. */
    private static final long MOMENT = 5;

    /** Who knows whether the agent is needed. */
    interface Rest {
        /** Returns after how many ms without a connection the agent may try to go; it asks again each time. */
        long patienceMillis();

        /** Tries to go; does not come back if it may. Nobody accepts meanwhile. */
        void tryToGo() throws IOException, InterruptedException;

        /** Tries to leave to another build; does not come back if that takes over. Nobody is served meanwhile. */
        GuardEvent.Leave tryToHandOver(String binary) throws IOException, InterruptedException;
    }

    /** A wish that another build takes over; {@code declined} counts down when it does not. */
    private record Offer(Path binary, CountDownLatch declined) {}

    /** A connection; {@code asked} once its request was read or it has ended. */
    private static final class Guest {
        private final LauncherConnection launcher;
        private final long since = System.nanoTime();
        private volatile boolean asked;
        private volatile boolean gone;

        Guest(LauncherConnection launcher) {
            this.launcher = launcher;
        }

        /** Returns how long it is until it has been there for so long, in ns. */
        long until(long millis) {
            return since + millis * 1_000_000L - System.nanoTime();
        }
    }

    Front(ServerSocketChannel first, Verbs verbs, Rest rest, Succession succession, AgentLog log) throws IOException {
        this.verbs = verbs;
        this.rest = rest;
        this.succession = succession;
        this.log = log;
        this.selector = Selector.open();
        add(first);
    }

    private void add(ServerSocketChannel listener) throws IOException {
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Listens there, too: who has connected to the socket of a removed directory is served still. Thread-safe. */
    void listen(ServerSocketChannel listener) {
        newEars.add(listener);
        selector.wakeup();
    }

    /** Says that something has just happened, after which the agent may be needed no more. */
    void nudge() {
        lastActive = System.nanoTime();
        selector.wakeup();
    }

    void run() throws IOException, InterruptedException {
        while (true) {
            selector.select(Math.max(1, Math.min(Math.min(dismissSilent(), tellSlow()), untilRest())));
            for (SelectionKey key : selector.selectedKeys()) {
                acceptAll((ServerSocketChannel) key.channel());
            }
            selector.selectedKeys().clear();
            for (ServerSocketChannel ear = newEars.poll(); ear != null; ear = newEars.poll()) {
                add(ear);
            }
            Offer wanted = offer.get();
            if (wanted != null) {
                handOver(wanted.binary());
                offer.set(null);
                wanted.declined().countDown();
            }
            if (untilRest() <= 0) {
                rest.tryToGo();
                // something was under way: soon again
                lastActive = System.nanoTime() - (rest.patienceMillis() - TRY_AGAIN) * 1_000_000L;
            }
        }
    }

    private void acceptAll(ServerSocketChannel listener) throws IOException {
        for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
            welcome(channel);
        }
    }

    private long untilRest() {
        if (open.get() > 0) {
            return Long.MAX_VALUE / 2;
        }
        return rest.patienceMillis() - (System.nanoTime() - lastActive) / 1_000_000L;
    }

    private void welcome(SocketChannel channel) {
        Guest guest = new Guest(new LauncherConnection(channel));
        open.incrementAndGet();
        silent.add(guest);
        young.add(guest);
        Thread.ofVirtual().start(() -> serve(guest));
    }

    /** Tells those whose answer takes long; returns in how many ms the next one is due. */
    private long tellSlow() {
        for (Guest guest = young.peek(); guest != null; guest = young.peek()) {
            long left = guest.until(AT_ONCE);
            if (!guest.gone && left > 0) {
                return left / 1_000_000L + 1;
            }
            young.remove();
            if (!guest.gone) {
                guest.launcher.slow();
            }
        }
        return Long.MAX_VALUE / 2;
    }

    /** Closes those that said nothing for too long; returns in how many ms the next one is due. */
    private long dismissSilent() throws IOException {
        for (Guest guest = silent.peek(); guest != null; guest = silent.peek()) {
            long left = guest.until(ASK_WITHIN);
            if (!guest.asked && left > 0) {
                return left / 1_000_000L + 1;
            }
            silent.remove();
            if (!guest.asked) {
                guest.launcher.close();
            }
        }
        return Long.MAX_VALUE / 2;
    }

    private void serve(Guest guest) {
        try (LauncherConnection launcher = guest.launcher) {
            serve(launcher, guest);
        } catch (IOException e) {
            // the launcher is gone; what it asked for is done or will be, and nobody is left to tell
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.say("a request failed: " + e);
            e.printStackTrace();
        } finally {
            guest.asked = true;
            guest.gone = true;
            lastActive = System.nanoTime();
            if (open.decrementAndGet() == 0) {
                selector.wakeup();
            }
        }
    }

    private void serve(LauncherConnection launcher, Guest guest) throws IOException, InterruptedException {
        try {
            Request request = launcher.request();
            guest.asked = true;
            if (request == null) {
                return;
            }
            if (!succession.sameBuild(request.version())) {
                offer(request.sender());
            }
            try (Gate.Pass pass = gate.enter()) {
                launcher.whenEndless(pass::close);
                verbs.serve(request, launcher);
            }
        } catch (OtherProtocol e) {
            offer(e.sender());
            launcher.stderr("sharedserver: version " + Quote.escape(e.sender().version())
                    + " and the agent that runs, version " + succession.version()
                    + ", do not understand each other: use "
                    + succession.binary() + ", or end its servers\n");
            launcher.exit(NOT_UNDERSTOOD);
        } catch (WireException e) {
            log.say("a launcher sent what is no request: " + e.getMessage());
            launcher.stderr("sharedserver: the agent does not understand this request: " + e.getMessage() + "\n");
            launcher.exit(1);
        }
    }

    /** Leaves to the launcher's build if that is to take over; comes back if it is not, or cannot now. */
    private void offer(Sender sender) throws InterruptedException {
        Path heir = succession.heir(sender);
        if (heir == null) {
            return;
        }
        Offer mine = new Offer(heir, new CountDownLatch(1));
        Offer first = offer.compareAndExchange(null, mine);
        selector.wakeup();
        (first == null ? mine : first).declined().await();
    }

    /**
     * Hands over between two requests. The process ends with it, and so do the connections: the launchers ask again, and
     * the other build finds them at the same listener.
     */
    private void handOver(Path binary) throws IOException, InterruptedException {
        long until = System.nanoTime() + HAND_OVER_WITHIN * 1_000_000L;
        try {
            if (!gate.close(HAND_OVER_WITHIN)) {
                log.say("too much is under way to hand over to " + binary);
                return;
            }
            log.say("version " + succession.version() + " leaves to " + binary);
            while (System.nanoTime() < until) {
                if (rest.tryToHandOver(binary.toString()) == GuardEvent.Leave.UNFIT) {
                    succession.refuse(binary);
                    return;
                }
                Thread.sleep(MOMENT);
            }
            log.say("too much happens to hand over to " + binary);
        } finally {
            gate.open();
        }
    }
}
