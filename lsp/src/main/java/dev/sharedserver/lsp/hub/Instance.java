package dev.sharedserver.lsp.hub;

import dev.sharedserver.lsp.interpose.Pause;
import dev.sharedserver.lsp.interpose.Pipe;
import dev.sharedserver.lsp.interpose.Refusal;
import dev.sharedserver.lsp.mux.Columns;
import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Multiplexer;
import dev.sharedserver.lsp.mux.Outbox;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A language server that runs, behind two FIFOs. Two platform threads serve it, since nothing else can wait for a FIFO; what
 * comes from editors and from the server meets in the multiplexer, under this object's lock.
 */
final class Instance implements Outbox {

    /** How much may wait for the server before editors are not read any more, in bytes. */
    private static final long ENOUGH = 32L << 20;

    /** Stands for the message that a predecessor was writing. */
    private static final byte[] LEFT = {};

    /** Where our ids begin at a foreign server, whose own and whose editor's are small, or no numbers: LSP allows 31 bits. */
    private static final long FOREIGN_IDS = 1L << 30;

    /** How long the answers to those who have left are awaited before a server is given back, and its end of the FIFO after, in ms. */
    private static final long REST = 3_000;

    private final Path directory;
    private final OnDisk record;
    private final Journal journal;
    private final Fifo in;
    private final FileChannel out;
    private final Backlog backlog = new Backlog();
    private final Multiplexer mux;
    private final Map<Integer, Session> sessions = new LinkedHashMap<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Watcher watcher;
    private final boolean resumed;
    private final Thread timer = Thread.ofVirtual().unstarted(this::keepTime);
    private long armed = Long.MAX_VALUE;
    private long saved = -1;
    private int nextSession = 1;

    /** When the server said something last, in ms. */
    private long heardAt = now();

    /** Who started the server, and has not left. */
    private @Nullable Elder elder;

    private @Nullable Session elderSession;
    private boolean detaching;
    private volatile boolean restored;
    private volatile boolean restarting;

    /** The reader's task, and whether the bytes that it got were whole messages. */
    private volatile String reader = "";

    private volatile boolean between;

    /** Who wants to know what becomes of it. */
    interface Watcher {

        /** It serves nobody any more. */
        void ended(Instance instance);

        /** The editor that started the server is gone; the server stays. */
        void parked(Instance instance);
    }

    /** The two ends of a server's FIFOs that are ours. */
    record Pipes(Fifo in, FileChannel out, FileChannel hold) {

        /** Opens the FIFOs of a directory; waits for nobody. */
        static Pipes open(Path directory) throws IOException {
            Fifo in = Fifo.open(directory.resolve("in"));
            FileChannel hold =
                    FileChannel.open(directory.resolve("out"), StandardOpenOption.READ, StandardOpenOption.WRITE);
            // as long as there is a writer, opening for reading only does not wait; later the server is the only one,
            // and
            // the end of the stream is the server's
            return new Pipes(in, FileChannel.open(directory.resolve("out"), StandardOpenOption.READ), hold);
        }

        void close() throws IOException {
            in.close();
            out.close();
            hold.close();
        }
    }

    Instance(
            Path directory,
            OnDisk record,
            Pipes pipes,
            Journal journal,
            Settings settings,
            boolean resumed,
            @Nullable Elder elder,
            Watcher watcher)
            throws IOException {
        this.directory = directory;
        this.record = record;
        this.journal = journal;
        this.in = pipes.in();
        this.out = pipes.out();
        this.resumed = resumed;
        this.watcher = watcher;
        this.mux = new Multiplexer(settings, journal::nextId, record.memory(), this);
        this.elder = elder;
        if (record.attached() != null) {
            journal.idsFrom(FOREIGN_IDS);
            mux.foreign(FOREIGN_IDS);
        }
        pipes.hold().close();
    }

    String name() {
        return record.name();
    }

    long pid() {
        return record.pid();
    }

    long stamp() {
        return record.stamp();
    }

