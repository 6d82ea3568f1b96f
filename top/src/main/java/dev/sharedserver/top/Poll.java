package dev.sharedserver.top;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** poll(2), for what Java does not tell: that nobody reads our output any more. */
final class Poll {

    private static final int STDOUT = 1;
    private static final int WITHOUT_END = -1;
    private static final int INTERRUPTED = -1;

    private Poll() {}

    /** Waits until the reader of our standard output is gone (POLLERR, POLLHUP). A file has none and waits for ever. */
    @SuppressWarnings("restricted") // allowed on our command line: --enable-native-access
    static boolean awaitReaderGone() {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor type = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT);
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle poll =
                    linker.downcallHandle(linker.defaultLookup().find("poll").orElseThrow(), type);
            // struct pollfd { int fd; short events, revents; }: no events are asked for, the two come anyway
            MemorySegment descriptor = arena.allocate(8, 4);
            descriptor.set(ValueLayout.JAVA_INT, 0, STDOUT);
            int ready;
            do {
                ready = (int) poll.invokeExact(descriptor, 1L, WITHOUT_END);
            } while (ready == INTERRUPTED);
            return true;
        } catch (Throwable e) { // what invokeExact declares
            return false;
        }
    }
}
