package dev.sharedserver.dev.project;

import java.nio.file.Path;
import java.util.List;

/**
 * What is to be done once before a command can run.
 *
 * @param command its argv
 * @param missing the file or directory that is there when it was done, below the command's directory
 */
public record Install(List<String> command, Path missing) {
    /** Copies. */
    public Install {
        command = List.copyOf(command);
    }
}
