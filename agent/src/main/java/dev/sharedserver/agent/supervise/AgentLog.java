package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.Timestamps;
import java.io.PrintStream;
import java.time.Instant;

/** The agent's own log: a line an entry. */
public final class AgentLog {

    private final PrintStream out;

    /** Logs to {@code out}. */
    public AgentLog(PrintStream out) {
        this.out = out;
    }

    /** Writes a line. */
    public void say(String text) {
        out.println(Timestamps.format(Instant.now()) + " agent: " + text);
    }
}
