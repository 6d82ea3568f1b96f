package dev.sharedserver.agent.verbs;

import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.ConfigOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.config.ConfigFile;
import dev.sharedserver.core.config.ConfigPlaces;
import dev.sharedserver.core.config.EnvFile;
import dev.sharedserver.core.config.Problem;
import dev.sharedserver.core.config.ServerSpec;
import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Shows a caller's config ({@code config check|show|path}). */
final class ConfigViews {

    private final CallersConfig config;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;

    ConfigViews(CallersConfig config, LauncherConnection launcher, Messages messages, Messages complaints) {
        this.config = config;
        this.launcher = launcher;
        this.messages = messages;
        this.complaints = complaints;
    }

    void show(Command.Config wanted) throws IOException, Failure {
        ConfigPlaces.Place place = config.needed();
        switch (wanted.view()) {
            case CHECK -> check(place, wanted.json());
            case SHOW -> show(place, wanted.json());
            case PATH -> path(place, wanted.json());
        }
    }

    /** Tells what a caller's config, if there is one, has that will not do what it seems to: for {@code admin doctor}. */
    static void mention(CallersConfig config, LauncherConnection launcher, Messages complaints) throws IOException {
        for (String note : config.notes()) {
            launcher.stderr(complaints.warning(note));
        }
        for (Problem error : config.file().errors()) {
            launcher.stderr(complaints.warning(error.toString()));
        }
        for (Problem unset : config.file().unset()) {
            launcher.stderr(complaints.warning(unset.toString()));
        }
    }

    private void path(ConfigPlaces.Place place, boolean json) throws IOException, Failure {
        if (!ConfigReading.exists(place.path())) {
            throw new Failure(
                    ExitCodes.FAILED,
                    "the config " + Quote.of(place.path()) + ", "
                            + place.origin().why() + ", is not there");
        }
        if (json) {
            launcher.stdout(ConfigOutput.path(place, config.notes()));
        } else {
            launcher.stdout(Quote.escape(place.path()) + "\n");
            launcher.stderr(complaints.note(place.origin().why()));
            for (String note : config.notes()) {
                launcher.stderr(complaints.warning(note));
            }
        }
        launcher.exit(ExitCodes.OK);
    }

    private void check(ConfigPlaces.Place place, boolean json) throws IOException {
        ConfigFile file = config.file();
        List<Problem> errors = new ArrayList<>(file.errors());
        for (ServerSpec spec : file.servers().values()) {
            EnvFile variables = CallersConfig.envFile(spec.withoutPort(), place);
            if (variables != null) {
                errors.addAll(variables.errors());
            }
        }
        List<Problem> warnings = new ArrayList<>(file.warnings());
        warnings.addAll(file.unset());
        if (json) {
            launcher.stdout(ConfigOutput.check(file, errors, warnings));
        } else {
            for (Problem error : errors) {
                launcher.stderr(complaints.error(error.toString()));
            }
            for (Problem warning : warnings) {
                launcher.stderr(complaints.warning(warning.toString()));
            }
            for (String note : config.notes()) {
                launcher.stderr(complaints.warning(note));
            }
            if (errors.isEmpty()) {
                launcher.stdout(messages.sound(place.path(), file.servers().size(), warnings.size()));
            }
        }
        launcher.exit(errors.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
    }

    private void show(ConfigPlaces.Place place, boolean json) throws IOException {
        ConfigFile file = config.file();
        List<ConfigOutput.Shown> shown = new ArrayList<>();
        List<Problem> errors = new ArrayList<>(file.errors());
        for (ServerSpec marked : file.servers().values()) {
            ServerSpec spec = marked.withoutPort();
            EnvFile variables = CallersConfig.envFile(spec, place);
            if (variables != null) {
                errors.addAll(variables.errors());
            }
            shown.add(new ConfigOutput.Shown(
                    spec,
                    config.onDisk(spec.name()).value(),
                    CallersConfig.variables(spec, variables),
                    CallersConfig.within(place, spec.logFile()),
                    CallersConfig.workingDir(spec, place),
                    CallersConfig.within(place, spec.envFile()),
                    config.skippedBy(spec)));
        }
        for (Problem error : errors) {
            launcher.stderr(complaints.error(error.toString()));
        }
        for (String note : config.notes()) {
            launcher.stderr(complaints.warning(note));
        }
        launcher.stdout(json ? ConfigOutput.json(place, shown) : ConfigOutput.text(place, shown));
        launcher.exit(errors.isEmpty() ? ExitCodes.OK : ExitCodes.FAILED);
    }
}
