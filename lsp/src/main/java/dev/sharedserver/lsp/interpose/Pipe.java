package dev.sharedserver.lsp.interpose;

import java.lang.foreign.Arena;
import java.nio.file.Path;

/** What Java does not know of pipes. */
public final class Pipe {

    private static final int AT_FDCWD = -100;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;

    private Pipe() {}

    /**
     * Has a FIFO hold that many bytes, if the user may have that much memory for pipes.
     *
     * @return how many it holds now; 0 if that is not known
     */
    public static long widen(Path fifo, int bytes) {
        Machine machine = Machine.here();
        if (machine == null) {
            return 0;
        }
        Kernel kernel = new Kernel(machine);
        try (Arena arena = Arena.ofConfined()) {
            long descriptor = kernel.call(
                    Call.OPENAT,
                    AT_FDCWD,
                    arena.allocateFrom(fifo.toString()).address(),
                    Kernel.O_RDWR | Kernel.O_NONBLOCK | Kernel.O_CLOEXEC,
                    0,
                    0);
            if (descriptor < 0) {
                return 0;
            }
            if (kernel.call(Call.FCNTL, descriptor, F_GETPIPE_SZ, 0, 0, 0) < bytes) {
                kernel.call(Call.FCNTL, descriptor, F_SETPIPE_SZ, bytes, 0, 0);
            }
            long holds = kernel.call(Call.FCNTL, descriptor, F_GETPIPE_SZ, 0, 0, 0);
            kernel.close((int) descriptor);
            return Math.max(0, holds);
        }
    }
}
