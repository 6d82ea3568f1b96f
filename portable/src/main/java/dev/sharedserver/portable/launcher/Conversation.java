package dev.sharedserver.portable.launcher;

import dev.sharedserver.os.guard.Frame;
import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.file.Files;

/** Asks the agent and does what it answers: {@code launcher/src/launcher.c} from its request on. */
final class Conversation {

    private static final int PROTOCOL = 1;
    private static final int FLAG_STDIN = 1;
    private static final int FLAG_STDOUT = 2;
    private static final int FLAG_STDERR = 4;
    private static final int FLAG_RETRY = 8;
    private static final int FLAG_SIGNALLED = 16;
    private static final int INPUT_LIMIT = 2 << 20;
    private static final int STEP_EXEC = 10;

    private final Self self;
    private final Say say;
    private final Connector connector;
    private final Signals signals;
    private final Become become;
    private final Waiting waiting;
    private final Session session;
    private final Input input = new Input();
    private final String version;
    private String token = "";
    private boolean watchesOutput;

    Conversation(Self self, Say say, Connector connector, Signals signals, Become become) throws IOException {
        this.self = self;
        this.say = say;
        this.connector = connector;
        this.signals = signals;
        this.become = become;
        this.waiting = new Waiting(self.proc(), signals);
        this.session = new Session(say, signals);
        this.version = Files.readString(self.home().resolve("lib/version")).strip();
    }

    /** What an answer comes to. */
    private sealed interface Result {
        /** The exit code. */
        record Exit(int code) implements Result {}

        /** The same question once more, as a new one. */
        record Again() implements Result {}

        /** The agent hung up. */
        record Lost() implements Result {}

        /** There is more to read. */
        record GoOn() implements Result {}
    }

    /** Returns the exit code. */
    int run() throws Trouble, InterruptedException, IOException {
        while (true) {
            if (ask() instanceof Result.Exit exit) {
                return exit.code();
            }
        }
    }

    private Result ask() throws Trouble, InterruptedException, IOException {
        byte[] id = newId();
        boolean retry = false;
        long deadline = System.nanoTime() + Connector.PATIENCE;
        while (true) {
            byte[] request = request(id, retry);
            if (request.length - 4 > Channel.MAX_FRAME) {
                throw new Trouble("arguments and environment are larger than " + Channel.MAX_FRAME + " bytes");
            }
            long asked;
            try (Channel channel = new Channel(connector.connectAgent(deadline))) {
                asked = System.nanoTime();
                Result result = converse(channel, request);
                if (!(result instanceof Result.Lost)) {
                    return result;
                }
            }
            say.trace("the agent hung up, trying again");
            long now = System.nanoTime();
            if (now - deadline > 0 && now - asked < Connector.PATIENCE) {
                throw new Trouble("the agent of " + connector.directory() + " hung up without an answer; see "
                        + connector.directory() + "/.agent.log");
            }
            // a long wait that ends with the agent is no failed try: the next one gets its time, too
            if (now - asked >= Connector.PATIENCE) {
                deadline = now + Connector.PATIENCE;
            }
            retry = true;
            Connector.pauseALittle();
        }
    }

    /** Of the kernel: Java's own generator takes longer to start than all the rest. */
    private static byte[] newId() throws IOException {
        try (FileInputStream random = new FileInputStream("/dev/urandom")) {
            return random.readNBytes(16);
        }
    }

    private byte[] request(byte[] id, boolean retry) throws IOException {
        int flags = (retry ? FLAG_RETRY : 0)
                | (signals.caught() ? FLAG_SIGNALLED : 0)
                | (self.isTerminal(0) ? FLAG_STDIN : 0)
                | (self.isTerminal(1) ? FLAG_STDOUT : 0)
                | (self.isTerminal(2) ? FLAG_STDERR : 0);
        int columns = self.isTerminal(1) ? LibC.columns(1) : 0;
        long parent = ProcessHandle.current().parent().map(ProcessHandle::pid).orElse(0L);
        return Frame.of('R', body -> {
            body.writeShort(PROTOCOL);
            body.write(id);
            body.writeShort(flags);
            body.writeShort(columns);
            body.writeInt((int) self.pid());
            body.writeLong(self.stamp());
            body.writeInt((int) parent);
            body.writeInt(self.umask());
            body.writeInt(self.nice());
            body.writeByte(self.limits().size() / 2);
            for (long limit : self.limits()) {
                body.writeLong(limit);
            }
            Channel.put(body, version);
            Channel.put(body, self.cwd());
            Channel.put(body, token);
            Channel.put(body, self.argv());
            Channel.put(body, self.variables());
        });
    }

