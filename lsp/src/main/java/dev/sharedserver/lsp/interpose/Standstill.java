package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A process all of whose tasks stand still, and one of which makes the system calls that we want (ptrace(2)). {@link #close}
 * lets it go on as if nothing had been: registers, signal mask and the call that it was in are put back.
 *
 * <p>Belongs to the thread that made it. Should that thread end before {@code close}, the kernel lets go of all tasks.
 */
final class Standstill implements Halted {

    private static final int PTRACE_CONT = 7;
    private static final int PTRACE_DETACH = 17;
    private static final int PTRACE_SYSCALL = 24;
    private static final int PTRACE_GETREGSET = 0x4204;
    private static final int PTRACE_SETREGSET = 0x4205;
    private static final int PTRACE_SEIZE = 0x4206;
    private static final int PTRACE_INTERRUPT = 0x4207;
    private static final int PTRACE_GETSIGMASK = 0x420a;
    private static final int PTRACE_SETSIGMASK = 0x420b;
    private static final int PTRACE_O_TRACESYSGOOD = 1;
    private static final int PTRACE_EVENT_STOP = 128;
    private static final int NT_PRSTATUS = 1;
    private static final int SIGTRAP = 5;

    private static final int PAGE = 4096;

    /** How long a call that cannot block may take, and how long all tasks may take to stop. */
    private static final long PATIENCE = 2_000_000_000L;

    private final Kernel kernel;
    private final Machine machine;
    private final Facts facts;
    private final Memory memory;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment status = arena.allocate(8, 8);
    private final LinkedHashMap<Integer, Task> tasks = new LinkedHashMap<>();
    private long began;
    private long ended;
    private int count;
    private int calls;

    /** The task that makes our calls, from the first one on. */
    private @Nullable Task worker;

    private long workersMask;
    private long instruction;
    private long page;
    private boolean wasToStop;
    private boolean gone;

    private Standstill(Kernel kernel, Facts facts, Memory memory) {
        this.kernel = kernel;
        this.memory = memory;
        machine = kernel.machine();
        this.facts = facts;
    }

    /** Stops all tasks of a process. */
    static Standstill of(Kernel kernel, Facts facts) throws Refusal {
        Standstill standstill = new Standstill(kernel, facts, Memory.of(facts, kernel.machine()));
        try {
            standstill.stopAll();
            return standstill;
        } catch (Refusal | RuntimeException | Error failed) {
            standstill.close();
            throw failed;
        }
    }

    private void stopAll() throws Refusal {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            // a task that runs may make others: done when a look finds none that is not stopped yet
            List<Task> fresh = new ArrayList<>();
            for (int id : facts.tasks()) {
                if (!tasks.containsKey(id) && seize(id)) {
                    Task task = new Task(id, arena.allocate(machine.size(), 8));
                    tasks.put(id, task);
                    fresh.add(task);
                }
            }
            if (fresh.isEmpty()) {
                break;
            }
            if (began == 0) {
                began = System.nanoTime();
            }
            for (Task task : fresh) {
                kernel.ptrace(PTRACE_INTERRUPT, task.id, 0, 0);
            }
            for (Task task : fresh) {
                await(task, deadline);
            }
            tasks.values().removeIf(task -> task.ended);
        }
        count = tasks.size();
        if (tasks.isEmpty()) {
            throw gone();
        }
        for (Task task : tasks.values()) {
            if (task.event == PTRACE_EVENT_STOP && task.signal != SIGTRAP) {
                throw new Refusal(Reason.STOPPED, "process " + facts.pid() + " is stopped");
            }
            long length = registers(task, task.registers, PTRACE_GETREGSET);
            if (length < 0) {
                throw gone();
            }
            if (length != machine.size()) {
                throw new Refusal(Reason.FAILED, "process " + facts.pid() + " is a program for another processor");
            }
        }
    }

    private boolean seize(int id) throws Refusal {
        long result = kernel.ptrace(PTRACE_SEIZE, id, 0, PTRACE_O_TRACESYSGOOD);
        if (result == 0) {
            return true;
        }
        // one that is just ending answers EPERM, too
        if (result == -Kernel.ESRCH || !facts.lives(id)) {
            return false;
        }
        long tracer = facts.tracer();
        if (tracer != 0 && tasks.isEmpty()) {
            throw new Refusal(Reason.TRACED, "process " + facts.pid() + " is traced by process " + tracer);
        }
        throw Checks.refused(facts.pid(), Facts.yamaScope());
    }

    @Override
    public List<Facts.InCall> inCalls() {
        List<Facts.InCall> all = new ArrayList<>();
        for (Task task : tasks.values()) {
            int call = machine.interrupted(task.registers);
            if (call >= 0) {
                all.add(new Facts.InCall(call, machine.argument(task.registers, 0)));
            }
        }
        return all;
    }

    @Override
    public long call(Call call, long... arguments) throws Refusal {
        Task task = worker();
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment registers = scratch.allocate(machine.size(), 8).copyFrom(task.registers);
            machine.prepare(registers, instruction, call.on(machine), arguments);
            registers(task, registers, PTRACE_SETREGSET);
            untilCallStop(task); // it enters
            untilCallStop(task); // it is through
            registers(task, registers, PTRACE_GETREGSET);
            calls++;
            return Machine.get(registers, machine.result());
        }
    }

    private void untilCallStop(Task task) throws Refusal {
        // PTRACE_SYSCALL rather than single steps: a step ends in a SIGTRAP, and one that is blocked or ignored resets
        // the
        // handler that the program has for it (force_sig_info in kernel/signal.c)
        resume(task, PTRACE_SYSCALL);
        while (true) {
            await(task, System.nanoTime() + PATIENCE);
            if (task.ended) {
                throw gone();
            }
            if (task.event == 0 && task.signal == (SIGTRAP | 0x80)) {
                return;
            }
            // everything else is blocked: somebody stops the process, which is done when we are through
            if (task.event == 0 && task.signal == Kernel.SIGSTOP) {
                wasToStop = true;
            }
            resume(task, PTRACE_SYSCALL);
        }
    }

    private void resume(Task task, int request) throws Refusal {
        task.stopped = false;
        if (kernel.ptrace(request, task.id, 0, 0) < 0) {
            throw gone();
        }
    }

    @Override
    public long bytes(ByteBuffer bytes) throws Refusal {
        worker();
        if (page == 0) {
            // a page of its own: below the stack pointer there may be a red zone, a signal's frame, or the end of a
            // small stack
            long readWrite = 3;
            long privateAnonymous = 0x22;
            long mapped = call(Call.MMAP, 0, PAGE, readWrite, privateAnonymous, -1, 0);
            if (mapped < 0) {
                throw failed("mmap", mapped);
            }
            page = mapped;
        }
        if (bytes.remaining() > PAGE) {
            throw new Refusal(Reason.FAILED, "a path is too long");
        }
        try {
            memory.write(bytes, page);
            return page;
        } catch (IOException e) {
            throw new Refusal(Reason.FAILED, "the memory of process " + facts.pid() + " cannot be written");
        }
    }

    @Override
    public Refusal failed(String name, long result) {
        return new Refusal(Reason.FAILED, name + " in process " + facts.pid() + " failed (errno " + -result + ")");
    }

    private Refusal gone() {
        gone = true;
        return new Refusal(Reason.GONE, "process " + facts.pid() + " ended");
    }

    private Task worker() throws Refusal {
        Task chosen = worker;
        if (chosen != null) {
            return chosen;
        }
        chosen = tasks.get((int) facts.pid());
        for (Task task : tasks.values()) {
            if (chosen == null || task.interrupted() && !chosen.interrupted()) {
                chosen = task;
            }
        }
        if (chosen == null) {
            throw gone();
        }
        // All that there are were met by a signal each: this one takes its signal first.
        for (int i = 0; !chosen.interrupted(); i++) {
            if (i == 100) {
                throw new Refusal(Reason.BUSY, "process " + facts.pid() + " gets signals without end");
            }
            int signal = chosen.signal;
            chosen.stopped = false;
            kernel.ptrace(PTRACE_CONT, chosen.id, 0, signal);
            kernel.ptrace(PTRACE_INTERRUPT, chosen.id, 0, 0);
            await(chosen, System.nanoTime() + PATIENCE);
            if (chosen.ended) {
                throw gone();
            }
            registers(chosen, chosen.registers, PTRACE_GETREGSET);
        }
        try {
            instruction = memory.instruction();
        } catch (IOException e) {
            instruction = 0;
        }
        if (instruction == 0) {
            throw new Refusal(Reason.BUSY, "process " + facts.pid() + " has just become another program");
        }
        kernel.ptrace(PTRACE_GETSIGMASK, chosen.id, 8, status.address());
        workersMask = status.get(ValueLayout.JAVA_LONG, 0);
        status.set(ValueLayout.JAVA_LONG, 0, -1L);
        kernel.ptrace(PTRACE_SETSIGMASK, chosen.id, 8, status.address());
        worker = chosen;
        return chosen;
    }

    /** Reads or writes a task's registers; returns how many bytes that were, below zero for a negated errno. */
    private long registers(Task task, MemorySegment registers, int request) {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment vector = scratch.allocate(16, 8);
            vector.set(ValueLayout.JAVA_LONG, 0, registers.address());
            vector.set(ValueLayout.JAVA_LONG, 8, registers.byteSize());
            long result = kernel.ptrace(request, task.id, NT_PRSTATUS, vector.address());
            return result < 0 ? result : vector.get(ValueLayout.JAVA_LONG, 8);
        }
    }

    /** Waits until a task has stopped or ended. */
    private void await(Task task, long deadline) throws Refusal {
        if (!look(task, deadline)) {
            throw new Refusal(Reason.TIMED_OUT, "process " + facts.pid() + " cannot be stopped");
        }
    }

    /** Waits until a task has stopped or ended; tells whether it has. */
    private boolean look(Task task, long deadline) {
        for (int i = 0; !task.stopped && !task.ended; i++) {
            poll(task);
            if (task.stopped || task.ended) {
                return true;
            }
            if (System.nanoTime() > deadline) {
                return false;
            }
            if (i > 20) {
                LockSupport.parkNanos(20_000);
            }
            if (i % 50 == 49) {
                // of a process that was killed, the end of the first task is told when those of all others have been
                // taken notice of
                for (Task other : tasks.values()) {
                    poll(other);
                }
            }
        }
        return true;
    }

    private void poll(Task task) {
        long result = task.ended ? 0 : kernel.waitFor(task.id, status);
        if (result == task.id) {
            int word = status.get(ValueLayout.JAVA_INT, 0);
            task.ended = (word & 0xff) != 0x7f;
            task.stopped = !task.ended;
            task.signal = word >> 8 & 0xff;
            task.event = word >>> 16;
        } else if (result < 0) {
            task.ended = true;
        }
    }

    @Override
    public Pause pause() {
        return new Pause(ended - began, count, calls);
    }

    /** Lets the target go on. Never throws: what cannot be done any more is left to the kernel, with the end of this thread. */
    @Override
    public void close() {
        try {
            Task task = worker;
            if (task != null && !gone) {
                putBack(task);
            }
            detach();
        } finally {
            ended = System.nanoTime();
            memory.close();
            arena.close();
        }
    }

    private void putBack(Task task) {
        try {
            if (page != 0) {
                call(Call.MUNMAP, page, PAGE);
            }
        } catch (Refusal e) {
            // it ended, or hangs in a call: the interrupt below
        }
        // The kernel repeats an interrupted call only on its way out of a signal's or an interrupt's stop, not out of
        // that of a
        // system call: one more interrupt, and the registers are put back there.
        kernel.ptrace(PTRACE_INTERRUPT, task.id, 0, 0);
        for (int i = 0; i < 100; i++) {
            if (task.stopped) {
                task.stopped = false;
                kernel.ptrace(PTRACE_CONT, task.id, 0, 0);
            }
            if (!look(task, System.nanoTime() + PATIENCE) || task.ended) {
                return;
            }
            if (task.interrupted()) {
                break;
            }
            wasToStop |= task.event == 0 && task.signal == Kernel.SIGSTOP;
            kernel.ptrace(PTRACE_INTERRUPT, task.id, 0, 0);
        }
        registers(task, task.registers, PTRACE_SETREGSET);
        status.set(ValueLayout.JAVA_LONG, 0, workersMask);
        kernel.ptrace(PTRACE_SETSIGMASK, task.id, 8, status.address());
    }

    private void detach() {
        for (Task task : tasks.sequencedValues().reversed()) {
            if (task.ended || !look(task, System.nanoTime() + PATIENCE) || task.ended) {
                continue;
            }
            if (task.interrupted() && machine.smooth(task.registers) && !facts.hasSignals(task.id)) {
                registers(task, task.registers, PTRACE_SETREGSET);
            }
            int signal = task.event == 0 && task.signal != (SIGTRAP | 0x80) ? task.signal : 0;
            if (kernel.ptrace(PTRACE_DETACH, task.id, 0, signal) < 0) {
                // killed while it stood: its end must be taken notice of, or its parent never hears of it
                task.stopped = false;
                look(task, System.nanoTime() + PATIENCE);
            }
        }
        if (wasToStop) {
            long pidfd = kernel.pidfd(facts.pid());
            if (pidfd >= 0) {
                kernel.signal((int) pidfd, Kernel.SIGSTOP);
                kernel.close((int) pidfd);
            }
        }
    }

    private static final class Task {
        private final int id;
        private final MemorySegment registers;
        private boolean stopped;
        private boolean ended;
        private int signal;
        private int event;

        Task(int id, MemorySegment registers) {
            this.id = id;
            this.registers = registers;
        }

        /** Tells whether it stands because we asked for it, outside of signals and system calls. */
        boolean interrupted() {
            return event == PTRACE_EVENT_STOP && signal == SIGTRAP;
        }
    }
}
