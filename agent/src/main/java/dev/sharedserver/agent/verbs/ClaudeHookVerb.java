package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Command;
import dev.sharedserver.cli.Command.ClaudeHook.Moment;
import dev.sharedserver.cli.JsonOutput;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.wire.LauncherConnection;
import dev.sharedserver.core.wire.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Answers the hooks of a Claude Code session. It exits with 0 whatever happens, since the session goes on without its
 * servers: what failed is told in a message that Claude Code shows to its user.
 */
final class ClaudeHookVerb {

    private static final int INPUT_BYTES = 1 << 20;

    /** Claude Code gives the hooks of a session's end 1.5 s by default; its input is there at once. */
    private static final int INPUT_MILLIS = 500;

    private static final int LONGEST_MESSAGE = 4096;

    private final Supervisor supervisor;
    private final Launches launches;
    private final Callers callers;
    private final Request request;
    private final LauncherConnection launcher;
    private final Messages messages;
    private final Messages complaints;
    private final int uid;

    ClaudeHookVerb(
            Supervisor supervisor,
            Launches launches,
            Callers callers,
            Request request,
            LauncherConnection launcher,
            Messages messages,
            Messages complaints,
            int uid) {
        this.supervisor = supervisor;
        this.launches = launches;
        this.callers = callers;
        this.request = request;
        this.launcher = launcher;
        this.messages = messages;
        this.complaints = complaints;
        this.uid = uid;
    }

    void carryOut(Command.ClaudeHook hook) throws IOException, InterruptedException {
        HookInput input = input();
        List<String> failures;
        try {
            ProcessId session = callers.of(request).process();
            failures = hook.moment() == Moment.START ? start(hook, input, session) : end(input, session);
        } catch (Failure e) {
            failures = List.of(e.text());
        }
        if (!failures.isEmpty()) {
            String text = "sharedserver: " + String.join("\n", failures);
            launcher.stdout(JsonOutput.systemMessage(
                    text.length() > LONGEST_MESSAGE ? text.substring(0, LONGEST_MESSAGE) + " …" : text));
        }
        launcher.exit(ExitCodes.OK);
    }

    private HookInput input() throws IOException {
        if (request.stdinTty()) {
            return HookInput.NOTHING;
        }
        LauncherConnection.Input input = launcher.input(INPUT_BYTES, INPUT_MILLIS);
        return HookInput.parse(new String(input.bytes(), StandardCharsets.UTF_8));
    }

    private List<String> start(Command.ClaudeHook hook, HookInput input, ProcessId session)
            throws IOException, InterruptedException, Failure {
        Request there = request.in(project(input));
        Names names = new Names(supervisor, there, uid);
        CallersConfig config = names.config(hook.config());
        if (config.place() == null) {
            return config.notes();
        }
        return fleet(names, there).attach(config, session, null);
    }

    private List<String> end(HookInput input, ProcessId session) throws IOException, InterruptedException {
        // the process goes on with another session, which would find the servers in their grace period, or stopped
        if (input.reason().equals("clear") || input.reason().equals("resume")) {
            return List.of();
        }
        return fleet(new Names(supervisor, request, uid), request).detach(session.pid(), null);
    }

    /** Returns the session's directory: a hook runs where the session's last command has left it. */
    private String project(HookInput input) {
        String project = request.variable("CLAUDE_PROJECT_DIR");
        return project.startsWith("/") ? project : input.cwd().startsWith("/") ? input.cwd() : request.cwd();
    }

    private Fleet fleet(Names names, Request there) {
        return new Fleet(supervisor, launches, names, there, launcher, messages, complaints);
    }
}
