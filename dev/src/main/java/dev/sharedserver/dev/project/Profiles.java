package dev.sharedserver.dev.project;

import dev.sharedserver.core.Period;
import dev.sharedserver.core.config.Condition;
import dev.sharedserver.core.config.Port;
import dev.sharedserver.core.config.Probe;
import dev.sharedserver.dev.DevServerException;
import dev.sharedserver.dev.build.Compiler;
import dev.sharedserver.dev.tool.PackageManager;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What each profile runs in a directory. */
final class Profiles {

    private static final String PORT = ProcessSpec.PORT_MARK;
    private static final String PACKAGE = "package.json";
    private static final String NODE_MODULES = "node_modules";
    private static final List<String> NO_SOURCES = List.of(NODE_MODULES, "**/node_modules/**");
    private static final List<String> SIGNS_OF_PYTHON =
            List.of("manage.py", "pyproject.toml", "setup.py", "requirements.txt");

    /** A front end's first start reads all of its dependencies. */
    private static final Period PATIENCE = new Period(60_000_000_000L);

    private static final Pattern CRATE =
            Pattern.compile("(?m)^\\[package\\][^\\[]*?^name\\s*=\\s*[\"']([A-Za-z0-9_-]+)[\"']");

    private static final Pattern CHOSEN_PROGRAM = Pattern.compile("(?m)^(?:\\[\\[bin\\]\\]|default-run\\s*=)");

    private static final Pattern MAIN_PACKAGE = Pattern.compile("(?m)^package main\\b");

    private Profiles() {}

    /** What runs. */
    record Parts(List<ProcessSpec> processes, List<BuilderSpec> builders) {}

    /** Returns the profile that a directory has the sign of, null if it has none. */
    static @Nullable Profile find(Path directory) throws DevServerException {
        boolean ui = Files.isDirectory(directory.resolve("ui"));
        boolean pkg = Files.isDirectory(directory.resolve("pkg"));
        if (ui && pkg || Files.isRegularFile(directory.resolve("plugin.yaml"))) {
            return Profile.VITE_GO;
        }
        Profile ofNode = ofNode(directory);
        if (ofNode != null) {
            return ofNode;
        }
        if (has(directory, "pom.xml")) {
            return Profile.MAVEN;
        }
        if (has(directory, "Cargo.toml")) {
            return Profile.CARGO;
        }
        if (has(directory, "go.mod")) {
            return Profile.GO;
        }
        if (has(directory, "tsconfig.json")) {
            return Profile.TSC;
        }
        if (SIGNS_OF_PYTHON.stream().anyMatch(sign -> has(directory, sign))) {
            return Profile.PYTHON;
        }
        if (has(directory, "Makefile")) {
            return Profile.MAKE;
        }
        // half a plugin: what is missing will be said
        return ui || pkg ? Profile.VITE_GO : null;
    }

    private static boolean has(Path directory, String file) {
        return Files.isRegularFile(directory.resolve(file));
    }

    private static @Nullable Profile ofNode(Path directory) throws DevServerException {
        Manifest manifest = Manifest.read(directory, PACKAGE);
        if (manifest == null) {
            return null;
        }
        // frameworks that have Vite underneath come with a command of their own
        if (manifest.needs("astro")) {
            return Profile.ASTRO;
        }
        if (manifest.needs("nuxt")) {
            return Profile.NUXT;
        }
        if (manifest.needs("next")) {
            return Profile.NEXT;
        }
        if (manifest.needs("@angular/cli")) {
            return Profile.ANGULAR;
        }
        if (manifest.needs("vite")) {
            return Profile.VITE;
        }
        return script(manifest) == null ? null : Profile.NODE;
    }

    private static @Nullable String script(Manifest manifest) {
        return Stream.of("dev", "start")
                .filter(name -> manifest.text("scripts", name) != null)
                .findFirst()
                .orElse(null);
    }

    /** Returns what a profile runs there. */
    static Parts of(Profile profile, Path directory) throws DevServerException {
        return switch (profile) {
            case VITE_GO -> pluginParts(directory);
            case VITE ->
                frontEnd(
                        profile,
                        directory,
                        List.of("--port", PORT, "--strictPort", "--host", "127.0.0.1"),
                        new Probe.LogPattern("Local:.*:" + PORT + "\\b"));
            case NEXT ->
                frontEnd(
                        profile,
                        directory,
                        List.of("--port", PORT, "--hostname", "127.0.0.1"),
                        new Probe.Tcp("127.0.0.1", 0));
            case ASTRO, NUXT, ANGULAR ->
                frontEnd(
                        profile,
                        directory,
                        List.of("--port", PORT, "--host", "127.0.0.1"),
                        new Probe.Tcp("127.0.0.1", 0));
            case NODE -> node(directory);
            case MAVEN -> maven(directory);
            case CARGO -> cargo(directory);
            case GO -> go(directory);
            case TSC -> tsc(directory);
            case PYTHON -> python(directory);
            case MAKE ->
                builder(builder("make", directory, List.of("make"))
                        .watch("**/*.{c,h,cc,cpp,cxx,hh,hpp,S}", "**/Makefile", "**/*.mk")
                        .parser(Compiler.GCC));
            case CUSTOM -> new Parts(List.of(), List.of());
        };
    }

