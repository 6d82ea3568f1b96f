package dev.sharedserver.lsp.interpose;

import dev.sharedserver.lsp.interpose.Attachment.Swapped;
import dev.sharedserver.lsp.interpose.Facts.Watch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Changes the descriptors of a target that stands still. What fails halfway is undone: a refusal finds the target as it was. */
final class Swap {

    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int ENOENT = 2;
    private static final int EINVAL = 22;
    private static final int PR_GET_DUMPABLE = 3;

    /** Where old descriptors are kept: far from those that a program of a few hundred descriptors would be given next. */
    private static final int STASH = 200;

    /** The same, where the limit of open files is so low. */
    private static final int LOW_STASH = 10;

    private final Halted target;
    private final Facts facts;
    private final Deque<Undo> undone = new ArrayDeque<>();
    /** Descriptors of the target that are only needed until all is done or undone. */
    private final List<Integer> spares = new ArrayList<>();

    private Swap(Halted target, Facts facts) {
        this.target = target;
        this.facts = facts;
    }

    /**
     * Puts the FIFOs in the place of the plan's descriptors.
     *
     * @param planned what is wanted; nothing is replaced in it
     * @param ledger told what is about to be put where
     * @return the same, with that
     */
    static Attachment in(Halted target, Facts facts, Plan plan, Attachment planned, Interposer.Ledger ledger)
            throws Refusal {
        long dumpable = target.call(Call.PRCTL, PR_GET_DUMPABLE);
        if (dumpable != 1) {
            throw new Refusal(Reason.NON_DUMPABLE, "process " + facts.pid() + " is not dumpable");
        }
        Swap swap = new Swap(target, facts);
        List<Integer> opened = new ArrayList<>();
        List<Swapped> swapped = new ArrayList<>();
        Attachment attachment;
        boolean done = false;
        try {
            for (Plan.Slot slot : plan.slots()) {
                opened.add(swap.opened(slot, Path.of(slot.input() ? planned.stdin() : planned.stdout())));
                swapped.add(swap.stashed(slot));
            }
            attachment = new Attachment(
                    planned.pid(), planned.startStamp(), planned.stdin(), planned.stdout(), swapped, planned.via());
            // from here on it could be needed: somebody may kill us between any two of the following steps
            ledger.write(attachment);
            List<Watch> taken = swap.take(plan.watches());
            for (int i = 0; i < opened.size(); i++) {
                swap.replace(opened.get(i), swapped.get(i));
            }
            swap.give(taken);
            done = true;
        } catch (IOException e) {
            throw new Refusal(
                    Reason.NOT_RECORDED,
                    "what would be done to process " + facts.pid() + " cannot be written down: " + e.getMessage());
        } finally {
            swap.end(done);
        }
        return attachment;
    }

    /** Puts the old descriptors back. */
    static void back(Halted target, Facts facts, Plan plan, List<Swapped> swapped) throws Refusal {
        Swap swap = new Swap(target, facts);
        boolean done = false;
        try {
            List<Watch> taken = swap.take(plan.watches());
            for (Swapped one : swapped) {
                swap.restore(one);
            }
            swap.give(taken);
            done = true;
        } finally {
            swap.end(done);
        }
        // not before all is well: without them nothing could be tried again
        for (Swapped one : swapped) {
            target.call(Call.CLOSE, one.stash());
        }
    }

    private void end(boolean done) throws Refusal {
        while (!done && !undone.isEmpty()) {
            undone.pop().run(this);
        }
        for (int spare : spares) {
            target.call(Call.CLOSE, spare);
        }
    }

    private int opened(Plan.Slot slot, Path fifo) throws Refusal {
        int flags = slot.nonBlocking() | Kernel.O_CLOEXEC;
        // for reading and writing: never waits for a peer, never meets an end of file or a SIGPIPE when the hub is
        // killed
        int opened = (int) checked("openat", target.open(fifo.toString(), Kernel.O_RDWR | flags));
        spares.add(opened);
        if (!same(opened, fifo)) {
            throw new Refusal(
                    Reason.STDIO, "process " + facts.pid() + " sees other files than we do, as in a container");
        }
        return opened;
    }

