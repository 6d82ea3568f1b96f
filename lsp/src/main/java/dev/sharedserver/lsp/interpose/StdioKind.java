package dev.sharedserver.lsp.interpose;

/** What a standard descriptor is. */
public enum StdioKind {
    PIPE,
    SOCKET,
    TERMINAL,
    FIFO,
    FILE,
    OTHER,
    CLOSED
}
