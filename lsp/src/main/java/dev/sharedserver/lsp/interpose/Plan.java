package dev.sharedserver.lsp.interpose;

import dev.sharedserver.lsp.interpose.Attachment.Swapped;
import dev.sharedserver.lsp.interpose.Facts.Descriptor;
import dev.sharedserver.lsp.interpose.Facts.InCall;
import dev.sharedserver.lsp.interpose.Facts.Watch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which descriptors of a target are its standard input and output: 0 and 1, and the other names that the program has for the
 * same files. Node on a terminal opens that terminal anew and never touches 0 and 1 again.
 *
 * @param slots 0 and 1 first
 * @param watches how epoll descriptors watch them
 */
record Plan(List<Slot> slots, List<Watch> watches) {

    /** A descriptor to replace, and its flags as {@code open(2)} has them. */
    record Slot(int number, boolean input, int flags, String link) {

        boolean closeOnExec() {
            return (flags & Kernel.O_CLOEXEC) != 0;
        }

        int nonBlocking() {
            return flags & Kernel.O_NONBLOCK;
        }
    }

    private static final int O_ACCMODE = 3;
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;

    /** Looks at a target, which may run. */
    static Plan of(Facts facts) throws Refusal {
        List<Descriptor> descriptors = facts.descriptors();
        if (descriptors == null) {
            throw new Refusal(Reason.PTRACE_REFUSED, "the descriptors of process " + facts.pid() + " cannot be read");
        }
        List<Watch> watches = new ArrayList<>();
        for (Descriptor descriptor : descriptors) {
            if (descriptor.link().equals("anon_inode:[eventpoll]")) {
                watches.addAll(facts.watches(descriptor.number()));
            }
        }
        Descriptor input = standard(facts, descriptors, 0);
        Descriptor output = standard(facts, descriptors, 1);
        List<Slot> slots = new ArrayList<>();
        slots.add(slot(facts, input, true));
        slots.add(slot(facts, output, false));
        List<Slot> unclear = new ArrayList<>();
        for (Descriptor other : descriptors) {
            if (other.number() <= 2) {
                continue;
            }
            boolean asInput = other.link().equals(input.link());
            boolean asOutput = other.link().equals(output.link());
            int mode = facts.flags(other.number()) & O_ACCMODE;
            if (asInput && mode != O_WRONLY && (!asOutput || mode == O_RDONLY || watched(watches, other.number()))) {
                slots.add(slot(facts, other, true));
            } else if (asOutput && mode != O_RDONLY) {
                (asInput && mode != O_WRONLY ? unclear : slots).add(slot(facts, other, false));
            }
        }
        // open for both, and not watched for input: where there is one, it is what the program writes to; of two one
        // may be what its
        // complaints go to, which must not come between messages
        if (unclear.size() > 1) {
            throw new Refusal(
                    Reason.STDIO,
                    "process " + facts.pid() + " has " + input.link() + " open as "
                            + unclear.get(0).number() + " and " + unclear.get(1).number()
                            + ", and which one it answers on cannot be told");
        }
        slots.addAll(unclear);
        Set<Integer> numbers = slots.stream().map(Slot::number).collect(Collectors.toSet());
        watches.removeIf(watch -> !numbers.contains(watch.descriptor())
                || watch.inode() != -1 && watch.inode() != facts.inode(watch.descriptor()));
        return new Plan(List.copyOf(slots), List.copyOf(watches));
    }

    private static Descriptor standard(Facts facts, List<Descriptor> descriptors, int number) throws Refusal {
        String name = number == 0 ? "standard input" : "standard output";
        for (Descriptor descriptor : descriptors) {
            if (descriptor.number() == number) {
                StdioKind kind = descriptor.kind(facts);
                return switch (kind) {
                    case PIPE, SOCKET, TERMINAL, FIFO -> descriptor;
                    case FILE, OTHER, CLOSED ->
                        throw new Refusal(
                                Reason.STDIO,
                                "the " + name + " of process " + facts.pid() + " is " + descriptor.link());
                };
            }
        }
        throw new Refusal(Reason.STDIO, "process " + facts.pid() + " has closed its " + name);
    }

    private static boolean watched(List<Watch> watches, int number) {
        return watches.stream().anyMatch(watch -> watch.descriptor() == number && watch.forInput());
    }

    private static Slot slot(Facts facts, Descriptor descriptor, boolean input) {
        return new Slot(descriptor.number(), input, facts.flags(descriptor.number()), descriptor.link());
    }

    /** Returns the descriptor that is really read or written: the last one, since a program opens 0 and 1 anew, if at all. */
    int last(boolean input) {
        int last = -1;
        for (Slot slot : slots) {
            last = slot.input() == input ? slot.number() : last;
        }
        return last;
    }

    /** The same plan for those descriptors only that were replaced once. */
    Plan only(List<Swapped> swapped) {
        List<Slot> chosen = slots.stream()
                .filter(slot -> swapped.stream().anyMatch(one -> one.fd() == slot.number()))
                .toList();
        return new Plan(
                chosen,
                watches.stream()
                        .filter(watch -> chosen.stream().anyMatch(slot -> slot.number() == watch.descriptor()))
                        .toList());
    }

    /** Tells whether a task in that call waits for input. A poll or select is taken for one: what it waits for stands in its memory. */
    boolean reads(InCall call, Machine machine) {
        return is(call, machine, Call.READ, Call.READV, Call.PREADV2, Call.RECVFROM, Call.RECVMSG)
                        && has(call.first(), true)
                || is(call, machine, Call.EPOLL_WAIT, Call.EPOLL_PWAIT, Call.EPOLL_PWAIT2)
                        && watches.stream()
                                .anyMatch(watch -> watch.epoll() == call.first()
                                        && has(watch.descriptor(), true)
                                        && watch.forInput())
                || is(call, machine, Call.POLL, Call.PPOLL, Call.SELECT, Call.PSELECT6, Call.RESTART_SYSCALL);
    }

    /** Tells whether a task in that call is about to write an answer. */
    boolean writes(InCall call, Machine machine) {
        return is(call, machine, Call.WRITE, Call.WRITEV, Call.PWRITEV2, Call.SENDTO, Call.SENDMSG)
                && has(call.first(), false);
    }

    private boolean has(long number, boolean input) {
        return slots.stream().anyMatch(slot -> slot.number() == number && slot.input() == input);
    }

    private static boolean is(InCall call, Machine machine, Call... calls) {
        for (Call one : calls) {
            if (call.number() == one.on(machine)) {
                return true;
            }
        }
        return false;
    }
}