    private Swapped stashed(Plan.Slot slot) throws Refusal {
        long kept = target.call(Call.FCNTL, slot.number(), Kernel.F_DUPFD_CLOEXEC, STASH);
        if (kept == -EINVAL) {
            kept = target.call(Call.FCNTL, slot.number(), Kernel.F_DUPFD_CLOEXEC, LOW_STASH);
        }
        int stash = (int) checked("fcntl", kept);
        undone.push(new Undo.Close(stash));
        return new Swapped(slot.number(), stash, slot.input(), slot.closeOnExec(), slot.link());
    }

    private void replace(int opened, Swapped one) throws Refusal {
        int closeOnExec = one.closeOnExec() ? Kernel.O_CLOEXEC : 0;
        checked("dup3", target.call(Call.DUP3, opened, one.fd(), closeOnExec));
        undone.push(new Undo.Dup(one.stash(), one.fd(), closeOnExec));
    }

    private boolean same(int opened, Path fifo) {
        Object there = facts.file(opened);
        return there != null && there.equals(Facts.file(fifo));
    }

    private void restore(Swapped one) throws Refusal {
        int closeOnExec = one.closeOnExec() ? Kernel.O_CLOEXEC : 0;
        // the FIFO goes with its number: should a later step fail, it is kept beside for the way back
        int kept = (int) checked("fcntl", target.call(Call.FCNTL, one.fd(), Kernel.F_DUPFD_CLOEXEC, LOW_STASH));
        spares.add(kept);
        checked("dup3", target.call(Call.DUP3, one.stash(), one.fd(), closeOnExec));
        undone.push(new Undo.Dup(kept, one.fd(), closeOnExec));
    }

    private List<Watch> take(List<Watch> watches) throws Refusal {
        List<Watch> taken = new ArrayList<>();
        for (Watch watch : watches) {
            long result = target.call(Call.EPOLL_CTL, watch.epoll(), EPOLL_CTL_DEL, watch.descriptor(), 0);
            // a second number of the same epoll set has been seen to already
            if (result != -ENOENT) {
                checked("epoll_ctl", result);
                taken.add(watch);
                undone.push(new Undo.Add(watch));
            }
        }
        return taken;
    }

    private void give(List<Watch> taken) throws Refusal {
        for (Watch watch : taken) {
            checked("epoll_ctl", add(watch));
        }
    }

    private long add(Watch watch) throws Refusal {
        // struct epoll_event of sys/epoll.h is packed on x86-64 only
        boolean packed = Machine.here() == Machine.X86_64;
        ByteBuffer event = ByteBuffer.allocate(packed ? 12 : 16).order(ByteOrder.nativeOrder());
        event.putInt(0, watch.events()).putLong(packed ? 4 : 8, watch.data());
        return target.call(Call.EPOLL_CTL, watch.epoll(), EPOLL_CTL_ADD, watch.descriptor(), target.bytes(event));
    }

    private long checked(String name, long result) throws Refusal {
        if (result < 0) {
            throw target.failed(name, result);
        }
        return result;
    }

    /** A step back. Data rather than lambdas: the target stands still, and the first lambda of a JVM takes longer than all of this. */
    private sealed interface Undo {

        record Close(int descriptor) implements Undo {}

        record Dup(int from, int to, int flags) implements Undo {}

        record Add(Watch watch) implements Undo {}

        default void run(Swap swap) throws Refusal {
            if (this instanceof Close close) {
                swap.target.call(Call.CLOSE, close.descriptor);
            } else if (this instanceof Dup dup) {
                swap.target.call(Call.DUP3, dup.from, dup.to, dup.flags);
            } else if (this instanceof Add add) {
                swap.add(add.watch);
            }
        }
    }
}
