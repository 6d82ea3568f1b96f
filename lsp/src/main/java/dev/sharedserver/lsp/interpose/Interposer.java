package dev.sharedserver.lsp.interpose;

import dev.sharedserver.lsp.interpose.Attachment.Swapped;
import dev.sharedserver.lsp.interpose.Facts.Descriptor;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Attaches to language servers that somebody else started, by pid (docs/lsp-attach.md). Linux, x86-64 and aarch64; the latter
 * was never run.
 *
 * <p>Each change of a target happens on a platform thread of its own, since the kernel takes no ptrace request from another
 * thread than the one that began, and lets go of a target when that thread ends.
 */
public final class Interposer {

    /** How long a target must have been at rest, and how often that is looked at. */
    private static final Duration QUIET = Duration.ofMillis(300);

    private static final Duration GLANCE = Duration.ofMillis(10);

    /** How long {@link Interposed#restore} tries. */
    private static final Duration RESTORE = Duration.ofSeconds(10);

    /** How long an editor may take to answer at least, also at the end of the time that the caller gave. */
    private static final Duration ANSWER = Duration.ofSeconds(2);

    private final @Nullable Kernel kernel;
    private final Duration quiet;

    public Interposer() {
        this(QUIET);
    }

    /** For tests that have seen to the quiet themselves. */
    Interposer(Duration quiet) {
        this.quiet = quiet;
        Machine machine = Machine.here();
        kernel = machine == null ? null : new Kernel(machine);
    }

    private Kernel kernel() throws Refusal {
        if (kernel == null) {
            throw new Refusal(
                    Reason.FAILED,
                    "attaching is not written for " + System.getProperty("os.arch"),
                    "start one with `lsp serve` instead");
        }
        return kernel;
    }

    /** Returns the language servers of this user, and why those that cannot be attached to cannot. */
    public List<Candidate> candidates() {
        int user = kernel == null ? Facts.PROC.uid(ProcessHandle.current().pid()) : kernel.effectiveUser();
        List<Candidate> candidates = new ArrayList<>();
        ProcessHandle.allProcesses().mapToLong(ProcessHandle::pid).sorted().forEach(pid -> {
            List<String> argv = Facts.PROC.cmdline(pid);
            ServerType type = argv == null ? null : ServerType.of(argv);
            ProcStat stat = Facts.PROC.stat(pid);
            if (argv != null && type != null && stat != null && stat.alive() && Facts.PROC.uid(pid) == user) {
                candidates.add(candidate(new Facts(pid), argv, type, stat, user));
            }
        });
        return candidates;
    }

    private static Candidate candidate(Facts facts, List<String> argv, ServerType type, ProcStat stat, int user) {
        Reason reason = null;
        String explanation = null;
        try {
            Checks.check(facts, stat.startTime(), user);
            Plan.of(facts);
        } catch (Refusal refusal) {
            reason = refusal.reason();
            explanation = refusal.getMessage();
        }
        Instant boot = Facts.PROC.bootTime();
        return new Candidate(
                stat.pid(),
                stat.startTime(),
                type.name(),
                argv,
                root(Facts.PROC.cwd(stat.pid())),
                user,
                boot == null
                        ? null
                        : boot.plusMillis(stat.startTime() * 1000 / dev.sharedserver.os.Proc.TICKS_PER_SECOND),
                kind(facts, 0),
                kind(facts, 1),
                type.node(),
                reason,
                explanation);
    }

    /** Pyright goes to the directory that it is installed in, which is nobody's project. */
    private static @Nullable String root(@Nullable String directory) {
        return directory == null || (directory + "/").contains("/node_modules/") ? null : directory;
    }

    private static StdioKind kind(Facts facts, int number) {
        String link = facts.link(number);
        return link == null ? StdioKind.CLOSED : new Descriptor(number, link).kind(facts);
    }

    /**
     * Puts FIFOs in the place of a server's standard input and output, at a moment between messages. The editor is asked for
     * a sign of life in passing, unless it is a terminal: an error as the answer is one.
     *
     * @param pid the server
     * @param startStamp its start stamp, of {@link Candidate#startStamp}; 0 for whatever has that pid now
     * @param stdin a FIFO that it is to read
     * @param stdout a FIFO that it is to write
     * @param timeout how long to wait for such a moment
     * @param via who is to do it
     * @param ledger told what will be where: should we be killed from then on, {@link #resume} finds the server by it
     * @throws Refusal the server is as it was
     * @throws InterruptedException the same
     */
    public Interposed interpose(
            long pid, long startStamp, Path stdin, Path stdout, Duration timeout, Via via, Ledger ledger)
            throws Refusal, InterruptedException {
        try {
            return attached(pid, startStamp, stdin, stdout, timeout, via, ledger);
        } catch (Refusal refusal) {
            throw ended(kernel(), refusal, pid);
        }
    }

