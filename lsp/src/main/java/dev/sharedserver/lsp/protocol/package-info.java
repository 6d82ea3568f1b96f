/**
 * Messages of the base protocol (LSP 3.17, "Base Protocol" and JSON-RPC 2.0) as bytes: cut out of a stream, looked into
 * without being parsed, changed in one place without touching another byte. Knows no method's meaning.
 */
@NullMarked
package dev.sharedserver.lsp.protocol;

import org.jspecify.annotations.NullMarked;
