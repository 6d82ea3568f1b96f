package dev.sharedserver.lsp.protocol;

/**
 * Where a JSON value stands in a body.
 *
 * @param from its first byte
 * @param to the byte behind its last
 */
public record Span(int from, int to) {

    int length() {
        return to - from;
    }
}