    /** The same, for what is not to be taken up by another process. */
    public Interposed interpose(long pid, long startStamp, Path stdin, Path stdout, Duration timeout, Via via)
            throws Refusal, InterruptedException {
        return interpose(pid, startStamp, stdin, stdout, timeout, via, attachment -> {});
    }

    /** Where it is written down what must be undone, before it is done. */
    @FunctionalInterface
    public interface Ledger {

        /**
         * Is called on the tracing thread, while the target stands still and nothing of it is replaced yet: quick, please.
         *
         * @throws IOException it is not written down; the target is left as it is
         */
        void write(Attachment attachment) throws IOException;
    }

    /** The same, by our own means. */
    public Interposed interpose(long pid, long startStamp, Path stdin, Path stdout, Duration timeout)
            throws Refusal, InterruptedException {
        return interpose(pid, startStamp, stdin, stdout, timeout, Via.INJECT);
    }

    private static Halted halted(Via via, Kernel calls, Facts facts) throws Refusal {
        return switch (via) {
            case INJECT -> Standstill.of(calls, facts);
            case GDB -> Gdb.of(facts);
        };
    }

    /** Of what fails because the target is ending, only that is told: its descriptors and its command line go before itself. */
    private static Refusal ended(Kernel calls, Refusal refusal, long pid) {
        return switch (refusal.reason()) {
            case FAILED,
                    STDIO,
                    PTRACE_REFUSED,
                    NOT_A_LANGUAGE_SERVER,
                    NOT_OWNER,
                    BUSY,
                    TRACED,
                    STOPPED,
                    NON_DUMPABLE,
                    TIMED_OUT -> {
                long pidfd = calls.pidfd(pid);
                boolean gone = pidfd < 0 || calls.poll((int) pidfd, Kernel.POLLIN, 100) != 0;
                if (pidfd >= 0) {
                    calls.close((int) pidfd);
                }
                yield gone ? new Refusal(Reason.GONE, "process " + pid + " ended") : refusal;
            }
            case GONE, RECYCLED, OWN_CHILD, NOT_RECORDED -> refusal;
        };
    }

