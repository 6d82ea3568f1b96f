package dev.sharedserver.dev.project;

import java.nio.file.Path;
import java.util.List;

/**
 * A directory and what runs for it.
 *
 * @param directory absolute
 * @param name a valid id: the file's, else made of the directory's name
 * @param fromFile whether {@link Projects#FILE} is there
 * @param processes the front end first
 */
public record Project(
        Path directory,
        String name,
        Profile profile,
        boolean fromFile,
        List<ProcessSpec> processes,
        List<BuilderSpec> builders) {
    /** Copies. */
    public Project {
        processes = List.copyOf(processes);
        builders = List.copyOf(builders);
    }
}
