package dev.sharedserver.cli;

import dev.sharedserver.core.lifecycle.Phase;
import dev.sharedserver.core.lifecycle.ServerState;
import dev.sharedserver.core.story.Beginning;
import dev.sharedserver.core.story.Ending;
import dev.sharedserver.core.story.Leaving;
import dev.sharedserver.core.story.Story;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a server: how it stands, and how it came to that.
 *
 * @param memory what the agent knows; says nothing of a server of another tool
 */
public record Account(ServerView server, ServerState memory, Story story) {

    /** Returns where it is in its life. */
    Phase phase() {
        return memory.phase();
    }

    /** Tells whether anything was ever known of a server of that name. */
    public boolean isKnown() {
        return server.state() != State.STOPPED || !(phase() instanceof Phase.Stopped) || !story.equals(Story.NONE);
    }

    /** Returns how the run that goes on, or the last one, began; null if the log does not tell. */
    @Nullable
    Beginning beginning() {
        Beginning beginning = story.beginning();
        boolean other = beginning != null && server.pid() != null && !Objects.equals(beginning.pid(), server.pid());
        return other ? null : beginning;
    }

    /** Returns who left the run that goes on, or the last one, last; null if nobody did, or the log does not tell. */
    @Nullable
    Leaving left() {
        return server.pid() != null && beginning() == null && story.beginning() != null ? null : story.left();
    }

    /** Returns how the last run that is over ended, null if the log does not tell. */
    @Nullable
    Ending lastEnd() {
        return story.ending() == null ? story.before() : story.ending();
    }
}
