/** The hub for language servers: one server for many editors, and attaching to one that runs. */
@NullMarked
package dev.sharedserver.lsp;

import org.jspecify.annotations.NullMarked;
