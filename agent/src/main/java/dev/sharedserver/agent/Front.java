package dev.sharedserver.agent;

import dev.sharedserver.agent.supervise.AgentLog;
import dev.sharedserver.agent.verbs.Verbs;
import dev.sharedserver.agent.wire.LauncherConnection;
import dev.sharedserver.agent.wire.Request;
import dev.sharedserver.agent.wire.WireException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import jdk.net.ExtendedSocketOptions;

/**
 * The agent's ear: accepts launchers, each of which is served by a virtual thread of its own, and decides when there has
 * been nothing to do for so long that the agent may go. One thread runs {@link #run}.
 */
final class Front {

    /** How long a connection may stay without asking, in ms. */
    private static final long ASK_WITHIN = 10_000;

    /** After how long an agent that was not let go asks again, in ms. */
    private static final long TRY_AGAIN = 250;

    private final ServerSocketChannel listener;
    private final Selector selector;
    private final UserPrincipal owner;
    private final Verbs verbs;
    private final Rest rest;
    private final AgentLog log;
    private final AtomicInteger open = new AtomicInteger();
    private final Deque<Guest> silent = new ArrayDeque<>();
    private volatile long lastActive = System.nanoTime();

    /** Who knows whether the agent is needed. */
    interface Rest {
        /** Returns after how many ms without a connection the agent may try to go; it asks again each time. */
        long patienceMillis();

        /** Tries to go; does not come back if it may. Nobody accepts meanwhile. */
        void tryToGo() throws IOException, InterruptedException;
    }

    /** A connection; {@code asked} once its request was read or it has ended. */
    private static final class Guest {
        private final Closeable channel;
        private final long until;
        private volatile boolean asked;

        Guest(Closeable channel, long until) {
            this.channel = channel;
            this.until = until;
        }
    }

    Front(ServerSocketChannel listener, UserPrincipal owner, Verbs verbs, Rest rest, AgentLog log) throws IOException {
        this.listener = listener;
        this.owner = owner;
        this.verbs = verbs;
        this.rest = rest;
        this.log = log;
        this.selector = Selector.open();
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    /** Says that something has just happened, after which the agent may be needed no more. */
    void nudge() {
        lastActive = System.nanoTime();
        selector.wakeup();
    }

    void run() throws IOException, InterruptedException {
        while (true) {
            selector.select(Math.max(1, Math.min(dismissSilent(), untilRest())));
            selector.selectedKeys().clear();
            for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
                welcome(channel);
            }
            if (untilRest() <= 0) {
                rest.tryToGo();
                // something was under way: soon again
                lastActive = System.nanoTime() - (rest.patienceMillis() - TRY_AGAIN) * 1_000_000L;
            }
        }
    }

    private long untilRest() {
        if (open.get() > 0) {
            return Long.MAX_VALUE / 2;
        }
        return rest.patienceMillis() - (System.nanoTime() - lastActive) / 1_000_000L;
    }

    private void welcome(SocketChannel channel) {
        Guest guest = new Guest(channel, System.nanoTime() + ASK_WITHIN * 1_000_000L);
        open.incrementAndGet();
        silent.add(guest);
        Thread.ofVirtual().start(() -> serve(channel, guest));
    }

    /** Closes those that said nothing for too long; returns in how many ms the next one is due. */
    private long dismissSilent() throws IOException {
        for (Guest guest = silent.peek(); guest != null; guest = silent.peek()) {
            long left = guest.until - System.nanoTime();
            if (!guest.asked && left > 0) {
                return left / 1_000_000L + 1;
            }
            silent.remove();
            if (!guest.asked) {
                guest.channel.close();
            }
        }
        return Long.MAX_VALUE / 2;
    }

    private void serve(SocketChannel channel, Guest guest) {
        try (LauncherConnection launcher = new LauncherConnection(channel)) {
            if (channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(owner)) {
                serve(launcher, guest);
            }
        } catch (IOException e) {
            // the launcher is gone; what it asked for is done or will be, and nobody is left to tell
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.say("a request failed: " + e);
            e.printStackTrace();
        } finally {
            guest.asked = true;
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
            if (request != null) {
                verbs.serve(request, launcher);
            }
        } catch (WireException e) {
            log.say("a launcher sent what is no request: " + e.getMessage());
            launcher.stderr("sharedserver: the agent does not understand this request: " + e.getMessage() + "\n");
            launcher.exit(1);
        }
    }
}
