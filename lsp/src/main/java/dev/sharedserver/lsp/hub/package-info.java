/**
 * The hub as a process: editors' sessions, language servers behind FIFOs, what a successor needs on disk, and the verbs.
 * What is said to whom is decided in {@code dev.sharedserver.lsp.mux}.
 */
@NullMarked
package dev.sharedserver.lsp.hub;

import org.jspecify.annotations.NullMarked;