    private Interposed attached(
            long pid, long startStamp, Path stdin, Path stdout, Duration timeout, Via via, Ledger ledger)
            throws Refusal, InterruptedException {
        Kernel calls = kernel();
        Facts facts = new Facts(pid);
        long stamp = Checks.check(facts, startStamp, calls.effectiveUser());
        int pidfd = pidfd(calls, pid);
        try {
            // a pidfd is of one process for good: what is checked behind it cannot be another's
            Checks.check(facts, stamp, calls.effectiveUser());
            Path in = stdin.toAbsolutePath();
            Path out = stdout.toAbsolutePath();
            Moment moment = new Moment(calls, facts, pidfd);
            return alone("interpose-" + pid, cancelled -> {
                long deadline = System.nanoTime() + timeout.toNanos();
                // whatever may be refused to us is asked for before anything is replaced; for both, so as not to wait
                try (FileChannel server = FileChannel.open(in, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                    while (true) {
                        moment.await(quiet, GLANCE, deadline, cancelled);
                        Halted target = halted(via, calls, facts);
                        Attachment made = null;
                        int input = -1;
                        int output = -1;
                        try (target) {
                            // the same number of another process would have another stamp; and an exec is another
                            // program
                            Checks.checkStill(facts, stamp);
                            Plan plan = Plan.of(facts);
                            if (moment.isNow(plan, target.inCalls())) {
                                input = copy(calls, pidfd, pid, plan.last(true));
                                output = copy(calls, pidfd, pid, plan.last(false));
                                Attachment none =
                                        new Attachment(pid, stamp, in.toString(), out.toString(), List.of(), via);
                                made = Swap.in(target, facts, plan, none, ledger);
                            }
                        } finally {
                            if (made == null) {
                                close(calls, input);
                                close(calls, output);
                            }
                        }
                        if (made != null) {
                            Live live = live(calls, facts, pidfd, made, target.pause(), input, output);
                            return settled(live, server, deadline, cancelled);
                        }
                    }
                } catch (IOException e) {
                    throw new Refusal(Reason.NOT_RECORDED, "the FIFOs cannot be opened: " + e.getMessage());
                }
            });
        } catch (Refusal | InterruptedException | RuntimeException | Error failed) {
            calls.close(pidfd);
            throw failed;
        }
    }

    /** Makes sure that the target is between two messages; if that cannot be known, it gets its old descriptors back. */
    private static Live settled(Live live, FileChannel server, long deadline, AtomicBoolean cancelled)
            throws Refusal, InterruptedException {
        boolean sure = live.attachment.swapped().getFirst().was().startsWith("/dev/") || !live.oldClientLives();
        try {
            sure = sure
                    || Question.answered(
                            live.input,
                            live.output,
                            server,
                            Math.max(deadline, System.nanoTime() + ANSWER.toNanos()),
                            cancelled);
        } catch (IOException e) {
            sure = true; // the old client has gone meanwhile, so nothing of its can follow
        }
        if (sure && !cancelled.get()) {
            return live;
        }
        try {
            live.restored(() -> true, new AtomicBoolean());
        } catch (Refusal hard) {
            return live; // better attached than lost: the caller can park it
        }
        live.input.close();
        live.output.close();
        if (cancelled.get()) {
            throw new InterruptedException();
        }
        throw new Refusal(
                Reason.BUSY,
                "the editor of process " + live.attachment.pid()
                        + " does not answer, so it may be in the middle of a message");
    }

    /**
     * Takes up an attachment that another process made, without a ptrace call.
     *
     * @throws Refusal the target is gone, or has not those descriptors any more
     */
    public Interposed resume(Attachment attachment) throws Refusal {
        Kernel calls = kernel();
        Facts facts = new Facts(attachment.pid());
        ProcStat stat = facts.stat();
        if (stat == null || !stat.alive()) {
            throw new Refusal(Reason.GONE, "there is no process " + attachment.pid());
        }
        int pidfd = pidfd(calls, attachment.pid());
        try {
            Checks.checkStill(facts, attachment.startStamp());
            for (Swapped one : attachment.swapped()) {
                if (!isKept(facts, one)) {
                    throw new Refusal(
                            Reason.FAILED,
                            "process " + attachment.pid() + " has not its old descriptor " + one.fd() + " any more");
                }
            }
            return live(calls, facts, pidfd, attachment, new Pause(0, 0, 0));
        } catch (Refusal | RuntimeException | Error failed) {
            calls.close(pidfd);
            throw failed;
        }
    }

    private static boolean isKept(Facts facts, Swapped one) {
        String link = facts.link(one.stash());
        // a terminal whose window is gone
        return one.was().equals(link) || (one.was() + " (deleted)").equals(link);
    }

    private static int pidfd(Kernel calls, long pid) throws Refusal {
        long pidfd = calls.pidfd(pid);
        if (pidfd == -Kernel.ESRCH) {
            throw new Refusal(Reason.GONE, "there is no process " + pid);
        }
        if (pidfd < 0) {
            throw new Refusal(Reason.FAILED, "pidfd_open of process " + pid + " failed (errno " + -pidfd + ")");
        }
        return (int) pidfd;
    }

    private static Live live(Kernel calls, Facts facts, int pidfd, Attachment attachment, Pause pause) throws Refusal {
        int input = copy(calls, pidfd, attachment.pid(), stash(attachment, true));
        int output;
        try {
            output = copy(calls, pidfd, attachment.pid(), stash(attachment, false));
        } catch (Refusal refused) {
            calls.close(input);
            throw refused;
        }
        return live(calls, facts, pidfd, attachment, pause, input, output);
    }

    private static Live live(
            Kernel calls, Facts facts, int pidfd, Attachment attachment, Pause pause, int input, int output) {
        return new Live(
                calls,
                facts,
                pidfd,
                attachment,
                pause,
                new OldClient.Input(calls, input),
                new OldClient.Output(calls, output));
    }

    private static void close(Kernel calls, int descriptor) {
        if (descriptor >= 0) {
            calls.close(descriptor);
        }
    }

    /** Returns where the descriptor is kept that is really read or written: the last one, since a program opens 0 and 1 anew, if at all. */
    private static int stash(Attachment attachment, boolean input) {
        int stash = -1;
        for (Swapped one : attachment.swapped()) {
            stash = one.input() == input ? one.stash() : stash;
        }
        return stash;
    }

    private static int copy(Kernel calls, int pidfd, long pid, int descriptor) throws Refusal {
        long copy = calls.copy(pidfd, descriptor);
        if (copy == -Kernel.ESRCH) {
            throw new Refusal(Reason.GONE, "process " + pid + " ended");
        }
        if (copy < 0) {
            throw new Refusal(Reason.FAILED, "pidfd_getfd of process " + pid + " failed (errno " + -copy + ")");
        }
        return (int) copy;
    }

    @FunctionalInterface
    private interface Job<T> {
        T run(AtomicBoolean cancelled) throws Refusal, InterruptedException;
    }

    /** Runs a job on a thread of its own that nothing interrupts; an interrupt of ours asks it to give up. */
    private static <T> T alone(String name, Job<T> job) throws Refusal, InterruptedException {
        AtomicBoolean cancelled = new AtomicBoolean();
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread thread = Thread.ofPlatform().name(name).daemon(false).start(() -> {
            try {
                result.complete(job.run(cancelled));
            } catch (Throwable failed) {
                result.completeExceptionally(failed);
            }
        });
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
                cancelled.set(true);
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt(); // also where it came too late
        }
        try {
            return result.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case Refusal refusal -> throw refusal;
                case InterruptedException given -> {
                    Thread.interrupted();
                    throw given;
                }
                case RuntimeException unexpected -> throw unexpected;
                case Error unexpected -> throw unexpected;
                case null, default -> throw new IllegalStateException(e);
            }
        }
    }

    /** An attachment that holds. */
    private static final class Live implements Interposed {

        private final Kernel calls;
        private final Facts facts;
        private final int pidfd;
        private final Attachment attachment;
        private final Pause pause;
        private final OldClient.Input input;
        private final OldClient.Output output;
        private final AtomicBoolean over = new AtomicBoolean();

        Live(
                Kernel calls,
                Facts facts,
                int pidfd,
                Attachment attachment,
                Pause pause,
                OldClient.Input input,
                OldClient.Output output) {
            this.calls = calls;
            this.facts = facts;
            this.pidfd = pidfd;
            this.attachment = attachment;
            this.pause = pause;
            this.input = input;
            this.output = output;
        }

        @Override
        public Attachment attachment() {
            return attachment;
        }

        @Override
        public Pause pause() {
            return pause;
        }

        @Override
        public OldClient.Input fromOldClient() {
            return input;
        }

        @Override
        public OldClient.Output toOldClient() {
            return output;
        }

        @Override
        public boolean oldClientLives() {
            return !over.get() && !input.hungUp() && !output.hungUp();
        }

        @Override
        public boolean targetLives() {
            return !over.get() && calls.poll(pidfd, Kernel.POLLIN, 0) == 0;
        }

        @Override
        public Pause restore(BooleanSupplier atBoundary) throws Refusal, InterruptedException {
            return alone("restore-" + attachment.pid(), cancelled -> {
                // nobody reads on: what the old client sends after the swap is for the server itself
                input.turn.lock();
                try {
                    Pause stood = restored(atBoundary, cancelled);
                    input.close();
                    return stood;
                } catch (Refusal refusal) {
                    throw ended(calls, refusal, attachment.pid());
                } finally {
                    input.turn.unlock();
                }
            });
        }

        @Override
        public long takenFromOldClient() {
            return input.taken();
        }

        private Pause restored(BooleanSupplier atBoundary, AtomicBoolean cancelled)
                throws Refusal, InterruptedException {
            Moment moment = new Moment(calls, facts, pidfd);
            long deadline = System.nanoTime() + RESTORE.toNanos();
            while (true) {
                if (!targetLives()) {
                    throw new Refusal(Reason.GONE, "process " + attachment.pid() + " ended");
                }
                if (!oldClientLives()) {
                    throw new Refusal(
                            Reason.STDIO,
                            "the client that started process " + attachment.pid()
                                    + " is gone, and the server would end with it",
                            "let it go on for others with `lsp detach --park`");
                }
                if (input.hasMore()) {
                    throw new Refusal(
                            Reason.BUSY,
                            "messages of the old client of process " + attachment.pid() + " have not been read");
                }
                // what stands in the FIFO is read by nobody when the target has its old input again
                moment.await(Duration.ZERO, GLANCE, deadline, cancelled);
                Halted target = halted(attachment.via(), calls, facts);
                boolean done = false;
                try (target) {
                    Checks.checkStill(facts, attachment.startStamp());
                    Plan plan = Plan.of(facts).only(attachment.swapped());
                    for (Swapped one : attachment.swapped()) {
                        if (!isKept(facts, one)) {
                            throw new Refusal(
                                    Reason.FAILED,
                                    "process " + attachment.pid() + " has not its old descriptor " + one.fd()
                                            + " any more");
                        }
                    }
                    if (moment.isNow(plan, target.inCalls()) && atBoundary.getAsBoolean()) {
                        Swap.back(target, facts, plan, attachment.swapped());
                        done = true;
                    }
                }
                if (done) {
                    return target.pause();
                }
                Moment.rest(GLANCE, cancelled);
                if (System.nanoTime() > deadline) {
                    throw new Refusal(Reason.BUSY, "process " + attachment.pid() + " is never between two messages");
                }
            }
        }

        @Override
        public void park() {
            if (over.compareAndSet(false, true)) {
                input.close();
                output.close();
                calls.close(pidfd);
            }
        }
    }
}
