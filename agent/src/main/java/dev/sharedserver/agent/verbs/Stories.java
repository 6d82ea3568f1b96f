package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.story.Story;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The story of each server: read from its event log when somebody asks, and kept until something happens to it.
 * Thread-safe.
 */
final class Stories implements EventLog.Listener {

    private final EventLog events;
    private final Map<ServerName, Kept> kept = new ConcurrentHashMap<>();

    Stories(EventLog events) {
        this.events = events;
        events.listen(this);
    }

    /** One that is being read has no story yet. Compared by identity: what is put is what is replaced. */
    private static final class Kept {
        private final Story story;
        private final boolean read;

        Kept(Story story, boolean read) {
            this.story = story;
            this.read = read;
        }
    }

    @Override
    public void happened(ServerName server, String line) {
        kept.remove(server);
    }

    Story of(ServerName name) throws IOException {
        Kept known = kept.get(name);
        if (known != null && known.read) {
            return known.story;
        }
        Kept place = new Kept(Story.NONE, false);
        kept.put(name, place);
        Story.Reader reader = new Story.Reader();
        events.backwards(name, reader::take);
        Story story = reader.story();
        // where something has happened since the place was taken, it is not there any more
        kept.replace(name, place, new Kept(story, true));
        return story;
    }
}
