package dev.sharedserver.dev.process;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** kill(2): the JDK signals processes, but no groups, and cannot ask whether another user's process lives. */
public final class Posix {

    /** Asks, and signals nothing. */
    public static final int NONE = 0;

    /** signal(7). */
    public static final int SIGKILL = 9;

    /** signal(7). */
    public static final int SIGTERM = 15;

    /** errno(3): no such process. */
    public static final int ESRCH = 3;

    /** errno(3): somebody else's process. */
    public static final int EPERM = 1;

    private static final StructLayout CAPTURED = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURED.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    @SuppressWarnings("restricted") // the hub is started with --enable-native-access
    private static final MethodHandle KILL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                    Linker.Option.captureCallState("errno"));

    private Posix() {}

    /** Signals a process, or a group by its negative id; returns 0 or the errno. Ids that mean more than one group are refused. */
    public static int kill(long pid, int signal) {
        if (pid >= -1 && pid <= 1 || pid != (int) pid) {
            throw new IllegalArgumentException("kill of " + pid);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURED);
            int result = (int) KILL.invokeExact(state, (int) pid, signal);
            return result == 0 ? 0 : (int) ERRNO.get(state, 0L);
        } catch (Throwable e) {
            throw new IllegalStateException("kill(2) throws nothing", e);
        }
    }

    /** Tells whether there is such a process, anybody's. */
    public static boolean exists(long pid) {
        if (pid <= 0 || pid != (int) pid) {
            return false;
        }
        return pid == 1 || kill(pid, NONE) != ESRCH;
    }
}
