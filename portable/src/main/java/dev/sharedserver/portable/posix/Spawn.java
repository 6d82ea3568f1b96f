package dev.sharedserver.portable.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * posix_spawn(3): a process with a session of its own, all signals as they are by default and none blocked, and of our descriptors
 * just those that it is given. Thread-safe.
 */
public final class Spawn {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout POINTER = LibC.POINTER;

    /** More than any system's posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t have. */
    private static final int ROOM = 512;

    private static final int ALL_SIGNALS = 128;

    private static final short SETSIGDEF = 0x04;
    private static final short SETSIGMASK = 0x08;
    private static final short SETSID = (short) (LibC.MAC ? 0x400 : 0x80);
    private static final short CLOEXEC_DEFAULT = (short) (LibC.MAC ? 0x4000 : 0);

    private static final String CLOSE_FROM = "posix_spawn_file_actions_addclosefrom_np";

    private static final MethodHandle SPAWN =
            function("posix_spawn", POINTER, POINTER, POINTER, POINTER, POINTER, POINTER);
    private static final MethodHandle ACTIONS_INIT = function("posix_spawn_file_actions_init", POINTER);
    private static final MethodHandle ACTIONS_DESTROY = function("posix_spawn_file_actions_destroy", POINTER);
    private static final MethodHandle ADD_DUP2 = function("posix_spawn_file_actions_adddup2", POINTER, INT, INT);
    private static final MethodHandle ADD_CLOSE = function("posix_spawn_file_actions_addclose", POINTER, INT);
    private static final MethodHandle ATTRIBUTES_INIT = function("posix_spawnattr_init", POINTER);
    private static final MethodHandle ATTRIBUTES_DESTROY = function("posix_spawnattr_destroy", POINTER);
    private static final MethodHandle SET_FLAGS = function("posix_spawnattr_setflags", POINTER, ValueLayout.JAVA_SHORT);
    private static final MethodHandle SET_DEFAULT = function("posix_spawnattr_setsigdefault", POINTER, POINTER);
    private static final MethodHandle SET_MASK = function("posix_spawnattr_setsigmask", POINTER, POINTER);

    private final List<Integer> descriptors;

    /**
     * Makes a way to spawn.
     *
     * @param descriptors what it finds as 0, 1, 2 and so on; each is at least as large as there are of them
     */
    public Spawn(List<Integer> descriptors) {
        this.descriptors = List.copyOf(descriptors);
    }

    private static MethodHandle function(String name, java.lang.foreign.MemoryLayout... arguments) {
        return LibC.link(name, FunctionDescriptor.of(INT, arguments));
    }

    /** Starts the program at {@code path}, which is not searched for; returns its pid, or the negative errno. */
    public long start(String path, List<String> argv, List<String> environment) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(ROOM, 16);
            MemorySegment attributes = arena.allocate(ROOM, 16);
            check((int) ACTIONS_INIT.invokeExact(actions));
            check((int) ATTRIBUTES_INIT.invokeExact(attributes));
            try {
                addActions(actions);
                // bit by bit and not by sigfillset(3), which leaves out what the C library keeps for itself
                MemorySegment signals = arena.allocate(ALL_SIGNALS).fill((byte) 0xff);
                check((int) SET_DEFAULT.invokeExact(attributes, signals));
                check((int) SET_MASK.invokeExact(attributes, arena.allocate(ALL_SIGNALS)));
                check((int)
                        SET_FLAGS.invokeExact(attributes, (short) (SETSID | SETSIGDEF | SETSIGMASK | CLOEXEC_DEFAULT)));
                MemorySegment pid = arena.allocate(INT);
                int error = (int) SPAWN.invokeExact(
                        pid,
                        LibC.string(arena, path),
                        actions,
                        attributes,
                        LibC.strings(arena, argv),
                        LibC.strings(arena, environment));
                return error != 0 ? -error : pid.get(INT, 0);
            } finally {
                check((int) ACTIONS_DESTROY.invokeExact(actions));
                check((int) ATTRIBUTES_DESTROY.invokeExact(attributes));
            }
        } catch (Throwable e) {
            throw LibC.unexpected(e);
        }
    }

    private void addActions(MemorySegment actions) throws Throwable {
        for (int i = 0; i < descriptors.size(); i++) {
            check((int) ADD_DUP2.invokeExact(actions, (int) descriptors.get(i), i));
        }
        if (LibC.has(CLOSE_FROM)) {
            MethodHandle closeFrom = function(CLOSE_FROM, POINTER, INT);
            check((int) closeFrom.invokeExact(actions, descriptors.size()));
        } else if (!LibC.MAC) {
            for (int fd : Descriptors.from(descriptors.size())) {
                check((int) ADD_CLOSE.invokeExact(actions, fd));
            }
        }
    }

    private static void check(int error) {
        if (error != 0) {
            throw new IllegalStateException("posix_spawn cannot be prepared: errno " + error);
        }
    }
}
