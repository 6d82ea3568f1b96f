@NullMarked
package dev.sharedserver.lsp.infer;

import org.jspecify.annotations.NullMarked;
