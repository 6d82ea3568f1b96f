package dev.sharedserver.lsp.mux;

/**
 * What a multiplexer goes by.
 *
 * @param name what the product calls itself to servers and clients
 * @param version its version
 * @param answerWithinMillis how long a client may take to answer what a server asks and no person has to
 */
public record Settings(String name, String version, long answerWithinMillis) {}