    /** For people to look at: such a plugin is run as its host expects it, not by these. */
    private static Parts pluginParts(Path directory) {
        Path ui = directory.resolve("ui");
        PackageManager manager = PackageManager.of(ui);
        ProcessSpec vite = new ProcessSpec(
                "vite",
                manager.run(
                        Path.of(manager.command()),
                        "dev",
                        List.of("--port", PORT, "--strictPort", "--host", "127.0.0.1")),
                ui,
                Map.of(),
                new Port.Auto(),
                new Condition(new Probe.LogPattern("Local:.*:" + PORT + "\\b"), null, null),
                install(manager, ui));
        Draft go = builder("go-build", directory, List.of("go", "build", "-o", "build/bin/plugin", "./pkg"))
                .watch("pkg/**", "*.go", "go.mod", "go.sum", "go.work", "plugin.yaml")
                .ignore("vendor", NODE_MODULES)
                .parser(Compiler.GO);
        return new Parts(List.of(vite), List.of(go.spec()));
    }

    private static Install install(PackageManager manager, Path directory) {
        return new Install(manager.install(Path.of(manager.command())), directory.resolve(NODE_MODULES));
    }

    private static Parts frontEnd(Profile profile, Path directory, List<String> arguments, Probe ready)
            throws DevServerException {
        Manifest manifest = packageJson(directory);
        PackageManager manager = PackageManager.of(directory);
        String script = script(manifest);
        List<String> argv = new ArrayList<>();
        if (script != null) {
            argv.addAll(manager.run(Path.of(manager.command()), script, arguments));
        } else {
            // no script: the framework's own command
            argv.add(NODE_MODULES + "/.bin/" + (profile == Profile.ANGULAR ? "ng" : profile.text()));
            argv.add(profile == Profile.ANGULAR ? "serve" : "dev");
            argv.addAll(arguments);
        }
        return new Parts(
                List.of(new ProcessSpec(
                        profile.text(),
                        argv,
                        directory,
                        Map.of(),
                        new Port.Auto(),
                        new Condition(ready, PATIENCE, null),
                        install(manager, directory))),
                List.of());
    }

    private static Manifest packageJson(Path directory) throws DevServerException {
        Manifest manifest = Manifest.read(directory, PACKAGE);
        if (manifest == null) {
            throw DevServerException.invalid("There is no " + PACKAGE + " in " + directory + ".");
        }
        return manifest;
    }

    private static Parts node(Path directory) throws DevServerException {
        PackageManager manager = PackageManager.of(directory);
        String script = Objects.requireNonNullElse(script(packageJson(directory)), "dev");
        // what it is nobody knows: it gets a port in the variable that most ask for, and is up when it runs
        return new Parts(
                List.of(new ProcessSpec(
                        "node",
                        manager.run(Path.of(manager.command()), script, List.of()),
                        directory,
                        Map.of("PORT", PORT),
                        new Port.Auto(),
                        null,
                        install(manager, directory))),
                List.of());
    }

    private static Parts maven(Path directory) {
        String command = has(directory, "mvnw") ? "./mvnw" : "mvn";
        return builder(builder("maven", directory, List.of(command, "-q", "-B", "compile"))
                .watch("pom.xml", "**/pom.xml", "src/main/**", "**/src/main/**")
                .ignore("target", "**/target/**", NODE_MODULES, "**/node_modules/**")
                .parser(Compiler.JAVAC));
    }

    private static Parts cargo(Path directory) {
        boolean runs = has(directory, "src/main.rs");
        Draft build = builder("cargo", directory, List.of("cargo", "build"))
                // not Cargo.lock: cargo writes it at the first build, and that would be one more
                .watch("**/*.rs", "**/Cargo.toml")
                .ignore("target", "**/target/**")
                .parser(Compiler.RUSTC);
        return runs
                ? new Parts(
                        List.of(started("run", directory, cargoRun(directory))),
                        List.of(build.restart("run").spec()))
                : builder(build);
    }

    /** Names the program, for cargo runs none by itself once there is a second one in {@code src/bin}. Where the manifest says more, it decides. */
    private static List<String> cargoRun(Path directory) {
        List<String> argv = new ArrayList<>(List.of("cargo", "run", "--quiet"));
        try {
            String manifest = Files.readString(directory.resolve("Cargo.toml"));
            Matcher name = CRATE.matcher(manifest);
            if (name.find() && !CHOSEN_PROGRAM.matcher(manifest).find()) {
                argv.addAll(List.of("--bin", name.group(1)));
            }
        } catch (IOException e) {
            // gone or no text: cargo will say it
        }
        return argv;
    }

