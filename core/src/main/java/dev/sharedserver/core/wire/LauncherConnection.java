package dev.sharedserver.core.wire;

import dev.sharedserver.core.OsText;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One launcher's connection. Answers are gathered and leave in one write at {@link #exit}, {@link #become},
 * {@link #watch} or {@link #flush}. Used by one thread at a time, but for
 * {@link #piece}.
 */
public final class LauncherConnection implements Closeable {

    /** The largest frame either side accepts, type included, in bytes. */
    public static final int MAX_FRAME = 4 << 20;

    private static final int FIRST_READ = 16 << 10;
    private static final int FLUSH_AT = 1 << 20;

    /** How much longer than it was told a launcher may take to send its input, in ms. */
    private static final long INPUT_SLACK = 5_000;

    private final SocketChannel channel;
    private ByteBuffer in = ByteBuffer.allocate(FIRST_READ).limit(0);
    private volatile Runnable whenEndless = () -> {};
    private @Nullable Runnable whenSlow;
    private boolean slow;
    private ByteBuffer out = ByteBuffer.allocate(512);

    /** What is waited with where nothing blocks, for each direction. */
    private @Nullable Selector readable;

    private @Nullable Selector writable;

    /** Wraps a connected channel in blocking mode and owns it from now on. */
    public LauncherConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /** Reads the request; null if the peer hung up without asking. */
    public @Nullable Request request() throws IOException {
        ByteBuffer frame = frame();
        if (frame == null) {
            return null;
        }
        byte type = frame.get();
        if (type != 'R') {
            throw new WireException("frame of type " + type + ", expected a request");
        }
        return Request.parse(frame);
    }

    /**
     * Why a launcher could not become a command.
     *
     * @param step as for spawning: 6 to change the directory, 10 to execute
     */
    public record ExecError(int step, int errno) {}

    /** Waits for what becomes of {@link #become}: what failed, or null once it succeeded. */
    public @Nullable ExecError execError() throws IOException {
        ByteBuffer frame = frame();
        if (frame == null) {
            return null;
        }
        if (frame.remaining() != 6 || frame.get() != 'F') {
            throw new WireException("expected the errno of a failed exec");
        }
        return new ExecError(frame.get(), frame.getInt());
    }

    /** Why there is no more input than there is. */
    public enum InputEnd {
        /** The launcher's standard input has ended. */
        WHOLE,
        /** There is more of it than was asked for. */
        LONGER,
        /** It did not end in time. */
        LATE,
        /** It cannot be read. */
        BROKEN
    }

    /** What a launcher's standard input holds. */
    public static final class Input {
        private final InputEnd end;
        private final byte[] bytes;

        private Input(InputEnd end, byte[] bytes) {
            this.end = end;
            this.bytes = bytes;
        }

        /** Returns why there is no more of it. */
        public InputEnd end() {
            return end;
        }

        /** Returns what came; the caller's to keep. */
        public byte[] bytes() {
            return bytes;
        }
    }

    /**
     * Has the launcher read its standard input to the end.
     *
     * @param limit bytes, at most 2 MiB
     * @param timeoutMillis how long the end is awaited
     */
    public Input input(int limit, int timeoutMillis) throws IOException {
        start((byte) 'I', 8);
        out.putInt(limit).putInt(timeoutMillis);
        flush();
        // a launcher that was stopped must not keep its connection, and with it the agent, for ever
        Thread timer = Thread.ofVirtual().start(() -> hangUpAfter(timeoutMillis + INPUT_SLACK));
        ByteBuffer frame = frame();
        timer.interrupt();
        if (frame == null || frame.remaining() < 2 || frame.get() != 'I') {
            throw new WireException("expected the standard input");
        }
        int end = frame.get();
        if (end < 0 || end >= InputEnd.values().length || frame.remaining() > limit) {
            throw new WireException("an input of " + frame.remaining() + " bytes that ends by " + end);
        }
        byte[] bytes = new byte[frame.remaining()];
        frame.get(bytes);
        return new Input(InputEnd.values()[end], bytes);
    }

    private void hangUpAfter(long millis) {
        try {
            Thread.sleep(millis);
            close();
        } catch (InterruptedException e) {
            // it has come
        } catch (IOException e) {
            // closed already
        }
    }

    /**
     * Has {@code action}, which must not block, run once the answer takes long; null for nothing. A timer of each request's own would cost
     * more than most answers do.
     */
    public void whenSlow(@Nullable Runnable action) {
        boolean now;
        synchronized (this) {
            whenSlow = action;
            now = slow;
        }
        if (now && action != null) {
            action.run();
        }
    }

    /** Says that the answer takes long. */
    public void slow() {
        Runnable action;
        synchronized (this) {
            slow = true;
            action = whenSlow;
        }
        if (action != null) {
            action.run();
        }
    }

    /** Has {@code action} run once the answer turns out to be one without an end of its own. */
    public void whenEndless(Runnable action) {
        whenEndless = action;
    }

    /**
     * Waits until the launcher hangs up; for another thread than the one that answers. The answer is taken to have no end
     * of its own: the agent may end in the middle of it, and the launcher asks the next one.
     */
    public void awaitHangup() throws IOException {
        whenEndless.run();
        awaitEnd();
    }

    /** Waits until the launcher hangs up, as long as it is only answered; for another thread than the one that answers. */
    public void awaitEnd() throws IOException {
        ByteBuffer ignored = ByteBuffer.allocate(64);
        while (channel.read(ignored.clear()) >= 0) {
            // a launcher says nothing while it is answered
        }
    }

    /** Adds text for the launcher's standard output. */
    public void stdout(String text) throws IOException {
        bytes((byte) 'O', OsText.encode(text));
    }

    /** Adds bytes for the launcher's standard output. */
    public void stdout(byte[] bytes) throws IOException {
        bytes((byte) 'O', bytes);
    }

    /** Adds text for the launcher's standard error. */
    public void stderr(String text) throws IOException {
        bytes((byte) 'E', OsText.encode(text));
    }

    /** Tells the launcher what to send along when it asks again. */
    public void token(String token) throws IOException {
        byte[] bytes = OsText.encode(token);
        start((byte) 'T', 4 + bytes.length);
        putString(bytes);
    }

    /** Tells the launcher to repeat its request at another socket of the state directory, and to stay there. */
    public void elsewhere(String socket) throws IOException {
        byte[] bytes = OsText.encode(socket);
        start((byte) 'H', 4 + bytes.length);
        putString(bytes);
        flush();
    }

    /**
     * Waits for the next piece of the standard input, which a launcher sends that was told to be {@link #elsewhere}; for one
     * thread, while another one answers. Returns an empty piece at the input's end, null if the launcher is gone.
     */
    public @Nullable ByteBuffer piece() throws IOException {
        ByteBuffer frame = frame();
        if (frame == null) {
            return null;
        }
        if (frame.get() != 'D') {
            throw new WireException("expected a piece of the standard input");
        }
        return frame;
    }

    /**
     * Waits for the signal that a launcher tells which heeds signals and was told to be {@link #elsewhere}; for one thread, while another one
     * answers. Returns its number, 0 if the launcher is gone.
     */
    public int signal() throws IOException {
        ByteBuffer frame = frame();
        if (frame == null) {
            return 0;
        }
        if (frame.remaining() != 2 || frame.get() != 'S') {
            throw new WireException("expected a signal");
        }
        return frame.get() & 0xff;
    }

    /** Writes bytes for the launcher's standard output at once, as they are. */
    public void stdout(ByteBuffer... pieces) throws IOException {
        writeAll(forStdout(pieces));
    }

    /** Has nothing block from now on but the methods that say so, and those only platform threads. */
    public void unblock() throws IOException {
        channel.configureBlocking(false);
        readable = selector(SelectionKey.OP_READ);
    }

    private Selector selector(int operation) throws IOException {
        Selector selector = Selector.open();
        try {
            channel.register(selector, operation);
        } catch (IOException e) {
            selector.close();
            throw e;
        }
        return selector;
    }

    /** Waits for room; few connections ever have to. */
    private void awaitRoom() throws IOException {
        Selector selector = null;
        synchronized (this) {
            if (readable != null) {
                selector = writable == null ? selector(SelectionKey.OP_WRITE) : writable;
                writable = selector;
            }
        }
        await(selector);
    }

    /** Returns bytes for the launcher's standard output as {@link #write} takes them. */
    public static ByteBuffer[] forStdout(ByteBuffer... pieces) {
        int length = 0;
        for (ByteBuffer piece : pieces) {
            length += piece.remaining();
        }
        ByteBuffer[] all = new ByteBuffer[pieces.length + 1];
        System.arraycopy(pieces, 0, all, 1, pieces.length);
        all[0] = ByteBuffer.allocate(5).putInt(length + 1).put((byte) 'O').flip();
        return all;
    }

    /** Writes what there is room for, after {@link #unblock}; false if not all of it. */
    public boolean write(ByteBuffer[] all) throws IOException {
        while (remaining(all)) {
            if (channel.write(all) == 0) {
                return false;
            }
        }
        return true;
    }

    /** Writes all; waits. */
    public void writeAll(ByteBuffer[] all) throws IOException {
        while (!write(all)) {
            awaitRoom();
        }
    }

    private static void await(@Nullable Selector selector) throws IOException {
        if (selector == null) {
            return; // what waits is the channel itself
        }
        try {
            selector.select();
            selector.selectedKeys().clear();
        } catch (ClosedSelectorException e) {
            throw new ClosedChannelException();
        }
    }

    private static boolean remaining(ByteBuffer[] all) {
        for (ByteBuffer one : all) {
            if (one.hasRemaining()) {
                return true;
            }
        }
        return false;
    }

    /** Ends the conversation. */
    public void exit(int code) throws IOException {
        start((byte) 'X', 1);
        out.put((byte) code);
        flush();
    }

    /**
     * Tells the launcher to replace itself.
     *
     * @param environment what is added to the launcher's own
     * @param directory where to change to first, "" to stay
     */
    public void become(List<String> argv, List<String> environment, String directory) throws IOException {
        List<byte[]> words = encode(argv);
        List<byte[]> entries = encode(environment);
        byte[] place = OsText.encode(directory);
        start((byte) 'C', size(words) + size(entries) + 4 + place.length);
        putList(words);
        putList(entries);
        putString(place);
        flush();
    }

    /**
     * Tells the launcher to wait by itself and to ask again.
     *
     * @param pid process whose end is waited for, 0 for none
     * @param timeoutMillis -1 for none
     * @param heedSignals whether from now on HUP, INT, QUIT and TERM end its waiting instead of the launcher: it asks
     *     again and says so ({@link Request#signalled})
     */
    public void watch(long pid, long stamp, String directory, String prefix, long timeoutMillis, boolean heedSignals)
            throws IOException {
        byte[] dir = OsText.encode(directory);
        byte[] pre = OsText.encode(prefix);
        start((byte) 'W', 4 + 8 + 4 + dir.length + 4 + pre.length + 8 + 1);
        out.putInt((int) pid).putLong(stamp);
        putString(dir);
        putString(pre);
        out.putLong(timeoutMillis).put((byte) (heedSignals ? 1 : 0));
        flush();
    }

    /** Sends what was gathered. */
    public void flush() throws IOException {
        out.flip();
        while (out.hasRemaining()) {
            if (channel.write(out) == 0) {
                awaitRoom();
            }
        }
        out.clear();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        // a descriptor is closed once no selector has it any more
        synchronized (this) {
            if (readable != null) {
                readable.close();
            }
            if (writable != null) {
                writable.close();
            }
        }
    }

    private void bytes(byte type, byte[] bytes) throws IOException {
        for (int at = 0; at < bytes.length; at += FLUSH_AT) {
            int length = Math.min(FLUSH_AT, bytes.length - at);
            start(type, length);
            out.put(bytes, at, length);
        }
    }

    private void start(byte type, int bodyLength) throws IOException {
        int need = 5 + bodyLength;
        if (out.remaining() < need) {
            if (out.position() >= FLUSH_AT) {
                flush();
            }
            if (out.remaining() < need) {
                int capacity = Math.max(2 * out.capacity(), out.position() + need);
                out = ByteBuffer.allocate(capacity).put(out.flip());
            }
        }
        out.putInt(1 + bodyLength).put(type);
    }

    private void putString(byte[] bytes) {
        out.putInt(bytes.length).put(bytes);
    }

    private void putList(List<byte[]> list) {
        out.putInt(list.size());
        for (byte[] bytes : list) {
            putString(bytes);
        }
    }

    private static List<byte[]> encode(List<String> strings) {
        List<byte[]> list = new ArrayList<>(strings.size());
        for (String string : strings) {
            list.add(OsText.encode(string));
        }
        return list;
    }

    private static int size(List<byte[]> list) {
        int size = 4;
        for (byte[] bytes : list) {
            size += 4 + bytes.length;
        }
        return size;
    }

    /** Returns the next frame, type and body; null at a clean end. */
    private @Nullable ByteBuffer frame() throws IOException {
        if (!fill(4)) {
            return null;
        }
        int length = in.getInt();
        if (length < 1 || length > MAX_FRAME) {
            throw new WireException("frame of " + (length & 0xffffffffL) + " bytes, allowed are 1 to " + MAX_FRAME);
        }
        if (!fill(length)) {
            throw new EOFException("the launcher hung up in the middle of a frame");
        }
        ByteBuffer frame = in.slice(in.position(), length);
        in.position(in.position() + length);
        return frame;
    }

    /** Reads until {@code need} bytes are there; false if the peer hung up before the first of them. */
    private boolean fill(int need) throws IOException {
        while (in.remaining() < need) {
            boolean fresh = !in.hasRemaining();
            if (in.limit() == in.capacity()) {
                // what was handed out stays untouched: a new buffer rather than a compacted one
                in = ByteBuffer.allocate(Math.max(FIRST_READ, grown(need)))
                        .put(in)
                        .flip();
            }
            ByteBuffer room = in.duplicate().position(in.limit()).limit(in.capacity());
            int read = channel.read(room);
            while (read == 0) {
                await(readable);
                read = channel.read(room);
            }
            if (read < 0) {
                if (fresh) {
                    return false;
                }
                throw new EOFException("the launcher hung up in the middle of a frame");
            }
            in.limit(in.limit() + read);
        }
        return true;
    }

    /** A frame that only claims to be long does not get its memory before its bytes come. */
    private int grown(int need) {
        return Math.min(need, 2 * in.remaining() + FIRST_READ);
    }
}
