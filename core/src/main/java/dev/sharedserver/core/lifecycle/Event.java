package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can happen to a server. A {@code request} is a number that its answer carries back. */
public sealed interface Event {

    /** An event that somebody waits for an answer to. */
    sealed interface Request extends Event {
        /** Returns the number that the answer carries. */
        long request();
    }

    /**
     * Attach a client, starting the server if need be.
     *
     * @param launch what to start, null if nobody said
     * @param by who has it started for the client ({@code admin start}); null if that need not be told
     */
    record Use(
            long request,
            Client client,
            @Nullable Launch launch,
            @Nullable Asker by) implements Request {

        /** One of a client that asks for itself. */
        public Use(long request, Client client, @Nullable Launch launch) {
            this(request, client, launch, null);
        }
    }

    /**
     * Let the asking process become the server; if it runs already, attach to it.
     *
     * @param client whom the reference belongs to if the process becomes the server
     * @param follower who attaches if the server runs already
     * @param launch what it will be, null if nobody said
     * @param process the one that asks
     */
    record Exec(
            long request,
            Client client,
            Client follower,
            @Nullable Launch launch,
            ProcessId process) implements Request {}

    /** The process that was told to become the server has done so. */
    record Execed(ProcessId process) implements Event {}

    /**
     * The process that was told to become the server could not.
     *
     * @param reason why it was not even tried, for people; null if it was
     */
    record ExecFailed(
            ProcessId process,
            int step,
            int errno,
            @Nullable String reason) implements Event {

        /** One that was tried. */
        public ExecFailed(ProcessId process, int step, int errno) {
            this(process, step, errno, null);
        }
    }

    /** Start the server for nobody in particular; the grace period counts from then. */
    record Start(long request, Launch launch, Asker by) implements Request {}

    /** Detach the client with that key; {@code by} is null if the client itself asks. */
    record Unuse(long request, String key, @Nullable Asker by) implements Request {}

    /** That client has let go of a server that needs this one; what it held for that alone is let go, too. */
    record Release(String key, String dependent) implements Event {}

    /**
     * Stop the server.
     *
     * @param caller key of the client that asks, whose own reference is no obstacle; null if it is none
     * @param evenIfUsed whether clients other than the caller are no obstacle either
     * @param mode null for the server's own
     */
    record Stop(
            long request,
            Asker by,
            @Nullable String caller,
            boolean evenIfUsed,
            @Nullable StopMode mode) implements Request {}

    /**
     * Stop it and start it again; its clients stay attached.
     *
     * @param launch what to start, null for what runs now
     */
    record Restart(
            long request,
            Asker by,
            @Nullable String caller,
            boolean evenIfUsed,
            @Nullable Launch launch) implements Request {}

    /** The guard watches that client. */
    record Watched(ProcessId process) implements Event {}

    /** The guard cannot watch that client. */
    record NotWatched(ProcessId process, String reason) implements Event {}

    /** A watched process, client or adopted server, has ended or never was. */
    record Gone(ProcessId process, ExitStatus status) implements Event {}

    /** The server's program runs. */
    record Spawned(ProcessId process) implements Event {}

    /**
     * The server's program could not be run: a step of the protocol and an errno.
     *
     * @param reason why it was not even tried, for people; null if it was
     */
    record SpawnFailed(int step, int errno, @Nullable String reason) implements Event {

        /** One that was tried. */
        public SpawnFailed(int step, int errno) {
            this(step, errno, null);
        }
    }

    /** The server's main process has ended; its zombie still pins the group id. */
    record ServerEnded(ProcessId process, ExitStatus status) implements Event {}

    /** No process of the server's group is left but the zombie. */
    record GroupEmpty(ProcessId process) implements Event {}

    /** It is up. */
    record Ready(ProcessId process) implements Event {}

    /** It says of itself that it is up, which counts where that is what is waited for. */
    record SaidReady(ProcessId process) implements Event {}

    /** It is not up yet; {@code looked} says what was seen. Told when that changes. */
    record Unready(ProcessId process, String looked) implements Event {}

    /** Somebody looked whether it is still well; {@code fault} is null if it is. */
    record Checked(ProcessId process, @Nullable String fault) implements Event {}

    /** Whoever asked {@code asked} has hung up: what it would have held is not wanted. */
    record Withdraw(long asked) implements Event {}

    /** A deadline may have come. */
    record Tick() implements Event {}

    /**
     * A server was found running for which memory knows nothing.
     *
     * @param grace its deadline if one was recorded
     * @param unready when it is given up if it is not up then, null if it is up
     * @param crashes when it failed lately, CLOCK_MONOTONIC in ns
     */
    record Found(
            Instance instance,
            List<Client> clients,
            @Nullable Deadline grace,
            @Nullable Deadline unready,
            List<Long> crashes)
            implements Event {

        /** One that is up and has not failed. */
        public Found(Instance instance, List<Client> clients, @Nullable Deadline grace) {
            this(instance, clients, grace, null, List.of());
        }
    }

    /** A server was found that waits for being started again, and of which memory knows nothing. */
    record FoundDown(Instance before, List<Client> clients, Deadline until, List<Long> crashes) implements Event {}

    /** Nothing but a look at the disk, for somebody who waits for its end. */
    record Look(long request) implements Request {}
}
