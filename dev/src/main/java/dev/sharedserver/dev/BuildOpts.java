package dev.sharedserver.dev;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the tools are.
 *
 * @param goPath the go command, null where it is not needed
 * @param packageManagerPath the front end's package manager, null where it is not needed; the host calls it pnpm
 * @param nodePath node, null where it is not needed
 */
public record BuildOpts(
        @Nullable Path goPath,
        @Nullable Path packageManagerPath,
        @Nullable Path nodePath) {}
