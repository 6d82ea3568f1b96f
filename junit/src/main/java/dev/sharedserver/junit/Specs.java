package dev.sharedserver.junit;

import dev.sharedserver.client.ServerSpec;
import java.lang.reflect.Method;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.platform.commons.JUnitException;

/** What an annotation says, as the Java API has it. Mistakes are told with the annotation's element, what is expected, and what was found. */
final class Specs {

    private static final Pattern PERIOD =
            Pattern.compile("(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m(?!s))?(?:(\\d{1,9})s)?(?:(\\d{1,9})ms)?");

    private final UseSharedServer server;

    private Specs(UseSharedServer server) {
        this.server = server;
    }

    /** Translates an annotation, which says each thing at most once. */
    static ServerSpec of(UseSharedServer server) {
        return new Specs(server).spec();
    }

    /** Tells whether it says no more than a name. */
    static boolean isReference(UseSharedServer server) {
        for (Method element : UseSharedServer.class.getDeclaredMethods()) {
            try {
                if (element.getDefaultValue() != null
                        && !Objects.deepEquals(element.invoke(server), element.getDefaultValue())) {
                    return false;
                }
            } catch (ReflectiveOperationException e) {
                throw new JUnitException("cannot read " + server, e);
            }
        }
        return true;
    }

    private ServerSpec spec() {
        if (server.name().isBlank()) {
            throw wrong("name", "a name is expected", server.name());
        }
        ServerSpec spec = ServerSpec.named(server.name());
        spec = command(spec);
        spec = port(spec);
        spec = ready(spec, server.ready());
        for (String variable : server.env()) {
            int equals = variable.indexOf('=');
            if (equals < 1) {
                throw wrong("env", "NAME=value is expected", variable);
            }
            spec = spec.env(variable.substring(0, equals), variable.substring(equals + 1));
        }
        spec = with(spec, server.workingDir(), path("workingDir"), ServerSpec::workingDir);
        spec = with(spec, server.logFile(), path("logFile"), ServerSpec::logFile);
        spec = with(spec, server.config(), path("config"), ServerSpec::config);
        spec = with(spec, server.gracePeriod(), period("gracePeriod"), ServerSpec::gracePeriod);
        spec = with(spec, server.stopTimeout(), period("stopTimeout"), ServerSpec::stopTimeout);
        spec = with(spec, server.stopSignal(), Function.identity(), ServerSpec::stopSignal);
        if (server.restart() != ServerSpec.Restart.NEVER) {
            spec = spec.restart(server.restart());
        }
        if (server.onMismatch() != ServerSpec.OnMismatch.WARN) {
            spec = spec.onMismatch(server.onMismatch());
        }
        return spec;
    }

    private ServerSpec command(ServerSpec spec) {
        String[] command = server.command();
        if (!server.shell().isEmpty()) {
            if (command.length > 0) {
                throw wrong("shell", "either command or shell is expected, not both", server.shell());
            }
            return spec.shell(server.shell());
        }
        return command.length == 0 ? spec : spec.command(command[0], Arrays.copyOfRange(command, 1, command.length));
    }

    private ServerSpec port(ServerSpec spec) {
        String port = server.port();
        if (port.isEmpty()) {
            return spec;
        }
        if (port.equals("auto")) {
            return spec.autoPort();
        }
        int number = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
        if (number < 1 || number > 65_535) {
            throw wrong("port", "auto or a number from 1 to 65535 is expected", port);
        }
        return spec.port(number);
    }

    private ServerSpec ready(ServerSpec spec, Ready ready) {
        List<ServerSpec> probed = new ArrayList<>();
        if (!ready.tcp().isEmpty()) {
            probed.add(spec.readyTcp(ready.tcp()));
        }
        if (!ready.http().isEmpty()) {
            probed.add(spec.readyHttp(ready.http()));
        }
        if (!ready.log().isEmpty()) {
            probed.add(spec.readyLog(ready.log()));
        }
        if (!ready.exec().isEmpty()) {
            probed.add(spec.readyExec(ready.exec()));
        }
        if (ready.sdNotify()) {
            probed.add(spec.readyNotify());
        }
        if (probed.size() > 1) {
            throw wrong("ready", "one probe is expected", ready.toString());
        }
        return with(
                probed.isEmpty() ? spec : probed.get(0),
                ready.timeout(),
                period("ready.timeout"),
                ServerSpec::readyTimeout);
    }

    private static <T> ServerSpec with(
            ServerSpec spec, String value, Function<String, T> read, BiFunction<ServerSpec, T, ServerSpec> add) {
        return value.isEmpty() ? spec : add.apply(spec, read.apply(value));
    }

    private Function<String, Path> path(String element) {
        return value -> {
            try {
                return Path.of(value);
            } catch (InvalidPathException e) {
                throw wrong(element, "a path is expected", value);
            }
        };
    }

    private Function<String, Duration> period(String element) {
        return value -> {
            Matcher parts = PERIOD.matcher(value);
            if (!parts.matches()) {
                throw wrong(element, "a time such as 10m, 1h30m or 500ms is expected", value);
            }
            return Duration.ofDays(part(parts, 1))
                    .plusHours(part(parts, 2))
                    .plusMinutes(part(parts, 3))
                    .plusSeconds(part(parts, 4))
                    .plusMillis(part(parts, 5));
        };
    }

    private static long part(Matcher parts, int group) {
        String digits = parts.group(group);
        return digits == null ? 0 : Long.parseLong(digits);
    }

    private ExtensionConfigurationException wrong(String element, String expected, String found) {
        return new ExtensionConfigurationException("@UseSharedServer(name = \"" + server.name() + "\"): " + element
                + ": " + expected + ", found \"" + found + "\"");
    }
}
