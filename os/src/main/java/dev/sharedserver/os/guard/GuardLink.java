package dev.sharedserver.os.guard;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The two pipes to the guard. {@link #next} is for one reader; the other methods are thread-safe, and each of them
 * writes its frame at once and whole.
 */
public final class GuardLink {

    private static final int MAX_FRAME = 4 << 20;
    private static final int PROTOCOL = 1;

    private final DataInputStream in;
    private final OutputStream out;
    private final Function<byte[], String> decoder;
    private final Function<String, byte[]> encoder;

    /** Which processes a signal goes to. */
    public enum Scope {
        PROCESS(0),
        GROUP(1),
        DESCENDANTS(2);

        private final int wire;

        Scope(int wire) {
            this.wire = wire;
        }
    }

    /** Makes a link; {@code decoder} and {@code encoder} turn bytes of the system into text and back. */
    public GuardLink(
            InputStream in, OutputStream out, Function<byte[], String> decoder, Function<String, byte[]> encoder) {
        this.in = new DataInputStream(new BufferedInputStream(in));
        this.out = out;
        this.decoder = decoder;
        this.encoder = encoder;
    }

    /** Waits for the next frame; null when the guard is gone. */
    public @Nullable GuardEvent next() throws IOException {
        int length;
        try {
            length = in.readInt();
        } catch (EOFException e) {
            return null;
        }
        if (length < 1 || length > MAX_FRAME) {
            throw new IOException("the guard sent a frame of " + (length & 0xffffffffL) + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            return null;
        }
        ByteBuffer body = ByteBuffer.wrap(bytes);
        try {
            GuardEvent event = parse((char) body.get(), body);
            if (body.hasRemaining()) {
                throw new IOException("the guard sent a frame with " + body.remaining() + " bytes too many");
            }
            return event;
        } catch (BufferUnderflowException e) {
            throw new IOException("the guard sent a frame that is cut off", e);
        }
    }

    private GuardEvent parse(char type, ByteBuffer body) throws IOException {
        return switch (type) {
            case 'I' -> init(body);
            case 'S' -> new GuardEvent.Spawned(body.getLong(), pid(body), body.getLong());
            case 's' -> new GuardEvent.SpawnFailed(body.getLong(), body.get(), body.getInt());
            case 'K' -> new GuardEvent.Watching(pid(body), body.getLong());
            case 'k' -> new GuardEvent.CannotWatch(pid(body), body.getLong(), body.getInt());
            case 'G' -> new GuardEvent.Gone(pid(body), body.getLong(), body.get() != 0, exit(body));
            case 'D' -> new GuardEvent.ChildDied(pid(body), body.getLong(), exit(body));
            case 'E' -> new GuardEvent.GroupEmpty(pid(body), body.getLong());
            case 'g' -> new GuardEvent.Signalled(body.getLong(), body.getInt());
            case 'T' -> new GuardEvent.TimerFired();
            case 'N' -> new GuardEvent.Notified(pid(body), body.getLong(), pid(body), pid(body), string(body));
            case 'P' -> new GuardEvent.Ping(body.getLong());
            case 'M' -> new GuardEvent.DirectoryChanged(body.get());
            case 'Y' -> new GuardEvent.LeaveAnswer(leave(body.get()));
            default -> throw new IOException("the guard sent a frame of unknown type " + (int) type);
        };
    }

    private GuardEvent.Init init(ByteBuffer body) throws IOException {
        int protocol = body.getShort();
        if (protocol != PROTOCOL) {
            throw new IOException("the guard speaks protocol " + protocol + ", this agent " + PROTOCOL);
        }
        long guardPid = pid(body);
        long guardStartTime = body.getLong();
        int why = body.get();
        GuardEvent.Why[] whys = GuardEvent.Why.values();
        if (why < 0 || why >= whys.length) {
            throw new IOException("the guard gave the unknown reason " + why);
        }
        String version = string(body);
        String stateDirectory = string(body);
        String logDirectory = string(body);
        String home = string(body);
        List<GuardEvent.Child> children = new ArrayList<>();
        for (int n = body.getInt(); n > 0; n--) {
            children.add(new GuardEvent.Child(pid(body), body.getLong(), body.get() != 0, exit(body)));
        }
        List<GuardEvent.Watch> watches = new ArrayList<>();
        for (int n = body.getInt(); n > 0; n--) {
            watches.add(new GuardEvent.Watch(pid(body), body.getLong(), body.get() != 0));
        }
        // a guard of an earlier build, which could not hand over to ours when ours took its place, has no such socket
        String notifyAddress = body.hasRemaining() ? string(body) : "";
        return new GuardEvent.Init(
                protocol,
                guardPid,
                guardStartTime,
                whys[why],
                version,
                stateDirectory,
                logDirectory,
                home,
                List.copyOf(children),
                List.copyOf(watches),
                notifyAddress);
    }

    private static GuardEvent.Leave leave(byte wire) throws IOException {
        GuardEvent.Leave[] all = GuardEvent.Leave.values();
        if (wire < 0 || wire >= all.length) {
            throw new IOException("the guard gave the unknown answer " + wire);
        }
        return all[wire];
    }

    private static long pid(ByteBuffer body) {
        return body.getInt() & 0xffffffffL;
    }

    private static GuardEvent.Exit exit(ByteBuffer body) {
        return new GuardEvent.Exit(body.get(), body.getInt());
    }

    private String string(ByteBuffer body) throws IOException {
        int length = body.getInt();
        if (length < 0 || length > body.remaining()) {
            throw new IOException("the guard sent a string of " + (length & 0xffffffffL) + " bytes");
        }
        byte[] bytes = new byte[length];
        body.get(bytes);
        return decoder.apply(bytes);
    }

    /** Makes a process: answered by {@link GuardEvent.Spawned} or {@link GuardEvent.SpawnFailed}. */
    public void spawn(SpawnRequest spawn) throws IOException {
        send('S', body -> {
            body.writeLong(spawn.request());
            body.writeInt(spawn.umask());
            body.writeInt(spawn.nice());
            body.writeByte(spawn.rlimits().size() / 2);
            for (long limit : spawn.rlimits()) {
                body.writeLong(limit);
            }
            string(body, spawn.cwd());
            string(body, spawn.stdin() == null ? "" : spawn.stdin());
            string(body, spawn.stdout());
            string(body, spawn.stderr() == null ? "" : spawn.stderr());
            string(body, spawn.path());
            list(body, spawn.argv());
            list(body, spawn.environment());
        });
    }

    /** Watches a process: answered by Watching, CannotWatch or Gone; Gone follows when it ends. */
    public void watch(long pid, long startTime) throws IOException {
        process('W', pid, startTime);
    }

    /** Ends a watch. */
    public void unwatch(long pid, long startTime) throws IOException {
        process('U', pid, startTime);
    }

    /** Asks for {@link GuardEvent.GroupEmpty} as soon as the process's group has no member but itself. */
    public void awaitGroupEmpty(long pid, long startTime) throws IOException {
        process('E', pid, startTime);
    }

    /** Names a watched process as a server: it gets TERM, in that scope, when the state directory's parent is gone. */
    public void endWithSession(long pid, long startTime, Scope scope) throws IOException {
        send('L', body -> {
            body.writeInt((int) pid);
            body.writeLong(startTime);
            body.writeByte(scope.wire);
        });
    }

    /** Lets a zombie go. */
    public void reap(long pid, long startTime) throws IOException {
        process('R', pid, startTime);
    }

    /** Sends a signal: answered by {@link GuardEvent.Signalled}. */
    public void signal(long request, long pid, long startTime, int signal, Scope scope) throws IOException {
        send('K', body -> {
            body.writeLong(request);
            body.writeInt((int) pid);
            body.writeLong(startTime);
            body.writeByte(signal);
            body.writeByte(scope.wire);
        });
    }

    /** Sets the one timer, CLOCK_MONOTONIC in ns; 0 for none. */
    public void timer(long nanos) throws IOException {
        send('T', body -> body.writeLong(nanos));
    }

    /** Answers a ping; with 0 it says that the agent is ready. */
    public void pong(long value) throws IOException {
        send('P', body -> body.writeLong(value));
    }

    /** Asks to be let go: answered by {@link GuardEvent.LeaveAnswer}. */
    public void sleep(long seen) throws IOException {
        send('Z', body -> body.writeLong(seen));
    }

    /**
     * Asks to be let go for good, so that the guard executes the build at {@code binary} in its place and starts that
     * build's agent: answered by {@link GuardEvent.LeaveAnswer}.
     */
    public void handOver(long seen, String binary) throws IOException {
        send('H', body -> {
            body.writeLong(seen);
            string(body, binary);
        });
    }

    /**
     * Has the guard look after a log that a server writes by itself.
     *
     * @param notes file in which is noted when the log had which length
     * @param limit length from which on its beginning is cut, in bytes; 0 for never
     * @param keep how much is kept then
     */
    public void tendLog(String log, String notes, long limit, long keep) throws IOException {
        send('F', body -> {
            string(body, log);
            string(body, notes);
            body.writeLong(limit);
            body.writeLong(keep);
        });
    }

    /** Ends that. */
    public void leaveLog(String log) throws IOException {
        send('f', body -> string(body, log));
    }

    private void process(char type, long pid, long startTime) throws IOException {
        send(type, body -> {
            body.writeInt((int) pid);
            body.writeLong(startTime);
        });
    }

    private void send(char type, Frame.Body content) throws IOException {
        byte[] frame = Frame.of(type, content);
        if (frame.length - Integer.BYTES > MAX_FRAME) {
            throw new IOException("a frame of " + frame.length + " bytes is larger than the guard accepts");
        }
        synchronized (out) {
            out.write(frame);
        }
    }

    private void string(DataOutputStream body, String text) throws IOException {
        Frame.string(body, encoder.apply(text));
    }

    private void list(DataOutputStream body, List<String> list) throws IOException {
        Frame.list(body, list, encoder);
    }
}
