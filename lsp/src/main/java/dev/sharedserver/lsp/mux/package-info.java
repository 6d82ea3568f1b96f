/**
 * One language server for many clients, as a function of what comes in: messages of clients and of the server, ends of
 * clients, and the time. What is to be sent goes to an {@link dev.sharedserver.lsp.mux.Outbox}. Knows no socket, no file,
 * no thread and no clock.
 */
@NullMarked
package dev.sharedserver.lsp.mux;

import org.jspecify.annotations.NullMarked;
