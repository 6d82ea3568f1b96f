package dev.sharedserver.core.lifecycle;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is answered to a request. */
public sealed interface Outcome {

    /** Returns the same of another run and with another count, where there are such. */
    default Outcome of(long pid, int refcount) {
        return switch (this) {
            case Started o -> new Started(pid, refcount);
            case Attached o -> new Attached(pid, refcount);
            case Rescued o -> new Rescued(pid, refcount);
            case AlreadyRunning o -> new AlreadyRunning(pid, refcount);
            case Restarted o -> new Restarted(pid, refcount);
            default -> this;
        };
    }

    /** The server was started for this request. */
    record Started(long pid, int refcount) implements Outcome {}

    /** The asking process may become the server; that is on disk already. */
    record Become(long pid) implements Outcome {}

    /** The server ran already. */
    record Attached(long pid, int refcount) implements Outcome {}

    /** The server ran in its grace period, which is over now. */
    record Rescued(long pid, int refcount) implements Outcome {}

    /** {@code admin start} found it running. */
    record AlreadyRunning(long pid, int refcount) implements Outcome {}

    /** The reference is dropped; {@code grace} is when the server ends, null while others hold it. */
    record Detached(int refcount, @Nullable Deadline grace) implements Outcome {}

    /** The client let go, but servers that it holds, too, need this one: its reference stays. */
    record Kept(int refcount, List<String> dependents) implements Outcome {}

    /** It was stopped; {@code killed} if SIGKILL was needed. */
    record Stopped(boolean killed) implements Outcome {}

    /** It was restarted. */
    record Restarted(long pid, int refcount) implements Outcome {}

    /** The disk was looked at. */
    record Looked() implements Outcome {}

    /** Nothing runs. */
    record NotRunning() implements Outcome {}

    /** Nothing runs, and nobody said what to start. */
    record NoCommand() implements Outcome {}

    /** That client holds no reference. */
    record NotAttached(String key) implements Outcome {}

    /** The client that was to be attached does not live. */
    record ClientNotAlive(String key) implements Outcome {}

    /** The client that was to be attached is the server: its count could never reach 0. */
    record IsTheServer(long pid) implements Outcome {}

    /** The client that was to be attached cannot be watched. */
    record ClientNotWatched(String key, String reason) implements Outcome {}

    /** Others hold it. */
    record StillUsed(List<Client> others) implements Outcome {}

    /** It outlived the stop and is as it was. */
    record DidNotStop(StopMode mode) implements Outcome {}

    /** It outlived SIGKILL (uninterruptible sleep); its files are gone. */
    record Survived(long pid) implements Outcome {}

    /** The server was made by {@code exec}: only its caller can start it again. */
    record IsExec(long pid) implements Outcome {}

    /** It was started and ended, or was not up in time; {@code looked} says what was seen last. */
    record NotReady(Launch launch, Cause cause, @Nullable String looked) implements Outcome {}

    /** Whoever asked has hung up. */
    record Withdrawn() implements Outcome {}

    /** Its environment is not known any more, so the same server cannot be made again. */
    record NoEnvironment() implements Outcome {}

    /** It could not be run; {@code reason} says why it was not even tried, and is null if it was. */
    record SpawnFailed(
            Launch launch, int step, int errno, @Nullable String reason) implements Outcome {

        /** The guard tried. */
        public SpawnFailed(Launch launch, int step, int errno) {
            this(launch, step, errno, null);
        }
    }

    /** The state could not be written; nothing has changed. */
    record NotRecorded(String reason) implements Outcome {}
}
