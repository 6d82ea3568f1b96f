package dev.sharedserver.dev.tool;

import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.SettingsProvider;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds commands: where a setting says, else on PATH. */
public final class Tools {

    private final SettingsProvider settings;
    private final List<Path> directories;

    /** Looks into the directories of {@code path}, the value of PATH. */
    public Tools(SettingsProvider settings, String path) {
        this.settings = settings;
        // an empty entry means the working directory, which is none of a hub's business
        this.directories = Arrays.stream(path.split(File.pathSeparator, -1))
                .filter(entry -> !entry.isEmpty())
                .map(Path::of)
                .toList();
    }

    /** Returns a command's executable. */
    public Path find(String command, String setting) throws DevServerException {
        Path set = set(command, setting);
        if (set != null) {
            return set;
        }
        return onPath(command).orElseThrow(() -> DevServerException.missingTool(command, setting));
    }

    /** Returns the executable of a command that no setting names. */
    public Path find(String command) throws DevServerException {
        return onPath(command).orElseThrow(() -> DevServerException.missingTool(command));
    }

    private Optional<Path> onPath(String command) {
        return directories.stream()
                .map(directory -> directory.resolve(command))
                .filter(Tools::isExecutable)
                .findFirst();
    }

    /** Returns what a setting names: the command itself, or a directory that has it or has it in bin. */
    private @Nullable Path set(String command, String setting) {
        String value = settings.getString(setting);
        if (value.isEmpty()) {
            return null;
        }
        try {
            Path path = Path.of(value);
            return Stream.of(path, path.resolve(command), path.resolve("bin").resolve(command))
                    .filter(Tools::isExecutable)
                    // the setting for pnpm says nothing of npm
                    .filter(executable -> executable.endsWith(command))
                    .findFirst()
                    .orElse(null);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    private static boolean isExecutable(Path path) {
        return Files.isRegularFile(path) && Files.isExecutable(path);
    }

    /** Returns PATH with the directories of these tools in front. */
    public String path(List<Path> tools) {
        Set<String> entries = new LinkedHashSet<>();
        for (Path tool : tools) {
            Path directory = tool.toAbsolutePath().getParent();
            if (directory != null) {
                entries.add(directory.toString());
            }
        }
        directories.forEach(directory -> entries.add(directory.toString()));
        return String.join(File.pathSeparator, entries);
    }
}
