package dev.sharedserver.lsp.interpose;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * System calls of our own process, through {@code syscall(2)}: one handle, and no libc between that has ideas of its own of
 * {@code ptrace}. A result below zero is a negated errno.
 */
final class Kernel {

    static final int EPERM = 1;
    static final int ESRCH = 3;
    static final int EINTR = 4;
    static final int ECHILD = 10;
    static final int EACCES = 13;
    static final int ENOSYS = 38;

    static final short POLLIN = 1;
    static final short POLLOUT = 4;
    static final short POLLERR = 8;
    static final short POLLHUP = 16;
    static final short POLLNVAL = 32;

    static final int F_GETFL = 3;
    static final int F_DUPFD_CLOEXEC = 1030;
    static final int O_RDWR = 2;
    static final int O_NONBLOCK = 04000;
    static final int O_CLOEXEC = 02000000;
    static final int SIGSTOP = 19;

    private static final int FIONREAD = 0x541B;
    private static final int SIOCOUTQ = 0x5411;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    @SuppressWarnings("restricted") // native access is what this class is for
    private static final MethodHandle SYSCALL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("syscall"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.captureCallState("errno"),
                    Linker.Option.firstVariadicArg(1));

    private final Machine machine;

    Kernel(Machine machine) {
        this.machine = machine;
    }

    /** Makes a system call; the result below zero is a negated errno. */
    long call(Call call, long a, long b, long c, long d, long e) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long result = (long) SYSCALL.invokeExact(state, (long) call.on(machine), a, b, c, d, e, 0L);
            return result == -1 ? -(int) ERRNO.get(state, 0L) : result;
        } catch (RuntimeException | Error unexpected) {
            throw unexpected;
        } catch (Throwable unexpected) {
            throw new IllegalStateException(unexpected);
        }
    }

    /** The same, again and again while a signal interrupts it. */
    private long patiently(Call call, long a, long b, long c, long d, long e) {
        while (true) {
            long result = call(call, a, b, c, d, e);
            if (result != -EINTR) {
                return result;
            }
        }
    }

    long ptrace(int request, long task, long address, long data) {
        return call(Call.PTRACE, request, task, address, data, 0);
    }

    /** Asks for the state of a task of ours without waiting: 0 for nothing new, else its id; {@code status} gets what happened. */
    long waitFor(long task, MemorySegment status) {
        long wall = 0x40000000L;
        long noHang = 1;
        return patiently(Call.WAIT4, task, status.address(), wall | noHang, 0, 0);
    }

    long pidfd(long pid) {
        return call(Call.PIDFD_OPEN, pid, 0, 0, 0, 0);
    }

    /** Copies a descriptor of another process into ours. */
    long copy(int pidfd, int descriptor) {
        return call(Call.PIDFD_GETFD, pidfd, descriptor, 0, 0, 0);
    }

    /** Sends a signal to exactly that process. */
    long signal(int pidfd, int signal) {
        return call(Call.PIDFD_SEND_SIGNAL, pidfd, signal, 0, 0, 0);
    }

    int effectiveUser() {
        return (int) call(Call.GETEUID, 0, 0, 0, 0, 0);
    }

    long close(int descriptor) {
        return call(Call.CLOSE, descriptor, 0, 0, 0, 0);
    }

    /** Returns the flags of an open file, those of {@code open(2)}. */
    long flags(int descriptor) {
        return call(Call.FCNTL, descriptor, F_GETFL, 0, 0, 0);
    }

    /** Returns how many bytes wait to be read. */
    long queued(int descriptor) {
        return number(descriptor, FIONREAD);
    }

    /** Returns how many bytes that were written the peer has not read: of a pipe, both ends tell; of a terminal, none. */
    long unread(int descriptor, boolean socket) {
        return number(descriptor, socket ? SIOCOUTQ : FIONREAD);
    }

    private long number(int descriptor, int request) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            long result = call(Call.IOCTL, descriptor, request, number.address(), 0, 0);
            return result < 0 ? result : number.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /** Waits until something happens to a descriptor, at most that long; returns what, 0 for nothing. */
    int poll(int descriptor, short events, long millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocate(8, 4);
            one.set(ValueLayout.JAVA_INT, 0, descriptor);
            one.set(ValueLayout.JAVA_SHORT, 4, events);
            MemorySegment limit = arena.allocate(16, 8);
            limit.set(ValueLayout.JAVA_LONG, 0, millis / 1000);
            limit.set(ValueLayout.JAVA_LONG, 8, millis % 1000 * 1_000_000);
            long result = patiently(Call.PPOLL, one.address(), 1, limit.address(), 0, 8);
            if (result < 0) {
                throw new UncheckedIOException(new IOException("ppoll: errno " + -result));
            }
            return result == 0 ? 0 : one.get(ValueLayout.JAVA_SHORT, 6);
        }
    }

    long read(int descriptor, MemorySegment to, long length) {
        return patiently(Call.READ, descriptor, to.address(), length, 0, 0);
    }

    long write(int descriptor, MemorySegment from, long length) {
        return patiently(Call.WRITE, descriptor, from.address(), length, 0, 0);
    }

    Machine machine() {
        return machine;
    }
}
