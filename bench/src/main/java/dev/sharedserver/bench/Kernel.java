package dev.sharedserver.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** kill(2) and inotify(7) without a thread or a poll between them and the clock. */
@SuppressWarnings("restricted") // native access is granted on the command line
final class Kernel {
    private static final int SIGKILL = 9;
    private static final int IN_CLOEXEC = 0x80000;
    private static final int IN_MOVED_TO = 0x80;
    private static final int IN_DELETE = 0x200;
    private static final int EVENTS = 64 * 1024;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle KILL = handle("kill", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle INIT = handle("inotify_init1", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle ADD =
            handle("inotify_add_watch", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle READ =
            handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private Kernel() {}

    private static MethodHandle handle(String name, FunctionDescriptor type) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
    }

    static void killNow(long pid) {
        try {
            check("kill", (int) KILL.invokeExact((int) pid, SIGKILL));
        } catch (Throwable e) {
            throw rethrown(e);
        }
    }

    /** Watches a directory for files that are renamed into place or deleted. */
    static final class Watch implements AutoCloseable {
        private final Arena arena = Arena.ofConfined();
        private final MemorySegment buffer = arena.allocate(EVENTS, 8);
        private final int descriptor;

        Watch(Path directory) {
            try {
                descriptor = check("inotify_init1", (int) INIT.invokeExact(IN_CLOEXEC));
                MemorySegment path = arena.allocateFrom(directory.toString());
                check("inotify_add_watch", (int) ADD.invokeExact(descriptor, path, IN_MOVED_TO | IN_DELETE));
            } catch (Throwable e) {
                throw rethrown(e);
            }
        }

        /** Blocks until something was renamed or deleted. */
        void await() {
            try {
                long got = (long) READ.invokeExact(descriptor, buffer, (long) EVENTS);
                if (got <= 0) {
                    throw new IllegalStateException("read of inotify failed");
                }
            } catch (Throwable e) {
                throw rethrown(e);
            }
        }

        @Override
        public void close() {
            try {
                check("close", (int) CLOSE.invokeExact(descriptor));
            } catch (Throwable e) {
                throw rethrown(e);
            } finally {
                arena.close();
            }
        }
    }

    private static int check(String call, int result) {
        if (result < 0) {
            throw new IllegalStateException(call + " failed");
        }
        return result;
    }

    private static RuntimeException rethrown(Throwable e) {
        return e instanceof RuntimeException known ? known : new IllegalStateException(e);
    }
}
