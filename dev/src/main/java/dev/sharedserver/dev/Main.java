package dev.sharedserver.dev;

import dev.sharedserver.dev.hub.DevHub;
import dev.sharedserver.dev.rpc.Serve;
import java.nio.file.Path;
import java.util.List;

/**
 * The hub's entry.
 *
 * <pre>
 *     Main COMMAND DIRECTORY VERSION    COMMAND is the product's, DIRECTORY its state directory and our working directory
 *     Main COMMAND dev serve [OPTION…]  a hub for the program that has started us
 *     Main rehearse                     does what costs time at the start, for the AOT cache
 * </pre>
 */
public final class Main {

    private Main() {}

    /** Serves until it is ended. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 1 && arguments[0].equals("rehearse")) {
            Rehearsal.run();
        } else if (arguments.length >= 3 && arguments[1].equals("dev")) {
            List<String> words = List.of(arguments);
            new Serve(Path.of(arguments[0]), words.subList(3, words.size())).run();
        } else if (arguments.length == 3) {
            new DevHub(Path.of(arguments[0]), Path.of(arguments[1])).run();
        } else {
            throw new IllegalArgumentException("usage: Main COMMAND DIRECTORY VERSION");
        }
    }
}