    /** Waits until the last of what the server has said is known. */
    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    String root() {
        return record.root();
    }

    List<String> command() {
        return record.command();
    }

    /** Returns what is known of a server that somebody else started; null for one of ours. */
    OnDisk.@Nullable Attached attached() {
        return record.attached();
    }

    OnDisk.Limits limits() {
        return record.limits();
    }

    /** Returns what is known of the server by now. */
    synchronized Memory memory() {
        return mux.memory();
    }

    /** Starts to serve. */
    void start() throws IOException {
        backlog.add(LEFT);
        Elder first = elder;
        if (first != null) {
            first.resume();
            Session session = new Session(nextSession++, first.pid(), first);
            elderSession = session;
            sessions.put(session.number(), session);
            mux.elder(session.number());
            Thread.ofPlatform().daemon().name("editor of " + name()).start(() -> serve(first, session));
        }
        save();
        Thread.ofPlatform().daemon().name("to " + name()).start(this::write);
        Thread.ofVirtual().start(() -> Pipe.widen(directory.resolve("out"), Journal.BUFFER));
        Thread.ofPlatform().daemon().name("from " + name()).start(this::read);
        timer.start();
    }

    // ---- editors ----

    /** A new session; its number is its own. */
    synchronized Session connect(long pid, Line line) {
        Session session = new Session(nextSession++, pid, line);
        sessions.put(session.number(), session);
        mux.connected(session.number());
        if (ended.getCount() == 0) {
            session.finish(1, lastWords());
        } else if (detaching) {
            session.finish(1, detached());
        }
        return session;
    }

    /** Takes what an editor says; waits while the server has enough to do. */
    void said(Session session, byte[] body) throws InterruptedException {
        synchronized (this) {
            mux.fromClient(session.number(), body, now());
            save();
            notifyAll();
        }
        backlog.awaitLess(ENOUGH);
    }

    synchronized void left(Session session) {
        mux.disconnected(session.number());
        sessions.remove(session.number());
        save();
    }

    /** Initializes the server without an editor and waits until that has happened; false if it did not in time. */
    boolean warmUp(String rootUri, long millis) throws InterruptedException {
        long until = now() + millis;
        synchronized (this) {
            mux.warmUp(rootUri);
            while (!mux.isInitialized() && ended.getCount() > 0 && now() < until) {
                wait(Math.max(1, until - now()));
            }
            return mux.isInitialized();
        }
    }

    /** Finds out what the positions of a server count that somebody else has initialized, if that takes no longer. */
    void learnColumns(String type, long millis) throws InterruptedException {
        long until = now() + millis;
        synchronized (this) {
            mux.askColumns(type, Verbs.uri(root()));
            while (mux.isAskingColumns() && ended.getCount() > 0 && now() < until) {
                wait(Math.max(1, until - now()));
            }
            save();
        }
    }

