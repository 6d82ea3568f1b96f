package dev.sharedserver.core.wire;

import dev.sharedserver.core.OsText;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a launcher asks: the body of an {@code R} frame. The environment is decoded only when somebody looks at it.
 *
 * @param id 32 hex digits; the same in every try of one request
 * @param columns width of the terminal at stdout, 0 if there is none
 * @param pid the launcher's pid, as it sees itself
 * @param stamp its start time
 * @param rlimits soft and hard limit in turn, by RLIMIT number; -1 = infinity
 * @param version the launcher's product version
 * @param cwd its working directory, empty if it has none any more
 * @param token what the agent last told it to remember, empty at first
 */
public record Request(
        String id,
        int flags,
        int columns,
        long pid,
        long stamp,
        int umask,
        int nice,
        List<Long> rlimits,
        String version,
        String cwd,
        String token,
        List<String> argv,
        ByteBuffer rawEnvironment) {

    /** The protocol version this code speaks. */
    public static final int PROTOCOL = 1;

    private static final int STDIN_TTY = 1;
    private static final int STDOUT_TTY = 2;
    private static final int STDERR_TTY = 4;
    private static final int RETRY = 8;
    private static final int SIGNALLED = 16;
    private static final int MAX_RLIMITS = 64;

    /** Parses the body of an {@code R} frame. */
    public static Request parse(ByteBuffer body) throws WireException {
        try {
            // up to the version the layout is that of every protocol
            int protocol = body.getShort() & 0xffff;
            String id = hex(body, 16);
            int flags = body.getShort() & 0xffff;
            int columns = body.getShort() & 0xffff;
            long pid = body.getInt() & 0xffffffffL;
            long stamp = body.getLong();
            body.getInt(); // the parent's pid as the launcher saw it; ours comes from /proc
            int umask = body.getInt();
            int nice = body.getInt();
            int limits = body.get() & 0xff;
            if (limits > MAX_RLIMITS) {
                throw new WireException(limits + " resource limits");
            }
            List<Long> rlimits = new ArrayList<>(2 * limits);
            for (int i = 0; i < 2 * limits; i++) {
                rlimits.add(body.getLong());
            }
            String version = string(body);
            if (protocol != PROTOCOL) {
                throw new OtherProtocol(protocol, new Sender(pid, stamp, version));
            }
            String cwd = string(body);
            String token = string(body);
            List<String> argv = list(body);
            ByteBuffer environment = body.slice();
            skipList(body);
            if (body.hasRemaining()) {
                throw new WireException(body.remaining() + " bytes behind the request");
            }
            return new Request(
                    id,
                    flags,
                    columns,
                    pid,
                    stamp,
                    umask,
                    nice,
                    List.copyOf(rlimits),
                    version,
                    cwd,
                    token,
                    argv,
                    environment);
        } catch (BufferUnderflowException e) {
            throw new WireException("request ends in the middle of a field");
        }
    }

    /** Returns the same request as if it came from another directory, which is an absolute path. */
    public Request in(String directory) {
        return new Request(
                id, flags, columns, pid, stamp, umask, nice, rlimits, version, directory, token, argv, rawEnvironment);
    }

    /** Returns who asks. */
    public Sender sender() {
        return new Sender(pid, stamp, version);
    }

    /** Returns the launcher's environment, {@code K=V} each. */
    public List<String> environment() {
        try {
            return list(rawEnvironment.duplicate());
        } catch (WireException e) {
            throw new IllegalStateException("the list was checked when it came", e);
        }
    }

    /** Returns the value of an environment variable, the empty string if it is not set. */
    public String variable(String name) {
        String prefix = name + "=";
        for (String entry : environment()) {
            if (entry.startsWith(prefix)) {
                return entry.substring(prefix.length());
            }
        }
        return "";
    }

    /** Tells whether an earlier try of this request got no answer. */
    public boolean retry() {
        return (flags & RETRY) != 0;
    }

    /** Tells whether a signal ended the waiting that the last answer had asked for. */
    public boolean signalled() {
        return (flags & SIGNALLED) != 0;
    }

    /** Tells whether standard input is a terminal. */
    public boolean stdinTty() {
        return (flags & STDIN_TTY) != 0;
    }

    /** Tells whether standard output is a terminal. */
    public boolean stdoutTty() {
        return (flags & STDOUT_TTY) != 0;
    }

    /** Tells whether standard error is a terminal. */
    public boolean stderrTty() {
        return (flags & STDERR_TTY) != 0;
    }

    private static String hex(ByteBuffer body, int bytes) {
        StringBuilder out = new StringBuilder(2 * bytes);
        for (int i = 0; i < bytes; i++) {
            int b = body.get() & 0xff;
            out.append(Character.forDigit(b >> 4, 16)).append(Character.forDigit(b & 15, 16));
        }
        return out.toString();
    }

    private static byte[] bytes(ByteBuffer body) throws WireException {
        byte[] bytes = new byte[length(body)];
        body.get(bytes);
        for (byte b : bytes) {
            if (b == 0) {
                throw new WireException("a NUL byte in a string");
            }
        }
        return bytes;
    }

    private static String string(ByteBuffer body) throws WireException {
        return OsText.decode(bytes(body));
    }

    private static List<String> list(ByteBuffer body) throws WireException {
        int count = length(body);
        // each item takes at least its own length field, so a count that cannot be true allocates nothing
        if (count > body.remaining() / Integer.BYTES) {
            throw new WireException("a list of " + count + " strings in " + body.remaining() + " bytes");
        }
        List<String> list = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            list.add(string(body));
        }
        return list;
    }

    private static void skipList(ByteBuffer body) throws WireException {
        int count = length(body);
        if (count > body.remaining() / Integer.BYTES) {
            throw new WireException("a list of " + count + " strings in " + body.remaining() + " bytes");
        }
        for (int i = 0; i < count; i++) {
            int length = length(body);
            for (int at = body.position(); at < body.position() + length; at++) {
                if (body.get(at) == 0) {
                    throw new WireException("a NUL byte in a string");
                }
            }
            body.position(body.position() + length);
        }
    }

    /** Reads a length or count, which can never be more than what is left. */
    private static int length(ByteBuffer body) throws WireException {
        int length = body.getInt();
        if (length < 0 || length > body.remaining()) {
            throw new WireException("length " + (length & 0xffffffffL) + " with " + body.remaining() + " bytes left");
        }
        return length;
    }
}
