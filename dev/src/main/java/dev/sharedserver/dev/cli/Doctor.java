package dev.sharedserver.dev.cli;

import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.PortAllocator;
import dev.sharedserver.dev.hub.HubFile;
import dev.sharedserver.dev.hub.SettingsFile;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code dev doctor}: looks at what dev servers need, and at what is left of them. It ends and changes nothing. */
final class Doctor {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final List<String> TOOLS = List.of("go", "node", "npm", "pnpm");

    /** How a thing is. */
    private enum Rank {
        OK,
        NOTE,
        PROBLEM
    }

    /**
     * What was found.
     *
     * @param remedy empty if none is needed
     */
    private record Finding(String subject, Rank rank, String text, String remedy) {}

    private final Map<String, String> environment;
    private final Path directory;
    private final HubFile hub;
    private final LeftOvers leftOvers;
    private final List<Finding> findings = new ArrayList<>();

    /**
     * Makes one.
     *
     * @param environment in which the tools are looked for
     * @param directory the state directory
     */
    Doctor(Map<String, String> environment, Path directory, HubFile hub, LeftOvers leftOvers) {
        this.environment = environment;
        this.directory = directory;
        this.hub = hub;
        this.leftOvers = leftOvers;
    }

    boolean look() throws IOException, InterruptedException {
        for (String tool : TOOLS) {
            lookAtTool(tool);
        }
        lookAtSettings();
        lookAtPorts();
        lookAtHub();
        lookForLeftOvers();
        return findings.stream().noneMatch(finding -> finding.rank == Rank.PROBLEM);
    }

    String json() {
        return JsonText.of(JsonText.Form.PRETTY, json -> {
            json.beginArray();
            for (Finding finding : findings) {
                json.beginObject();
                json.name("subject").value(finding.subject);
                json.name("status").value(finding.rank.name().toLowerCase(Locale.ROOT));
                json.name("text").value(finding.text);
                json.name("remedy").value(finding.remedy);
                json.endObject();
            }
            json.endArray();
        });
    }

    String text() {
        StringBuilder out = new StringBuilder();
        for (Finding finding : findings) {
            String mark = switch (finding.rank) {
                case OK -> "✓";
                case NOTE -> "·";
                case PROBLEM -> "✗";
            };
            out.append(mark).append(' ').append(finding.subject).append(": ").append(Quote.escape(finding.text));
            out.append('\n');
            if (!finding.remedy.isEmpty()) {
                out.append("  ").append(finding.remedy).append('\n');
            }
        }
        return out.toString();
    }

    private void found(String subject, Rank rank, String text, String remedy) {
        findings.add(new Finding(subject, rank, text, remedy));
    }

    private void lookAtSettings() {
        SettingsFile settings = SettingsFile.of(environment);
        String problem = settings.problem();
        if (problem != null) {
            found(
                    "settings",
                    Rank.PROBLEM,
                    problem,
                    "Mend that file, or remove it: tools are then looked for on PATH.");
        } else if (Files.exists(settings.file())) {
            found("settings", Rank.OK, settings.file().toString(), "");
        }
    }

    private void lookAtTool(String tool) throws InterruptedException {
        for (String entry : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry).resolve(tool);
            if (!entry.isEmpty() && Files.isExecutable(path) && Files.isRegularFile(path)) {
                try {
                    found(tool, Rank.OK, version(path, tool) + " (" + path + ")", "");
                } catch (IOException e) {
                    found(
                            tool,
                            Rank.PROBLEM,
                            path + " cannot be used: " + e.getMessage(),
                            "Install " + tool + " anew.");
                }
                return;
            }
        }
        found(tool, Rank.NOTE, "not on PATH", "Install " + tool + " if a project needs it.");
    }

    private String version(Path path, String tool) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(path.toString(), tool.equals("go") ? "version" : "--version");
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process process = builder.redirectErrorStream(true)
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        try {
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("it does not tell its version within " + PATIENCE.toSeconds() + " s");
            }
            byte[] said = process.getInputStream()
                    .readNBytes(Math.min(process.getInputStream().available(), 200));
            String text = new String(said, StandardCharsets.UTF_8).strip();
            if (process.exitValue() != 0) {
                throw new IOException("exit code " + process.exitValue() + ", " + text);
            }
            return text;
        } finally {
            process.destroyForcibly();
        }
    }

    private void lookAtPorts() {
        int free = 0;
        int count = PortAllocator.PORT_RANGE_END - PortAllocator.PORT_RANGE_START;
        for (int port = PortAllocator.PORT_RANGE_START; port < PortAllocator.PORT_RANGE_END; port++) {
            try (ServerSocket probe = new ServerSocket()) {
                probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
                free++;
            } catch (IOException e) {
                // taken
            }
        }
        String text = free + " of " + count + " free, from " + PortAllocator.PORT_RANGE_START;
        if (free > 0) {
            found("ports", Rank.OK, text, "");
        } else {
            found("ports", Rank.PROBLEM, text, "End what listens there: ss -ltnp 'sport >= 15173 and sport < 15273'");
        }
    }

    private void lookAtHub() throws InterruptedException {
        if (!hub.equals(HubFile.read(directory))) {
            found(
                    "hub",
                    Rank.PROBLEM,
                    HubFile.NAME + " does not say where this hub is",
                    "Start it again: sharedserver stop @dev --even-if-used");
            return;
        }
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(hub.url() + "/api/dev/servers"))
                    .timeout(PATIENCE)
                    .header("Authorization", "Bearer " + hub.token())
                    .build();
            int status =
                    client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
            found(
                    "hub",
                    status == 200 ? Rank.OK : Rank.PROBLEM,
                    hub.url() + " answers with " + status,
                    status == 200 ? "" : "Start it again: sharedserver stop @dev --even-if-used");
        } catch (IOException e) {
            found(
                    "hub",
                    Rank.PROBLEM,
                    hub.url() + " does not answer: " + e.getMessage(),
                    "A firewall on the loopback interface? See sharedserver logs @dev.");
        }
    }

    private void lookForLeftOvers() throws IOException, InterruptedException {
        List<LeftOvers.Session> sessions;
        try {
            sessions = leftOvers.find();
        } catch (DevServerException e) {
            found("left over", Rank.NOTE, "cannot be told: " + e.getMessage(), "");
            return;
        }
        if (sessions.isEmpty()) {
            found("left over", Rank.OK, leftOvers.none(), "");
        }
        for (LeftOvers.Session session : sessions) {
            found("left over", Rank.PROBLEM, session.toString(), "End it: pkill -s " + session.id());
        }
    }
}
