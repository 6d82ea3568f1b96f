package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a server is in its life. */
public sealed interface Phase {

    /** Nothing runs. */
    record Stopped() implements Phase {}

    /**
     * The guard was asked to spawn it.
     *
     * @param restarts the requests that wait for a restart, empty for a first start
     * @param starter the request of {@code admin start}, which brings no client; null otherwise
     * @param before the run that was stopped for this one in a restart, null for a first start; stands on disk until the
     *     new one does
     * @param by who asked for it by {@code admin start}; null otherwise
     */
    record Starting(
            Launch launch,
            List<Long> restarts,
            @Nullable Long starter,
            @Nullable Instance before,
            @Nullable Asker by) implements Phase {}

    /**
     * A launcher is about to become the server ({@code exec}). What it will be stands on disk once {@code told}.
     *
     * @param process the launcher, whose pid the server will have
     * @param client whom the reference belongs to
     * @param processWatched whether the guard watches the launcher
     * @param clientWatched whether the guard watches the client
     * @param told whether the launcher has been told to go ahead
     */
    record Replacing(
            Launch launch,
            long request,
            ProcessId process,
            Client client,
            Instant since,
            boolean processWatched,
            boolean clientWatched,
            boolean told)
            implements Phase {

        /** Returns the run that this becomes. */
        public Instance instance() {
            return new Instance(process, launch, since, false, true);
        }
    }

    /**
     * It runs.
     *
     * @param grace when it is to be stopped, null while somebody holds it or is about to
     * @param unready when it is given up if it is not up then, null once it is up
     * @param misses how many checks in a row have failed
     */
    record Running(
            Instance instance,
            @Nullable Deadline grace,
            @Nullable Deadline unready,
            int misses) implements Phase {

        /** One that is up and well. */
        public Running(Instance instance, @Nullable Deadline grace) {
            this(instance, grace, null, 0);
        }

        /** Tells whether it is known to be up. */
        public boolean ready() {
            return unready == null;
        }

        Running withGrace(@Nullable Deadline other) {
            return new Running(instance, other, unready, misses);
        }
    }

    /**
     * It failed, is gone, and is to be started again for the clients that it has.
     *
     * @param before the run that failed; stands on disk until the next one does
     */
    record BackingOff(Launch launch, Instance before, Deadline until) implements Phase {}

    /**
     * It is on its way out.
     *
     * @param mode how it is being stopped
     * @param deadline when {@code mode} escalates
     * @param killed whether SIGKILL was sent
     * @param ended how its main process ended, null while that lives
     * @param waiting the stop requests to be answered at the end
     * @param next what to start afterwards for the clients it has, null if it is not a restart
     * @param restarts the restart requests to be answered once {@code next} runs
     */
    record Stopping(
            Instance instance,
            Cause cause,
            StopMode mode,
            Deadline deadline,
            boolean killed,
            @Nullable ExitStatus ended,
            List<Long> waiting,
            @Nullable Launch next,
            List<Long> restarts)
            implements Phase {}
}
