package dev.sharedserver.bench;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** One run of hyperfine without a shell: every command of it is measured on the machine as it is in that minute. */
final class Hyperfine {
    private final String name;
    private final int runs;
    private final int warmup;
    private final List<String> arguments = new ArrayList<>();
    private final List<String> names = new ArrayList<>();

    /** {@code name} is that of the raw figures' file. */
    Hyperfine(String name, int runs, int warmup) {
        this.name = name;
        this.runs = runs;
        this.warmup = warmup;
    }

    Hyperfine add(String title, String command) {
        names.add(title);
        arguments.addAll(List.of("--command-name", title, command));
        return this;
    }

    /** {@code prepare} runs before every timing, untimed; with one command of a run every command of it needs one. */
    Hyperfine add(String title, String prepare, String command) {
        arguments.addAll(List.of("--prepare", prepare));
        return add(title, command);
    }

    Map<String, Sample> run(Scene scene, Path target) throws IOException, InterruptedException {
        Path json = target.resolve(name + ".json");
        List<String> argv = new ArrayList<>(List.of(
                "hyperfine",
                "-N",
                "--style",
                "none",
                "--runs",
                "" + runs,
                "--warmup",
                "" + warmup,
                "--export-json",
                json.toString()));
        argv.addAll(arguments);
        Process process = scene.process(argv)
                .redirectOutput(target.resolve(name + ".out").toFile())
                .start();
        if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("hyperfine failed: " + Files.readString(target.resolve(name + ".out")));
        }
        Map<String, Sample> samples = new LinkedHashMap<>();
        JsonObject all = JsonParser.parseString(Files.readString(json)).getAsJsonObject();
        List<JsonElement> results = all.getAsJsonArray("results").asList();
        for (int i = 0; i < names.size(); i++) {
            List<Double> milliseconds = new ArrayList<>();
            for (JsonElement seconds : results.get(i).getAsJsonObject().getAsJsonArray("times")) {
                milliseconds.add(seconds.getAsDouble() * 1000);
            }
            samples.put(names.get(i), new Sample(milliseconds));
        }
        return samples;
    }
}
