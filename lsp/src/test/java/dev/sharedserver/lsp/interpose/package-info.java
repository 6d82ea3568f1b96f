@NullMarked
package dev.sharedserver.lsp.interpose;

import org.jspecify.annotations.NullMarked;