    private static ProcessSpec started(String name, Path directory, List<String> argv) {
        return new ProcessSpec(name, argv, directory, Map.of("PORT", PORT), new Port.Auto(), null, null);
    }

    private static Parts go(Path directory) {
        boolean runs = isMainPackage(directory);
        String program = "build/bin/" + Projects.id(directory);
        Draft build = builder(
                        "go",
                        directory,
                        runs ? List.of("go", "build", "-o", program, ".") : List.of("go", "build", "./..."))
                .watch("**/*.go", "go.mod", "go.sum", "go.work")
                .ignore("vendor", NODE_MODULES)
                .parser(Compiler.GO);
        return runs
                ? new Parts(
                        List.of(started("run", directory, List.of(program))),
                        List.of(build.restart("run").spec()))
                : builder(build);
    }

    private static boolean isMainPackage(Path directory) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.go")) {
            for (Path file : files) {
                if (!file.toString().endsWith("_test.go")
                        && MAIN_PACKAGE.matcher(Files.readString(file)).find()) {
                    return true;
                }
            }
        } catch (IOException | RuntimeException e) {
            // gone or no text
        }
        return false;
    }

    private static Parts tsc(Path directory) throws DevServerException {
        Manifest config = Manifest.read(directory, "tsconfig.json");
        List<String> ignore = new ArrayList<>(NO_SOURCES);
        for (String key : List.of("outDir", "declarationDir")) {
            String made = config == null ? null : config.text("compilerOptions", key);
            if (made != null && Projects.isBelow(directory, made)) {
                ignore.add(directory
                        .relativize(directory.resolve(made).normalize())
                        .toString());
            }
        }
        // without an outDir what is made lies beside what it was made of
        ignore.add("**/*.d.ts");
        Draft build = builder("tsc", directory, List.of(NODE_MODULES + "/.bin/tsc", "-p", ".", "--pretty", "false"))
                .watch("**/*.{ts,tsx,mts,cts}", "**/tsconfig*.json", PACKAGE)
                .ignore(ignore.toArray(String[]::new))
                .parser(Compiler.TSC);
        return builder(
                has(directory, PACKAGE) ? build.install(install(PackageManager.of(directory), directory)) : build);
    }

    private static Parts python(Path directory) {
        String python = has(directory, ".venv/bin/python") ? ".venv/bin/python" : "python3";
        Draft check = builder(
                        "python",
                        directory,
                        List.of(python, "-m", "compileall", "-q", "-x", "(^|/)(\\.|venv/|node_modules/)", "."))
                .watch("**/*.py")
                .ignore("venv", NODE_MODULES, "**/__pycache__/**")
                .parser(Compiler.PYTHON);
        if (!has(directory, "manage.py")) {
            return builder(check);
        }
        return new Parts(
                List.of(new ProcessSpec(
                        "django",
                        List.of(python, "manage.py", "runserver", "127.0.0.1:" + PORT),
                        directory,
                        Map.of("PYTHONUNBUFFERED", "1"),
                        new Port.Auto(),
                        new Condition(new Probe.Tcp("127.0.0.1", 0), null, null),
                        null)),
                List.of(check.spec()));
    }

    private static Draft builder(String name, Path directory, List<String> command) {
        return new Draft(name, directory, command);
    }

    private static Parts builder(Draft draft) {
        return new Parts(List.of(), List.of(draft.spec()));
    }

    /** A builder that is being described. */
    private static final class Draft {
        private final String name;
        private final Path directory;
        private final List<String> command;
        private List<String> watch = List.of();
        private List<String> ignore = List.of();
        private @Nullable Compiler parser;
        private List<String> restart = List.of();
        private @Nullable Install install;

        Draft(String name, Path directory, List<String> command) {
            this.name = name;
            this.directory = directory;
            this.command = command;
        }

        Draft watch(String... globs) {
            watch = List.of(globs);
            return this;
        }

        Draft ignore(String... globs) {
            ignore = List.of(globs);
            return this;
        }

        Draft parser(Compiler compiler) {
            parser = compiler;
            return this;
        }

        Draft restart(String process) {
            restart = List.of(process);
            return this;
        }

        Draft install(Install first) {
            install = first;
            return this;
        }

        BuilderSpec spec() {
            return new BuilderSpec(
                    name,
                    watch,
                    ignore,
                    command,
                    directory,
                    Map.of(),
                    parser,
                    null,
                    true,
                    restart,
                    BuilderSpec.TIMEOUT,
                    install);
        }
    }
}
