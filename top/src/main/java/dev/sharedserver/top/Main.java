package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.file.Path;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/**
 * The live view's entry.
 *
 * <pre>
 *     Main top|watch|plain COMMAND DIRECTORY    COMMAND is the product's, DIRECTORY its state directory;
 *                                               plain: standard input or output is no terminal
 *     Main rehearse                             does what costs time at the start, for the AOT cache
 * </pre>
 */
public final class Main {

    private static final String PROVIDER = "ffm";

    private Main() {}

    /** Shows the servers until the user leaves. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Logger.getLogger("org.jline").setLevel(Level.OFF);
        if (arguments.length == 1 && arguments[0].equals("rehearse")) {
            Rehearsal.run();
            return;
        }
        if (arguments.length != 3) {
            throw new IllegalArgumentException("usage: Main top|watch|plain COMMAND DIRECTORY");
        }
        Product product = new Product(Path.of(arguments[1]));
        int exit = 0;
        try (Changes changes = new Changes(Path.of(arguments[2]))) {
            if (arguments[0].equals("plain")) {
                new Plain(product).run(changes);
            } else {
                onTerminal(arguments[0].equals("top"), product, changes);
            }
        } catch (IOException e) {
            System.err.println("✗ cannot watch the servers: " + Quote.escape(String.valueOf(e.getMessage())));
            exit = 1;
        }
        System.exit(exit); // whatever is asked at the moment need not be answered any more
    }

    private static void onTerminal(boolean keys, Product product, Changes changes)
            throws IOException, InterruptedException {
        try (Terminal terminal = terminal()) {
            if (Live.canDraw(terminal)) {
                new Live(terminal, product, keys, new Colors(isUnset("NO_COLOR"))).run(changes);
                return;
            }
        }
        new Plain(product).run(changes);
    }

    private static boolean isUnset(String variable) {
        String value = System.getenv(variable);
        return value == null || value.isEmpty();
    }

    /** Returns the terminal at standard input and output; a dumb one if there is none. */
    static Terminal terminal() throws IOException {
        return TerminalBuilder.builder()
                .system(true)
                .provider(PROVIDER)
                .dumb(true)
                .build();
    }
}
