/**
 * Interposition by pid: puts two FIFOs in the place of a running process's standard input and output, and takes them out again,
 * without its help and without ending it. All that is native stands here: {@code ptrace(2)}, {@code pidfd_getfd(2)}, {@code /proc}.
 * Knows nothing of the language server protocol but how a message's header begins, nothing of hubs and of the command line.
 */
@NullMarked
package dev.sharedserver.lsp.interpose;

import org.jspecify.annotations.NullMarked;
