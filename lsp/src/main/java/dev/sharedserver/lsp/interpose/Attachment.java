package dev.sharedserver.lsp.interpose;

import java.util.List;

/**
 * What must be written down to undo an attachment, also by another process than the one that made it.
 *
 * @param pid the target
 * @param startStamp its start stamp
 * @param stdin the FIFO that it reads
 * @param stdout the FIFO that it writes
 * @param swapped the descriptors that were replaced, {@code 0} and {@code 1} first
 * @param via who did it, and is to undo it
 */
public record Attachment(long pid, long startStamp, String stdin, String stdout, List<Swapped> swapped, Via via) {

    public Attachment {
        swapped = List.copyOf(swapped);
    }

    /**
     * A descriptor of the target that was replaced.
     *
     * @param fd its number
     * @param stash where the old one is kept inside the target
     * @param input whether it is read
     * @param closeOnExec whether it had, and so has, that flag
     * @param was what {@code /proc/PID/fd} said of it
     */
    public record Swapped(int fd, int stash, boolean input, boolean closeOnExec, String was) {}
}
