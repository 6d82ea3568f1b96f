/** What a server can do that somebody else has initialized. Knows nothing of sessions and of how the server is reached. */
@NullMarked
package dev.sharedserver.lsp.infer;

import org.jspecify.annotations.NullMarked;
