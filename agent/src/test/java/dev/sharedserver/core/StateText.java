package dev.sharedserver.core;

import org.jspecify.annotations.Nullable;

/** Lets the fuzzers in at the text of state files, which the product reads from files only. */
public final class StateText {

    private StateText() {}

    public static String write(ServerRecord server) {
        return StateJson.write(server);
    }

    public static String write(ClientsRecord clients) {
        return StateJson.write(clients);
    }

    /** Returns the record; null where the reader says that it is none. */
    public static @Nullable ServerRecord readServer(String text) {
        try {
            return StateJson.readServer("web", text);
        } catch (StateFileException e) {
            checkReason(e);
            return null;
        }
    }

    /** Returns the record; null where the reader says that it is none. */
    public static @Nullable ClientsRecord readClients(String text) {
        try {
            return StateJson.readClients(text);
        } catch (StateFileException e) {
            checkReason(e);
            return null;
        }
    }

    private static void checkReason(StateFileException e) {
        if (e.reason().isEmpty()) {
            throw new AssertionError("it does not say why");
        }
    }
}
