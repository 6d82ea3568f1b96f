package dev.sharedserver.junit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A command that writes down what it is called with, and answers as the product does; a server named {@code broken} does not come up. */
record PaperProduct(Path directory) {

    private static final String SCRIPT = """
        #!/bin/sh
        # one write a call: calls may come at the same moment
        printf '%s\\n' "$*" >>"$(dirname "$0")/calls"
        [ "$1" = use ] || exit 0
        case $2 in
        broken)
            printf '✗ server broken did not come up: exited with 3\\n  | no space left\\n' >&2
            exit 1 ;;
        portless)
            echo '{"action":"attached","name":"portless","pid":7}' ;;
        *)
            echo '{"action":"started","name":"'"$2"'","pid":7,"port":4711,"url":"tcp://127.0.0.1:4711"}' ;;
        esac
        """;

    static PaperProduct in(Path directory) throws IOException {
        PaperProduct product = new PaperProduct(directory);
        Files.writeString(product.binary(), SCRIPT);
        if (!product.binary().toFile().setExecutable(true)) {
            throw new IOException("cannot make " + product.binary() + " executable");
        }
        return product;
    }

    Path binary() {
        return directory.resolve("sharedserver");
    }

    /** Returns the calls of a verb, in their order. */
    List<String> calls(String verb) throws IOException {
        Path calls = directory.resolve("calls");
        return Files.exists(calls)
                ? Files.readAllLines(calls).stream()
                        .filter(call -> call.startsWith(verb + " "))
                        .toList()
                : List.of();
    }
}
