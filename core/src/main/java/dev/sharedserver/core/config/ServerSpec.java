package dev.sharedserver.core.config;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.ServerName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A server as a config file describes it, variables expanded; null where it says nothing. Paths are as written: a
 * relative one counts from the directory of the config file.
 *
 * <p>In a server with a {@code port}, {@code ${PORT}} is that port. While an {@code "auto"} port is not chosen, its
 * place is marked in the texts below: see {@link #withPort}.
 *
 * @param name as in the file
 * @param command argv; empty for a lazy server that somebody else starts
 * @param env {@code K=V} each, in the order of the file
 * @param lazy whether {@code up} leaves it alone unless it runs
 * @param skipIfEnv name of a variable; where it is set and not empty, the server is not wanted
 * @param envFile path of a file with more of {@code env}, which goes before it
 * @param dependsOn names of servers that are started first, each in the same file, without a cycle
 * @param project whether the name is private to the directory of the config file ({@code scope: "project"})
 * @param ready what shows that it is up
 * @param check what shows that it still is
 * @param restart {@link RestartPolicy#NEVER} where the file says nothing
 * @param stopSignal its number
 */
public record ServerSpec(
        ServerName name,
        List<String> command,
        List<String> env,
        @Nullable Period gracePeriod,
        @Nullable String logFile,
        @Nullable String metadata,
        boolean lazy,
        @Nullable String skipIfEnv,
        @Nullable String workingDir,
        @Nullable String envFile,
        List<String> dependsOn,
        @Nullable Port port,
        boolean project,
        @Nullable Condition ready,
        @Nullable Condition check,
        RestartPolicy restart,
        @Nullable Integer stopSignal,
        @Nullable Period stopTimeout) {

    /** Stands for the port that is not chosen yet. A NUL cannot come out of a config file. */
    static final String PORT_MARK = "\0";

    /** Returns this server with a port chosen, so that no mark is left in any text. */
    public ServerSpec withPort(int number) {
        return withPort(Integer.toString(number), number);
    }

    /** Returns this server as it is shown and used while no port is chosen: with {@code ${PORT}} as written. */
    public ServerSpec withoutPort() {
        return withPort("${PORT}", 0);
    }

    private ServerSpec withPort(String text, int number) {
        return new ServerSpec(
                name,
                filled(command, text),
                filled(env, text),
                gracePeriod,
                filled(logFile, text),
                filled(metadata, text),
                lazy,
                skipIfEnv,
                filled(workingDir, text),
                filled(envFile, text),
                dependsOn,
                number == 0 ? port : new Port.Fixed(number),
                project,
                filled(ready, text, number),
                filled(check, text, number),
                restart,
                stopSignal,
                stopTimeout);
    }

    private static @Nullable Condition filled(@Nullable Condition condition, String text, int number) {
        if (condition == null) {
            return null;
        }
        Probe probe = switch (condition.probe()) {
            case Probe.Tcp tcp -> new Probe.Tcp(tcp.host(), tcp.port() == 0 ? number : tcp.port());
            case Probe.Http http -> new Probe.Http(http.url().replace(PORT_MARK, text));
            case Probe.LogPattern log -> new Probe.LogPattern(log.regex().replace(PORT_MARK, text));
            case Probe.Exec exec -> new Probe.Exec(filled(exec.command(), text));
            case Probe.Notify notify -> notify;
        };
        return new Condition(probe, condition.timeout(), condition.interval());
    }

    private static List<String> filled(List<String> texts, String text) {
        List<String> filled = new ArrayList<>(texts.size());
        for (String one : texts) {
            filled.add(one.replace(PORT_MARK, text));
        }
        return List.copyOf(filled);
    }

    private static @Nullable String filled(@Nullable String one, String text) {
        return one == null ? null : one.replace(PORT_MARK, text);
    }
}
