package dev.sharedserver.e2e;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One run of a process: a pid and its start stamp, so that a test never signals a stranger that got the pid later. */
record Stamped(long pid, long stamp) {

    /** Returns the live process of that pid, or null. */
    static @Nullable Stamped find(long pid) {
        ProcessFacts.Stat stat = ProcessFacts.stat(pid);
        return stat == null || stat.dead() ? null : new Stamped(pid, stat.stamp());
    }

    /** Returns the process of that pid, which has to be alive. */
    static Stamped of(long pid) {
        Stamped found = find(pid);
        if (found == null) {
            throw new AssertionError("pid " + pid + " is not alive");
        }
        return found;
    }

    boolean alive() {
        ProcessFacts.Stat stat = ProcessFacts.stat(pid);
        return stat != null && !stat.dead() && stat.stamp() == stamp;
    }

    /** Sends the signal ({@code "KILL"}, {@code "STOP"} …) unless this run of the process is over. */
    void signal(String name) {
        if (!alive()) {
            return;
        }
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("kill hangs");
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    void kill() {
        signal("KILL");
    }

    /** Stops it and returns when all its threads stand still: until then, one of them may still answer. */
    void suspend() {
        signal("STOP");
        Until.holds(
                () -> !alive() || ProcessFacts.threadStates(pid).chars().allMatch(state -> state == 'T'),
                "process " + pid + " stands still");
    }

    /** Kills it and returns when it is dead (a zombie counts as dead). */
    void killAndAwait() {
        kill();
        Until.holds(() -> !alive(), "process " + pid + " dies");
    }

    @Override
    public String toString() {
        return ProcessFacts.describe(pid);
    }
}
