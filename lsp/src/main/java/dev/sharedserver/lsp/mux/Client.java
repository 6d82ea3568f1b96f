package dev.sharedserver.lsp.mux;

import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What is known of one client. */
final class Client {

    /** How far a client's session is. */
    enum Phase {
        /** It has not said initialize. */
        NEW,
        /** It waits for the answer to initialize. */
        WAITING,
        /** It was answered and has not said initialized. */
        ANSWERED,
        /** It works. */
        READY,
        /** It has said shutdown. */
        SHUT
    }

    final int number;
    Phase phase = Phase.NEW;

    /** The id of its initialize. */
    String initializeId = "";

    JsonObject capabilities = new JsonObject();
    final Set<String> folders = new LinkedHashSet<>();

    /** Its requests that are not answered: its id, ours. */
    final Map<String, Long> inFlight = new LinkedHashMap<>();

    /** When it last said something, as a count of messages. */
    long lastHeard;

    Client(int number) {
        this.number = number;
    }

    boolean works() {
        return phase == Phase.READY;
    }

    /** Tells whether a capability is declared true. */
    boolean can(String group, String name) {
        return capabilities.get(group) instanceof JsonObject object
                && object.get(name) instanceof com.google.gson.JsonPrimitive value
                && value.isBoolean()
                && value.getAsBoolean();
    }
}
