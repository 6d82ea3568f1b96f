package dev.sharedserver.dev;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What is done before a command can run, once.
 *
 * @param argv the command
 * @param directory where it runs
 * @param missing what is there when it was done
 * @param name what it is called in messages
 */
record Installation(List<String> argv, Path directory, Path missing, String name) {

    boolean isNeeded() {
        return !Files.exists(missing);
    }

    /** Returns what is said before it runs. */
    String note() {
        return "no " + missing.getFileName() + ": " + name;
    }
}
