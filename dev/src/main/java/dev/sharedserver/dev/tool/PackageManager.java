package dev.sharedserver.dev.tool;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A front end's package manager: the one whose lock file lies there. */
public enum PackageManager {
    /** pnpm passes on what follows the script's name as it is; it would pass on {@code --}, too. */
    PNPM("pnpm", false),
    /** bun. */
    BUN("bun", false),
    /** yarn, of any version. */
    YARN("yarn", false),
    /** npm takes flags for its own unless {@code --} stands before them. */
    NPM("npm", true);

    private final String command;
    private final boolean dashes;

    PackageManager(String command, boolean dashes) {
        this.command = command;
        this.dashes = dashes;
    }

    private List<String> lockFiles() {
        return switch (this) {
            case PNPM -> List.of("pnpm-lock.yaml");
            case BUN -> List.of("bun.lock", "bun.lockb");
            case YARN -> List.of("yarn.lock");
            case NPM -> List.of("package-lock.json", "npm-shrinkwrap.json");
        };
    }

    /** Returns the one that a directory with a package.json asks for: by lock file, by its packageManager, else npm. */
    public static PackageManager of(Path directory) {
        for (PackageManager manager : values()) {
            if (manager.lockFiles().stream().anyMatch(file -> Files.exists(directory.resolve(file)))) {
                return manager;
            }
        }
        String named = named(directory);
        for (PackageManager manager : values()) {
            // "pnpm@9.1.0+sha512.…"
            if (named != null && (named + "@").startsWith(manager.command + "@")) {
                return manager;
            }
        }
        return NPM;
    }

    private static @Nullable String named(Path directory) {
        try {
            JsonElement json = JsonParser.parseString(Files.readString(directory.resolve("package.json")));
            JsonElement named = json.isJsonObject() ? json.getAsJsonObject().get("packageManager") : null;
            return named != null && named.isJsonPrimitive() ? named.getAsString() : null;
        } catch (IOException | JsonParseException e) {
            return null; // whoever runs it will say so
        }
    }

    /** Returns its name, which is that of its command. */
    public String command() {
        return command;
    }

    /** Returns the command that installs what package.json asks for. */
    public List<String> install(Path executable) {
        return List.of(executable.toString(), "install");
    }

    /** Returns the command that runs a script with arguments. */
    public List<String> run(Path executable, String script, List<String> arguments) {
        List<String> argv = new ArrayList<>(List.of(executable.toString(), "run", script));
        if (dashes) {
            argv.add("--");
        }
        argv.addAll(arguments);
        return argv;
    }
}
