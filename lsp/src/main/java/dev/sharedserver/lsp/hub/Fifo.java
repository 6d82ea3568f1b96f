package dev.sharedserver.lsp.hub;

import dev.sharedserver.lsp.interpose.Pipe;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The FIFO that a server reads, and that we alone write to. */
final class Fifo implements WritableByteChannel {

    /** What any pipe takes as a whole, in bytes (pipe(7)). */
    private static final int PIPE_BUF = 4096;

    private final FileChannel channel;
    private volatile int capacity = PIPE_BUF;

    /** Never read from: it tells how much there is. */
    private final FileInputStream contents;

    private Fifo(FileChannel channel, FileInputStream contents) {
        this.channel = channel;
        this.contents = contents;
    }

    /** Opens one; waits for nobody, since it opens both ends. */
    static Fifo open(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            Fifo fifo = new Fifo(channel, new FileInputStream(path.toFile()));
            // the first call of a foreign function takes longer than a message
            Thread.ofVirtual().start(() -> fifo.capacity = (int) Math.max(PIPE_BUF, Pipe.widen(path, Journal.BUFFER)));
            return fifo;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Returns how many bytes are taken at once, without waiting and as a whole: none, if the server has not read everything. */
    int free() throws IOException {
        return contents.available() == 0 ? capacity : 0;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        return channel.write(from);
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        contents.close();
    }
}