    /** Reads and obeys until there is an exit code, a reason to ask again, or an end of the connection. */
    private Result converse(Channel channel, byte[] request) throws Trouble, InterruptedException {
        try {
            channel.send(request);
            while (true) {
                ByteBuffer frame = channel.next();
                if (frame == null) {
                    return new Result.Lost();
                }
                Result result = obey(channel, (char) frame.get(), frame, request);
                if (!(result instanceof Result.GoOn)) {
                    return result;
                }
            }
        } catch (Channel.Malformed e) {
            throw new Trouble(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return new Result.Lost();
        }
    }

    private Result obey(Channel channel, char type, ByteBuffer body, byte[] request)
            throws IOException, Trouble, InterruptedException {
        try {
            return switch (type) {
                case 'O', 'E' -> print(type == 'O', body);
                case 'X' -> new Result.Exit(body.get() & 0xff);
                case 'N' -> throw new Trouble(Channel.string(body).replaceAll("\\p{Cntrl}", "?"));
                case 'C' -> becomeCommand(channel, body);
                case 'T' -> {
                    token = Channel.string(body);
                    yield new Result.GoOn();
                }
                case 'I' -> sendInput(channel, body.getInt(), body.getInt());
                case 'H' -> goTo(Channel.string(body), channel, request);
                case 'W' -> await(channel, body);
                default -> throw new Trouble("the agent sent a frame of unknown type " + (int) type);
            };
        } catch (BufferUnderflowException e) {
            throw new Trouble("the agent sent a malformed frame " + type);
        }
    }

    private Result print(boolean toOut, ByteBuffer body) throws Trouble {
        if (toOut && !watchesOutput) {
            watchesOutput = true;
            watchOutput();
        }
        say.write(toOut, body.array(), body.arrayOffset() + body.position(), body.remaining());
        return new Result.GoOn();
    }

    /** {@code events -f | head -1}: the next event may be hours away, the reader is gone now. Only worth it if this lasts. */
    private void watchOutput() {
        Thread.ofPlatform().daemon().name("output").start(() -> {
            try {
                Thread.sleep(200);
                if (Descriptors.isFifo(1) && LibC.awaitBroken(1)) {
                    Signals.endBy("PIPE", LibC.SIGPIPE);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private Result becomeCommand(Channel channel, ByteBuffer body) throws IOException, Trouble {
        java.util.List<String> argv = Channel.list(body);
        java.util.List<String> more = Channel.list(body);
        String directory = Channel.string(body);
        if (argv.isEmpty()) {
            throw new BufferUnderflowException();
        }
        say.trace("becoming " + argv.getFirst());
        Become.Failed failed = become.command(argv, more, directory);
        try {
            channel.send(Frame.of('F', answer -> {
                answer.writeByte(failed.step());
                answer.writeInt(failed.errno());
            }));
        } catch (IOException e) {
            int code = failed.step() != STEP_EXEC
                    ? 1
                    : failed.errno() == LibC.ENOENT || failed.errno() == LibC.ENOTDIR ? 127 : 126;
            throw new Trouble("cannot execute: " + dev.sharedserver.core.Errno.text(failed.errno()), code);
        }
        return new Result.GoOn();
    }

    private Result sendInput(Channel channel, int limit, int timeout)
            throws IOException, Trouble, InterruptedException {
        if (limit < 0 || limit > INPUT_LIMIT) {
            throw new BufferUnderflowException();
        }
        Input.Read read = input.upTo(limit, timeout & 0xffffffffL);
        channel.send(Frame.of('I', read::writeTo));
        return new Result.GoOn();
    }

    private Result await(Channel channel, ByteBuffer body) throws IOException, InterruptedException {
        Waiting.For what = new Waiting.For(
                body.getInt() & 0xffffffffL,
                body.getLong(),
                Channel.string(body),
                Channel.string(body),
                body.getLong(),
                (body.get() & 1) != 0);
        channel.close();
        waiting.await(what);
        return new Result.Again();
    }

    /** Says the request again, to a hub. One that is not there is the agent's affair, which is asked once more. */
    private Result goTo(String name, Channel agent, byte[] request) throws IOException, Trouble {
        if (name.length() <= 6
                || name.length() >= 64
                || name.charAt(0) != '.'
                || name.indexOf('/') >= 0
                || !name.endsWith(".sock")) {
            throw new BufferUnderflowException();
        }
        agent.close();
        try (Channel hub = new Channel(connector.connect(name))) {
            hub.send(request);
            say.trace("answered by " + name);
            int code = session.carry(hub);
            if (code >= 0) {
                return new Result.Exit(code);
            }
        } catch (Channel.Malformed e) {
            throw new Trouble("the hub at " + connector.directory() + "/" + name + " sent what is no answer");
        } catch (IOException e) {
            say.trace("no hub at " + name + ": " + e.getMessage());
        }
        if (session.begun()) {
            throw new Trouble(
                    "the hub at " + connector.directory() + "/" + name + " hung up in the middle of the session");
        }
        return new Result.Lost();
    }
}
