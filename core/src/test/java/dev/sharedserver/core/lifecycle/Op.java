package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.Period;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Something that people, the kernel, the guard or the clock may do. Each can be done at any moment (and does nothing
 * where it has no meaning), so that any part of a sequence is a sequence: that is what makes shrinking easy.
 */
sealed interface Op {

    /** A process attaches; {@code dead} if it ends before anybody looks. */
    record Use(int slot, Want want, boolean dead) implements Op {}

    /** A reference for a time. */
    record Hold(int slot, int seconds, Want want) implements Op {}

    /** The server itself attaches to itself, as soon as it runs, whether or not the guard's word on that was read. */
    record UseByTheServer(Want want) implements Op {}

    /** A start for nobody in particular. */
    record Start(Want want) implements Op {}

    /** Detaches a process or the last hold of that slot. */
    record Unuse(int slot) implements Op {}

    /** A stop; {@code caller} is the slot of the client that asks, or {@link #NOBODY}. */
    record Stop(int caller, boolean evenIfUsed, How how) implements Op {}

    /** A restart with what runs ({@link Want#NOTHING}) or something else. */
    record Restart(int caller, boolean evenIfUsed, Want want) implements Op {}

    /** Somebody waits for the state on disk. */
    record Look() implements Op {}

    /** A client's process ends. The next one in its slot has the same pid and another stamp. */
    record ClientDies(int slot) implements Op {}

    /** The guard carries out the spawn that it was asked for. */
    record Spawns(Temper leader, Temper rest) implements Op {}

    /** The guard cannot. */
    record SpawnFails(int errno) implements Op {}

    /** The server's main process ends by itself. */
    record Crash() implements Op {}

    /** What the server left in its group ends by itself. */
    record RestDies() implements Op {}

    /** What was stuck in the kernel is so no longer. */
    record Thaw() implements Op {}

    /** The agent reads one of the guard's messages; those about one process stay in order. */
    record Deliver(int which) implements Op {}

    /** The guard runs out of descriptors: one watch that it was asked for fails. */
    record CannotWatch(int which) implements Op {}

    /** The agent reads the same message twice. */
    record DeliverTwice(int which) implements Op {}

    /** Time passes; nobody is told. */
    record Pass(int seconds) implements Op {}

    /** The timer, early, in time or late. */
    record Tick() implements Op {}

    /** The disk is full from now on, or no longer. */
    record Disk(boolean full) implements Op {}

    /**
     * The agent is killed, and the next one adopts what it finds.
     *
     * @param guardToo then the server is nobody's child
     * @param tampered the files were edited: a deadline beside clients, the server among its clients, the environment lost
     */
    record AgentDies(boolean guardToo, boolean tampered) implements Op {}

    /** Slots below are processes, the others holds. */
    int PROCESSES = 4;

    /** All slots. */
    int SLOTS = 6;

    /** No slot. */
    int NOBODY = -1;

    /** What is asked to be run. */
    enum Want {
        NOTHING,
        NO_GRACE,
        SHORT_GRACE,
        LONG_GRACE_AND_KILL;

        @Nullable
        Launch launch() {
            return switch (this) {
                case NOTHING -> null;
                case NO_GRACE -> launch(0, StopMode.SIGTERM, 5);
                case SHORT_GRACE -> launch(10, StopMode.SIGTERM, 5);
                case LONG_GRACE_AND_KILL -> launch(60, StopMode.SIGKILL, 8);
            };
        }

        private Launch launch(int grace, int signal, int timeout) {
            Launch plain = Life.launch(grace);
            return new Launch(
                    List.of(name()),
                    plain.workingDir(),
                    plain.gracePeriod(),
                    signal,
                    seconds(timeout),
                    plain.logFile(),
                    true,
                    null,
                    null,
                    plain.health(),
                    plain.port(),
                    plain.surroundings());
        }
    }

    /** How hard a stop tries. */
    enum How {
        AS_THE_SERVER_SAYS,
        GENTLY,
        WITH_FORCE,
        KILL;

        @Nullable
        StopMode mode() {
            return switch (this) {
                case AS_THE_SERVER_SAYS -> null;
                case GENTLY -> new StopMode(StopMode.SIGTERM, seconds(10), StopMode.Escalation.GIVE_UP);
                case WITH_FORCE -> new StopMode(StopMode.SIGTERM, seconds(3), StopMode.Escalation.KILL);
                case KILL -> StopMode.kill();
            };
        }
    }

    /** What a process does when it is signalled. */
    enum Temper {
        MEEK,
        STUBBORN,
        STUCK,
        NOT_THERE
    }

    private static Period seconds(int seconds) {
        return new Period(seconds * 1_000_000_000L);
    }

    /** Returns {@code length} things that happen. */
    static List<Op> random(Random random, int length) {
        List<Op> ops = new ArrayList<>(length);
        while (ops.size() < length) {
            ops.add(random(random));
        }
        return ops;
    }

    private static Op random(Random random) {
        int slot = random.nextInt(PROCESSES);
        int caller = random.nextInt(SLOTS + 1) - 1;
        int which = random.nextInt(8);
        return switch (random.nextInt(40)) {
            case 0, 1, 2, 3, 4, 5 -> new Use(slot, want(random), random.nextInt(8) == 0);
            case 6 -> new Hold(PROCESSES + random.nextInt(SLOTS - PROCESSES), 1 + random.nextInt(20), want(random));
            case 7 -> random.nextInt(3) == 0 ? new UseByTheServer(want(random)) : new Look();
            case 8 -> new Start(want(random));
            case 9, 10, 11 -> new Unuse(random.nextInt(SLOTS));
            case 12, 13 -> new Stop(caller, random.nextBoolean(), pick(random, How.values()));
            case 14 -> new Restart(caller, random.nextBoolean(), want(random));
            case 15, 16 -> new ClientDies(slot);
            case 17, 18, 19, 20, 21 ->
                new Spawns(temper(random), random.nextInt(3) == 0 ? temper(random) : Temper.NOT_THERE);
            case 22 -> random.nextInt(3) == 0 ? new SpawnFails(2) : new Thaw();
            case 23 -> new Crash();
            case 24 -> new RestDies();
            case 25 -> new Disk(random.nextInt(3) == 0);
            case 26 -> random.nextInt(4) == 0 ? new AgentDies(random.nextBoolean(), random.nextBoolean()) : new Tick();
            case 27 -> random.nextInt(3) == 0 ? new CannotWatch(which) : new DeliverTwice(which);
            case 28, 29, 30 -> new Pass(random.nextInt(12));
            case 31, 32 -> new Tick();
            default -> new Deliver(which);
        };
    }

    private static Want want(Random random) {
        return pick(random, Want.values());
    }

    private static Temper temper(Random random) {
        return switch (random.nextInt(8)) {
            case 0, 1 -> Temper.STUBBORN;
            case 2 -> Temper.STUCK;
            default -> Temper.MEEK;
        };
    }

    private static <T> T pick(Random random, T[] all) {
        return all[random.nextInt(all.length)];
    }
}
