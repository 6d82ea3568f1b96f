package dev.sharedserver.dev.project;

import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A program that runs as long as its project does. {@link #PORT_MARK} in the command, the environment and the rule is its port.
 *
 * @param name which its lines have as source
 * @param command its argv; a program without a slash is looked for on PATH
 * @param directory absolute
 * @param environment what differs from the hub's own
 * @param port null if it needs none
 * @param ready when it is ready, null if that cannot be told: by {@code log}, {@code tcp} or {@code http}
 * @param install null for nothing
 */
public record ProcessSpec(
        String name,
        List<String> command,
        Path directory,
        Map<String, String> environment,
        @Nullable Port port,
        @Nullable Condition ready,
        @Nullable Install install) {

    /** Stands for the process's port; no argument and no variable can hold it. */
    public static final String PORT_MARK = "\0";

    /** Copies. */
    public ProcessSpec {
        command = List.copyOf(command);
        environment = Collections.unmodifiableMap(new TreeMap<>(environment));
    }
}
