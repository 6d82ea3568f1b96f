package dev.sharedserver.dev.project;

import dev.sharedserver.core.config.Node;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.Syntax;
import dev.sharedserver.dev.DevServerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A file of JSON that other tools have, read as far as profiles need it: package.json, tsconfig.json. */
record Manifest(Node root) {

    private static final int MAX_BYTES = 1 << 20;

    /** Reads one, null if it is not there. */
    static @Nullable Manifest read(Path directory, String name) throws DevServerException {
        Path file = directory.resolve(name);
        if (!Files.isRegularFile(file)) {
            return null;
        }
        try {
            return new Manifest(Syntax.parse(bytes(file, name)));
        } catch (Syntax.Wrong e) {
            throw DevServerException.invalid(e.in(name).toString());
        }
    }

    /** Returns what a file holds that is not too large to be one that people write. */
    static byte[] bytes(Path file, String name) throws DevServerException {
        try {
            if (Files.size(file) <= MAX_BYTES) {
                return Files.readAllBytes(file);
            }
            throw DevServerException.invalid(Problem.ofFile(name, "the file is larger than " + MAX_BYTES + " bytes")
                    .toString());
        } catch (IOException e) {
            throw DevServerException.invalid(
                    Problem.ofFile(name, "cannot be read: " + e.getMessage()).toString());
        }
    }

    /** Tells whether it names a package among those that it needs. */
    boolean needs(String dependency) {
        return at("dependencies", dependency) != null || at("devDependencies", dependency) != null;
    }

    /** Returns the text at a path, null if there is none. */
    @Nullable
    String text(String... path) {
        return at(path) instanceof Node.Text text ? text.value() : null;
    }

    private @Nullable Node at(String... path) {
        Node node = root;
        for (String key : path) {
            Node below = node instanceof Node.Dict dict ? dict.get(key) : null;
            if (below == null) {
                return null;
            }
            node = below;
        }
        return node;
    }
}
