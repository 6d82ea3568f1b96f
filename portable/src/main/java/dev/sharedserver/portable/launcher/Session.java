package dev.sharedserver.portable.launcher;

import dev.sharedserver.os.guard.Frame;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A session with a hub: standard input goes there as it comes, and what comes back goes out. Neither direction waits for the
 * other one. Where signals are heeded the first of them goes there, and nothing of standard input. What was sent before the hub
 * has said anything is kept, so that another one can be asked.
 */
final class Session {

    private static final int PIECE = 64 << 10;
    private static final int KEPT = 1 << 20;

    private final Say say;
    private final Signals signals;
    private final java.io.ByteArrayOutputStream kept = new java.io.ByteArrayOutputStream();
    private @Nullable Channel hub;
    private boolean reading;
    private boolean begun;

    Session(Say say, Signals signals) {
        this.say = say;
        this.signals = signals;
    }

    synchronized boolean begun() {
        return begun;
    }

    /** Returns the exit code, or -1 if the hub hung up. */
    int carry(Channel channel) throws IOException, Trouble {
        synchronized (this) {
            hub = channel;
            try {
                channel.send(kept.toByteArray());
            } catch (IOException e) {
                return -1;
            }
            if (!reading) {
                reading = true;
                Thread.ofPlatform().daemon().name("input").start(signals.heeds() ? this::tellSignal : this::read);
            }
        }
        while (true) {
            ByteBuffer frame = channel.next();
            if (frame == null) {
                return -1;
            }
            synchronized (this) {
                begun = true;
            }
            char type = (char) frame.get();
            switch (type) {
                case 'X' -> {
                    return frame.get() & 0xff;
                }
                case 'O', 'E' -> {
                    byte[] bytes = new byte[frame.remaining()];
                    frame.get(bytes);
                    say.write(type == 'O', bytes, 0, bytes.length);
                }
                default -> throw new Channel.Malformed();
            }
        }
    }

    private void tellSignal() {
        try {
            int number = signals.await();
            Channel to;
            synchronized (this) {
                to = hub;
            }
            if (to != null) {
                to.send(Frame.of('S', body -> body.writeByte(number)));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // it has hung up, which the other thread finds out
        }
    }

    private void read() {
        byte[] piece = new byte[PIECE];
        FileInputStream in = new FileInputStream(FileDescriptor.in);
        int n = 0;
        while (n >= 0) {
            try {
                n = in.read(piece);
            } catch (IOException e) {
                n = -1; // what cannot be read any more has ended
            }
            int length = Math.max(0, n);
            try {
                pass(Frame.of('D', body -> body.write(piece, 0, length)));
            } catch (IOException e) {
                if (begun()) {
                    return; // it takes no more; what it has to say is read by the other thread
                }
            }
        }
    }

    private void pass(byte[] frame) throws IOException {
        Channel to;
        synchronized (this) {
            begun |= kept.size() + frame.length > KEPT;
            if (!begun) {
                kept.write(frame);
            }
            to = hub;
        }
        if (to != null) {
            to.send(frame);
        }
    }
}
