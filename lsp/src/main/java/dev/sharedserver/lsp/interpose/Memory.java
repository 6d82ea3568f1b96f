package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/** A target's memory, and where in it stands an instruction that makes a system call. Opened while the target still runs. */
final class Memory implements AutoCloseable {

    private final FileChannel channel;
    private final byte[] wanted;
    private final long instruction;

    private Memory(FileChannel channel, byte[] wanted, long instruction) {
        this.channel = channel;
        this.wanted = wanted;
        this.instruction = instruction;
    }

    static Memory of(Facts facts, Machine machine) throws Refusal {
        byte[] wanted = machine.instruction();
        try {
            FileChannel channel = facts.memory();
            for (long[] range : facts.code()) {
                long at = find(wanted, channel, range[0], Math.min(range[1], range[0] + (1 << 20)));
                if (at != 0) {
                    return new Memory(channel, wanted, at);
                }
            }
            channel.close();
        } catch (IOException e) {
            if (!facts.lives((int) facts.pid())) {
                throw new Refusal(Reason.GONE, "process " + facts.pid() + " ended");
            }
            throw Checks.refused(facts.pid(), Facts.yamaScope());
        }
        throw new Refusal(Reason.FAILED, "process " + facts.pid() + " has no code that makes system calls");
    }

    private static long find(byte[] wanted, FileChannel channel, long start, long end) {
        ByteBuffer bytes = ByteBuffer.allocate((int) (end - start));
        try {
            channel.read(bytes, start);
        } catch (IOException e) {
            return 0; // a mapping that cannot be read, as that of a device
        }
        // aligned to its own length, as instructions of aarch64 are; on x86 every byte may begin one
        int step = wanted.length == 4 ? 4 : 1;
        for (int i = 0; i + wanted.length <= bytes.position(); i += step) {
            if (Arrays.equals(bytes.array(), i, i + wanted.length, wanted, 0, wanted.length)) {
                return start + i;
            }
        }
        return 0;
    }

    /** Returns the instruction's address, of a target that stands still; 0 if something else stands there by now. */
    long instruction() throws IOException {
        ByteBuffer there = ByteBuffer.allocate(wanted.length);
        channel.read(there, instruction);
        return Arrays.equals(there.array(), wanted) ? instruction : 0;
    }

    void write(ByteBuffer bytes, long address) throws IOException {
        channel.write(bytes, address);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // read and written with calls that told their errors
        }
    }
}
