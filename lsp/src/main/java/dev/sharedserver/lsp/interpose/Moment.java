package dev.sharedserver.lsp.interpose;

import dev.sharedserver.lsp.interpose.Facts.InCall;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Finds the moment at which a target is between two messages: it waits for input, none is there, and no answer is under way. */
final class Moment {

    private static final int EBADF = 9;

    private final Kernel kernel;
    private final Facts facts;
    private final int pidfd;

    Moment(Kernel kernel, Facts facts, int pidfd) {
        this.kernel = kernel;
        this.facts = facts;
        this.pidfd = pidfd;
    }

    /** Waits until such a moment has lasted for a while; the target runs, so it may be over when this returns. */
    void await(Duration quiet, Duration glance, long deadline, AtomicBoolean cancelled)
            throws Refusal, InterruptedException {
        long since = System.nanoTime();
        while (true) {
            if (facts.stat() == null) {
                throw new Refusal(Reason.GONE, "process " + facts.pid() + " ended");
            }
            Plan plan = Plan.of(facts);
            String obstacle = obstacle(plan, facts.calls());
            long now = System.nanoTime();
            if (obstacle != null) {
                since = now;
            } else if (now - since >= quiet.toNanos()) {
                return;
            }
            if (now > deadline) {
                throw new Refusal(
                        Reason.BUSY,
                        "process " + facts.pid() + " is not between two messages: "
                                + (obstacle == null ? "it is at rest for moments only" : obstacle));
            }
            rest(glance, cancelled);
        }
    }

    static void rest(Duration duration, AtomicBoolean cancelled) throws InterruptedException {
        Thread.sleep(duration);
        if (cancelled.get()) {
            throw new InterruptedException();
        }
    }

    /** Tells whether now is such a moment, of a target that stands still. */
    boolean isNow(Plan plan, List<InCall> calls) throws Refusal {
        return obstacle(plan, calls) == null;
    }

    /** Returns what is against it; null if nothing. */
    private @Nullable String obstacle(Plan plan, List<InCall> calls) throws Refusal {
        boolean waits = false;
        for (InCall call : calls) {
            if (plan.writes(call, kernel.machine())) {
                return "it is writing an answer";
            }
            waits |= plan.reads(call, kernel.machine());
        }
        if (!waits) {
            return "it does not wait for messages";
        }
        for (Plan.Slot slot : plan.slots()) {
            long copy = kernel.copy(pidfd, slot.number());
            if (copy == -EBADF) {
                return "it has just closed a descriptor";
            }
            if (copy == -Kernel.ESRCH) {
                throw new Refusal(Reason.GONE, "process " + facts.pid() + " ended");
            }
            if (copy < 0) {
                throw Checks.refused(facts.pid(), Facts.yamaScope());
            }
            try {
                long queued = slot.input()
                        ? kernel.queued((int) copy)
                        : kernel.unread((int) copy, slot.link().startsWith("socket:"));
                if (queued > 0) {
                    return queued
                            + (slot.input() ? " bytes wait to be read" : " bytes of its answers wait for the editor");
                }
            } finally {
                kernel.close((int) copy);
            }
        }
        return null;
    }
}