    /** Returns what its positions count, as far as is known. */
    synchronized Columns columns() {
        return mux.columns();
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    /**
     * How it is with a server at the moment.
     *
     * @param clients their pids, with the bytes that wait for each
     * @param queued bytes that wait for the server
     * @param pending requests that it has not answered
     * @param silent how long it has said nothing, in ms
     */
    record Status(
            Map<Long, Long> clients,
            List<String> documents,
            long queued,
            int pending,
            boolean initialized,
            long silent) {

        /** How long a server with something to do may say nothing before that is remarkable, in ms. */
        private static final long SILENCE = 10_000;

        /** Returns how it seems to be. */
        String health() {
            boolean owes = pending > 0 || queued > 0;
            return !initialized ? "starting" : !owes ? "idle" : silent < SILENCE ? "busy" : "silent";
        }
    }

    synchronized Status status() {
        Map<Long, Long> clients = new LinkedHashMap<>();
        sessions.values().forEach(session -> clients.put(session.pid(), session.waiting()));
        return new Status(
                clients, mux.documents(), backlog.bytes(), mux.pending(), mux.isInitialized(), now() - heardAt);
    }

    /** Returns the pids of those who are connected. */
    synchronized List<String> users() {
        return sessions.values().stream()
                .map(session -> Long.toString(session.pid()))
                .toList();
    }

    // ---- the editor that was there before us ----

    private void serve(Elder first, Session session) {
        try {
            first.read(this, session);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!restored) {
            elderLeft(session);
        }
    }

    private void elderLeft(Session session) {
        synchronized (this) {
            elder = null;
            elderSession = null;
            left(session);
        }
        session.finish(1, "");
        watcher.parked(this);
    }

    /** Tells whether the editor that started the server is there. */
    synchronized boolean hasElder() {
        Elder first = elder;
        return first != null && first.interposed().oldClientLives();
    }

    private String detached() {
        return "sharedserver: detached from " + name() + " (pid " + pid() + "), which goes on for who started it\n";
    }

    /**
     * Ends all sessions but that of the editor that started the server, and gives the server back to that one, unless it is gone
     * or the server is to stay here.
     *
     * @return how long the server stood still; null if it stays
     * @throws Refusal it is not given back
     */
    @Nullable
    Pause detach(boolean park) throws Refusal, InterruptedException {
        List<Session> others;
        Elder first;
        synchronized (this) {
            first = elder;
            detaching = true;
            others = new ArrayList<>(sessions.values());
            others.remove(elderSession);
        }
        try {
            for (Session session : others) {
                left(session);
                session.finish(1, detached());
            }
            if (park || first == null || !first.interposed().oldClientLives()) {
                return null;
            }
            awaitAnswers();
            return giveBack(first);
        } finally {
            synchronized (this) {
                detaching = false;
            }
        }
    }

    private synchronized void awaitAnswers() throws InterruptedException {
        long until = now() + REST;
        while (mux.pendingOfOthers() > 0 && now() < until) {
            wait(Math.max(1, until - now()));
        }
    }

    private Pause giveBack(Elder first) throws Refusal, InterruptedException {
        isBetween(first); // so that no class is new while the server stands still
        Pause pause;
        try {
            pause = first.interposed().restore(() -> {
                restored = isBetween(first);
                return restored;
            });
        } catch (Refusal | InterruptedException e) {
            restored = false;
            throw e;
        }
        // the server has closed its ends, so the reader comes to the end, and with it this instance
        if (!ended.await(2 * REST, TimeUnit.MILLISECONDS)) {
            try {
                out.close(); // a child of the server has inherited its end
            } catch (IOException e) {
                System.out.println(name() + ": " + e.getMessage());
            }
            ended.await();
        }
        return pause;
    }

    /** Tells whether all streams are between two messages, of a server that stands still and whose FIFOs are empty. */
    private boolean isBetween(Elder first) {
        Session session = elderSession;
        return session != null && backlog.isIdle() && first.isBetween() && between && readerWaits() && session.isIdle();
    }

    /** Tells whether the reader waits in the kernel, and so has got nothing that is not passed on. */
    private boolean readerWaits() {
        try {
            String call = Files.readString(Path.of(reader, "syscall"));
            // the number of read: x86-64, aarch64
            return call.startsWith("0 ") || call.startsWith("63 ");
        } catch (IOException e) {
            return false;
        }
    }

    // ---- what the multiplexer says ----

    @Override
    public void toServer(byte[] body) {
        if (!wroteNow(body)) {
            backlog.add(body);
        }
    }

    /** Spares the way over another thread where a write does not wait. */
    private boolean wroteNow(byte[] body) {
        if (!backlog.bypass()) {
            return false;
        }
        try {
            byte[] header = Session.header(body);
            if (header.length + body.length > in.free()) {
                return false;
            }
            journal.write(in, header, body);
        } catch (IOException e) {
            backlog.discard(); // the server has ended, which its reader finds out, too
        } finally {
            backlog.bypassed();
        }
        return true;
    }

    @Override
    public void toClient(int client, byte[] body) {
        Session session = sessions.get(client);
        if (session != null) {
            session.tell(body);
        }
    }

    @Override
    public void end(int client, int exitCode) {
        Session session = sessions.get(client);
        if (session != null) {
            session.finish(exitCode, "");
        }
    }

    // ---- the server ----

    private void write() {
        try {
            for (byte[] body = backlog.take(); body != null; body = backlog.take()) {
                if (body == LEFT) {
                    journal.finish(in);
                } else {
                    journal.write(in, Session.header(body), body);
                }
            }
        } catch (IOException e) {
            backlog.discard(); // the server has ended, which its reader finds out, too
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        Deframer deframer = new Deframer(record.limits().body());
        String why = "";
        try {
            reader = Proc.ownThread();
            if (resumed) {
                deframer.skip(journal.skip());
                deframer.feed(journal.left(), this::heard);
                synchronized (this) {
                    mux.resume(record.memory());
                    save();
                }
            }
            while (true) {
                between = deframer.isBetween();
                ByteBuffer read = journal.read(out, deframer.remaining(), deframer.partialHeader());
                if (read == null) {
                    break;
                }
                deframer.feed(read, this::heard);
            }
        } catch (MalformedMessage e) {
            why = "sharedserver: what " + name() + " says is not understood: " + e.getMessage() + "\n";
        } catch (IOException e) {
            why = restored ? "" : "sharedserver: " + name() + " cannot be read: " + e.getMessage() + "\n";
        }
        end(why);
    }

    private synchronized void heard(byte[] body) {
        heardAt = now();
        try {
            mux.fromServer(body, now());
        } catch (MalformedMessage e) {
            System.out.println(name() + " said what is no message: " + e.getMessage());
        } catch (RuntimeException e) {
            // a defect of ours, which costs this message, and not all that would be read after it
            System.out.println(name() + " said what was not understood: " + e);
        }
        save();
        notifyAll();
        if (mux.deadline() < armed) {
            armed = mux.deadline();
            LockSupport.unpark(timer);
        }
    }

    private void end(String why) {
        List<Session> rest;
        synchronized (this) {
            ended.countDown();
            rest = new ArrayList<>(sessions.values());
            notifyAll();
        }
        LockSupport.unpark(timer);
        backlog.discard();
        watcher.ended(this);
        String words = why.isEmpty() ? lastWords() : why;
        rest.forEach(session -> session.finish(1, words));
        try {
            in.close();
            out.close();
            journal.close();
        } catch (IOException e) {
            System.out.println(name() + ": " + e.getMessage());
        }
    }

    /** From now on its end is wanted, and is to be followed by a new beginning. */
    void restarts() {
        restarting = true;
    }

    private String lastWords() {
        String tail = Tail.of(record.logFile());
        if (restarting) {
            return "sharedserver: language server " + name() + " (pid " + pid()
                    + ") was restarted: connect again, and a new one is there\n";
        }
        if (restored) {
            return detached();
        }
        return "sharedserver: language server " + name() + " (pid " + pid() + ") has ended"
                + (tail.isEmpty() ? "\n" : "; its last words:\n" + tail);
    }

    // ---- time and memory ----

    private void keepTime() {
        while (ended.getCount() > 0) {
            long next;
            synchronized (this) {
                next = mux.tick(now());
                armed = next;
                save();
            }
            if (next == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, Math.max(1, next - now()) * 1_000_000);
            }
        }
    }

    private static long now() {
        return System.nanoTime() / 1_000_000;
    }

    /** Writes down what another hub would have to know, if that has changed. */
    private void save() {
        if (mux.revision() == saved || ended.getCount() == 0) {
            return;
        }
        saved = mux.revision();
        try {
            record.with(mux.memory()).write(directory);
        } catch (IOException e) {
            System.out.println(name() + ": what a later hub needs cannot be written: " + e.getMessage());
            saved = -1; // there may be room when the next word is said
        }
    }

    /** Returns the directory of its FIFOs. */
    Path directory() {
        return directory;
    }
}
