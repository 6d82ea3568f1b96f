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

    /** Whether it is the one that started and initialized the server, before anybody of us came. */
    final boolean elder;

    Phase phase = Phase.NEW;

    /** The id of its initialize. */
    String initializeId = "";

    JsonObject capabilities = new JsonObject();
    final Set<String> folders = new LinkedHashSet<>();

    /** Its requests that are not answered: its id, ours. */
    final Map<String, Long> inFlight = new LinkedHashMap<>();

    /** How many of its requests are not answered, also where it has used an id twice. */
    int unanswered;

    /** When it last said something, as a count of messages. */
    long lastHeard;

    Client(int number) {
        this(number, false);
    }

    private Client(int number, boolean elder) {
        this.number = number;
        this.elder = elder;
    }

    /** Makes the one that was there before us, and so works already. */
    static Client elder(int number) {
        Client client = new Client(number, true);
        client.phase = Phase.READY;
        return client;
    }

    boolean works() {
        return phase == Phase.READY;
    }

    /** Tells whether a capability is declared true. A server asks an elder only for what that has declared. */
    boolean can(String group, String name) {
        return elder
                || capabilities.get(group) instanceof JsonObject object
                        && object.get(name) instanceof com.google.gson.JsonPrimitive value
                        && value.isBoolean()
                        && value.getAsBoolean();
    }
}
