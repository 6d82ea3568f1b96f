package dev.sharedserver.lsp.interpose;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * What differs between the processors: where a system call's number, arguments and result are in the registers that
 * {@code PTRACE_GETREGSET} gives, and how an instruction that makes one looks. AARCH64 was written by the kernel's sources and not run.
 */
enum Machine {
    /** {@code struct user_regs_struct} of sys/user.h. */
    X86_64(27 * 8, 16, new byte[] {0x0f, 0x05}, new int[] {14, 13, 12, 7, 9, 8}) {
        @Override
        int result() {
            return RAX;
        }

        @Override
        void prepare(MemorySegment registers, long instruction, int call, long[] arguments) {
            super.prepare(registers, instruction, call, arguments);
            set(registers, RAX, call);
            // no call that was interrupted is to be gone on with
            set(registers, ORIG_RAX, -1);
        }

        @Override
        int interrupted(MemorySegment registers) {
            long error = get(registers, RAX);
            boolean left = error == EINTR || error <= ERESTARTSYS && error >= ERESTART_RESTARTBLOCK;
            return left ? (int) get(registers, ORIG_RAX) : -1;
        }

        @Override
        boolean smooth(MemorySegment registers) {
            if (get(registers, RAX) != EINTR) {
                return false;
            }
            // The kernel begins most calls again by itself. These it ends with EINTR, which few authors have ever seen.
            int call = (int) get(registers, ORIG_RAX);
            boolean waits = call == Call.EPOLL_WAIT.on(this) || call == Call.EPOLL_PWAIT.on(this);
            boolean forever = waits
                    ? (int) argument(registers, 3) == -1
                    : call == Call.EPOLL_PWAIT2.on(this) || call == Call.SEMTIMEDOP.on(this)
                            ? argument(registers, 3) == 0
                            : call == Call.SEMOP.on(this)
                                    || call == Call.RT_SIGTIMEDWAIT.on(this) && argument(registers, 2) == 0;
            if (forever) {
                set(registers, RAX, call);
                set(registers, ORIG_RAX, -1);
                set(registers, RIP, get(registers, RIP) - 2);
                return true;
            }
            if (waits || call == Call.EPOLL_PWAIT2.on(this)) {
                // one that had a time-out: it is over a little early, and nothing happened
                set(registers, RAX, 0);
                set(registers, ORIG_RAX, -1);
                return true;
            }
            return false;
        }
    },

    /** {@code struct user_pt_regs} of asm/ptrace.h: x0 to x30, sp, pc, pstate. */
    AARCH64(34 * 8, 32, new byte[] {0x01, 0x00, 0x00, (byte) 0xd4}, new int[] {0, 1, 2, 3, 4, 5}) {
        @Override
        int result() {
            return 0;
        }

        @Override
        void prepare(MemorySegment registers, long instruction, int call, long[] arguments) {
            super.prepare(registers, instruction, call, arguments);
            set(registers, 8, call);
        }

        @Override
        int interrupted(MemorySegment registers) {
            // The program counter stands on the instruction again where the kernel is to repeat it, so x8 is what it
            // was.
            return (int) get(registers, 8);
        }

        @Override
        boolean smooth(MemorySegment registers) {
            return false; // the first argument is lost: x0 holds the result
        }
    };

    private static final int RAX = 10;
    private static final int ORIG_RAX = 15;
    private static final int RIP = 16;

    private static final long EINTR = -4;
    /** The kernel's own codes for calls that it begins again: linux/errno.h. */
    private static final long ERESTARTSYS = -512;

    private static final long ERESTART_RESTARTBLOCK = -516;

    private final int size;
    private final int programCounter;

    @SuppressWarnings("ImmutableEnumChecker") // never handed out
    private final byte[] instruction;

    @SuppressWarnings("ImmutableEnumChecker") // never handed out
    private final int[] arguments;

    Machine(int size, int programCounter, byte[] instruction, int[] arguments) {
        this.size = size;
        this.programCounter = programCounter;
        this.instruction = instruction;
        this.arguments = arguments;
    }

    /** Returns the machine that this runs on; null if interposition is not written for it. */
    static @Nullable Machine here() {
        return switch (System.getProperty("os.arch")) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64" -> AARCH64;
            default -> null;
        };
    }

    /** Returns the bytes that the registers take; another number is another instruction set, as that of 32-bit programs. */
    int size() {
        return size;
    }

    /** Returns the instruction that makes a system call. */
    byte[] instruction() {
        return instruction.clone();
    }

    /** Makes the registers ready for one system call. */
    void prepare(MemorySegment registers, long instruction, int call, long[] values) {
        for (int i = 0; i < arguments.length; i++) {
            set(registers, arguments[i], i < values.length ? values[i] : 0);
        }
        set(registers, programCounter, instruction);
    }

    /** Returns the number of the register that has the result. */
    abstract int result();

    /** Returns the number of the system call that a stopped task was in; -1 if in none. */
    abstract int interrupted(MemorySegment registers);

    /** Hides from a task that a system call was interrupted, where the kernel does not; tells whether it changed registers. */
    abstract boolean smooth(MemorySegment registers);

    /** Returns an argument of the system call that a task is in. */
    long argument(MemorySegment registers, int index) {
        return get(registers, arguments[index]);
    }

    static long get(MemorySegment registers, int index) {
        return registers.getAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, index);
    }

    static void set(MemorySegment registers, int index, long value) {
        registers.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, index, value);
    }
}
