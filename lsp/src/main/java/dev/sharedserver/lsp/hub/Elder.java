package dev.sharedserver.lsp.hub;

import dev.sharedserver.lsp.interpose.Interposed;
import dev.sharedserver.lsp.protocol.Deframer;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The editor that started a server which is not ours, and was there before us. It knows nothing of us: it talks to the pipes,
 * sockets or terminal that the server had.
 *
 * <p>Its journal is for a hub that comes after one which was killed: it finishes the message that the editor has got half of, and
 * begins to read between two messages, or behind the rest of one whose beginning is lost.
 */
final class Elder implements Line {

    private final Interposed interposed;
    private final Journal journal;
    private final long pid;
    private volatile long settled = -1;

    /** @param pid the editor's, as far as is known */
    Elder(Interposed interposed, Journal journal, long pid) {
        this.interposed = interposed;
        this.journal = journal;
        this.pid = pid;
    }

    long pid() {
        return pid;
    }

    Interposed interposed() {
        return interposed;
    }

    /** Reads what it says until it is gone, or not ours to serve any more. */
    void read(Instance instance, Session session) throws InterruptedException {
        Deframer deframer = new Deframer(instance.limits().body());
        List<byte[]> bodies = new ArrayList<>();
        long taken = 0;
        try {
            deframer.skip(journal.skip());
            ByteBuffer piece = journal.left();
            while (piece != null) {
                deframer.feed(piece, bodies::add);
                for (byte[] body : bodies) {
                    instance.said(session, body);
                }
                bodies.clear();
                journal.done(deframer.remaining(), deframer.partialHeader());
                if (deframer.isBetween()) {
                    settled = taken;
                }
                piece = journal.read(interposed.fromOldClient(), deframer.remaining(), deframer.partialHeader());
                taken += piece == null ? 0 : piece.remaining();
            }
        } catch (MalformedMessage e) {
            System.out.println(
                    "what the first editor of " + instance.name() + " says is not understood: " + e.getMessage());
        } catch (IOException e) {
            // it is gone, or has its server back
        }
    }

    /** Tells whether everything that was read of it are whole messages that were passed on. */
    boolean isBetween() {
        return settled == interposed.takenFromOldClient();
    }

    // ---- what it is told ----

    /** Finishes the message that a predecessor was writing. */
    void resume() throws IOException {
        journal.finish(interposed.toOldClient());
    }

    @Override
    public void write(byte[] header, byte[] body, Runnable taken) throws IOException {
        journal.write(interposed.toOldClient(), header, body);
        taken.run();
    }

    @Override
    public void end(String last, int exitCode) {
        cut();
    }

    @Override
    public void cut() {
        interposed.park();
        try {
            journal.close();
        } catch (IOException e) {
            System.out.println("a journal cannot be closed: " + e.getMessage());
        }
    }
}
