package dev.sharedserver.lsp.mux;

/** Where messages go, in the order in which they are given; bodies are not to be written to. */
public interface Outbox {

    /** Sends to the server. */
    void toServer(byte[] body);

    /** Sends to a client. */
    void toClient(int client, byte[] body);

    /** Ends a client's session once everything before has been sent; {@code exitCode} is its bridge's. */
    void end(int client, int exitCode);
}
