package dev.sharedserver.cli;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.RestartPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options that say how a server is started and attached; null where they were not given.
 *
 * @param env {@code K=V} each
 * @param stopSignal signal number
 * @param ready what shows that it is up
 * @param check what shows that it still is
 * @param port where it is to listen
 * @param export whether its endpoint is to be printed for {@code eval}
 * @param shell whether the command is one string for {@code /bin/sh -c}
 */
public record UseOptions(
        @Nullable Period gracePeriod,
        @Nullable Long pid,
        @Nullable Period hold,
        @Nullable String metadata,
        OnMismatch onMismatch,
        @Nullable String stdin,
        @Nullable String stdout,
        List<String> env,
        @Nullable String logFile,
        @Nullable String workingDir,
        @Nullable Integer stopSignal,
        @Nullable Period stopTimeout,
        @Nullable Condition ready,
        @Nullable Condition check,
        @Nullable RestartPolicy restart,
        @Nullable Port port,
        boolean export,
        @Nullable String config,
        boolean json,
        boolean shell) {

    /** Returns the same with that port, which the server finds in {@code $PORT} unless {@code env} has another one. */
    public UseOptions withPort(int number) {
        List<String> all = new ArrayList<>(env.size() + 1);
        all.add("PORT=" + number);
        all.addAll(env);
        return new UseOptions(
                gracePeriod,
                pid,
                hold,
                metadata,
                onMismatch,
                stdin,
                stdout,
                List.copyOf(all),
                logFile,
                workingDir,
                stopSignal,
                stopTimeout,
                ready == null ? null : ready.withPort(number),
                check == null ? null : check.withPort(number),
                restart,
                new Port.Fixed(number),
                export,
                config,
                json,
                shell);
    }

    /** Returns the port's number, null if there is none or none yet. */
    public @Nullable Integer portNumber() {
        return port instanceof Port.Fixed fixed ? fixed.number() : null;
    }

    /** Returns options that say nothing but where the config is. */
    public static UseOptions ofConfig(@Nullable String config) {
        return new UseOptions(
                null,
                null,
                null,
                null,
                OnMismatch.WARN,
                null,
                null,
                List.of(),
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                false,
                config,
                false,
                false);
    }
}
