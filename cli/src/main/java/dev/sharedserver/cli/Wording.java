package dev.sharedserver.cli;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.Signals;
import dev.sharedserver.core.Timestamps;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import dev.sharedserver.core.story.Ending;
import dev.sharedserver.core.story.Leaving;
import dev.sharedserver.core.story.Mismatch;
import dev.sharedserver.core.story.Party;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What people read for causes, clients and times. What comes from outside is escaped. */
final class Wording {

    /** Nothing was tried: the port that it was to have is looked at before. */
    private static final int NONE = 0;

    private static final int CHDIR = 6;
    private static final int STDIN = 7;
    private static final int OUTPUT = 8;
    private static final int EXECUTE = 10;

    private Wording() {}

    /** Returns why, as a clause that may follow a colon. */
    static String reason(@Nullable Cause cause, @Nullable String path) {
        return switch (cause) {
            case null -> "the event log does not tell why";
            case Cause.GraceExpired g -> "nobody held it for its whole grace period";
            case Cause.Requested r -> asker(r.by()) + " stopped it";
            case Cause.Restarted r -> asker(r.by()) + " restarted it";
            case Cause.Ended e -> ended(e.status());
            case Cause.NotReady n ->
                "it was not ready in " + n.timeout()
                        + (n.looked() == null ? "" : " (" + Quote.escape(n.looked()) + ")");
            case Cause.Unhealthy u -> u.misses() + " checks in a row failed (" + Quote.escape(u.looked()) + ")";
            case Cause.TooManyCrashes t ->
                "it failed " + t.crashes() + " times in " + t.window()
                        + ", so that it stays down until somebody uses it";
            case Cause.Failed f ->
                "it had failed while it was held (failure " + f.crashes() + " of late, pause " + f.pause() + ")";
            case Cause.NobodyLeft n -> "it had failed, and nobody was left to start it again for";
            case Cause.NotRecorded n -> "its state could not be written: " + Quote.escape(n.reason());
            case Cause.NotStarted n -> notStarted(n, path);
            case Cause.Abandoned a -> Quote.escape(a.reason());
        };
    }

    private static String ended(ExitStatus status) {
        return switch (status) {
            case ExitStatus.Exited e -> "its process ended by itself with exit code " + e.code();
            case ExitStatus.Killed k
            when isCrash(k.signal()) ->
                "its process crashed with " + Signals.name(k.signal()) + (k.coreDumped() ? " (core dumped)" : "");
            case ExitStatus.Killed k ->
                "its process was killed by " + Signals.name(k.signal()) + ", which sharedserver did not send";
            case ExitStatus.Unknown u ->
                "its process ended; how is not known, since it was no child of sharedserver's guard";
        };
    }

    /** Tells whether a program brings that signal upon itself. */
    private static boolean isCrash(int signal) {
        return switch (Signals.name(signal)) {
            case "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGSEGV", "SIGSYS", "SIGXCPU", "SIGXFSZ" -> true;
            default -> false;
        };
    }

    private static String notStarted(Cause.NotStarted not, @Nullable String path) {
        String what = path == null ? "" : " " + Quote.of(path);
        String why = Errno.text(not.errno());
        return switch (not.step()) {
            case NONE -> "its port was held" + (not.errno() == Errno.EADDRINUSE ? "" : ": " + why);
            case CHDIR -> "working directory" + what + ": " + why;
            case STDIN -> "standard input" + what + ": " + why;
            case OUTPUT -> "log file" + what + ": " + why;
            case EXECUTE ->
                not.errno() == Errno.ENOENT || not.errno() == Errno.ENOTDIR
                        ? "command not found:" + (what.isEmpty() ? " " + why : what + " (" + why + ")")
                        : "cannot execute" + what + ": " + why;
            default -> "step " + not.step() + " before the command is executed: " + why;
        };
    }

    /** Returns how and why it ended, as the rest of a sentence about {@code it}. */
    static String end(Ending ending, Instant now) {
        String when = " " + when(ending.at(), now);
        return switch (ending) {
            case Ending.Stopped e ->
                "stopped" + when + ": " + reason(e.cause(), null)
                        + (e.killed() ? "; it did not end in time, and SIGKILL was needed" : "")
                        + verdict(e.verdict());
            case Ending.NotStarted e -> "could not be started" + when + ": " + reason(e.cause(), e.path());
            case Ending.Cleaned e ->
                "was found dead" + when + ", and its files were removed: " + Quote.escape(e.detail());
        };
    }

    /** That it failed and is started again is told with the start, or as long as it waits for that. */
    private static String verdict(@Nullable Cause verdict) {
        return verdict == null || verdict instanceof Cause.Failed ? "" : "; " + reason(verdict, null);
    }

    /** Returns who left and how. */
    static String left(Leaving left, Instant now) {
        String who = party(left.client());
        String ago = span(left.at(), now) + " ago";
        return switch (left.kind()) {
            case DETACHED ->
                left.by() == null
                        ? who + ", which detached " + ago
                        : who + ", which " + asker(left.by()) + " detached " + ago;
            case DIED -> who + ", whose process ended " + ago;
            case HOLD_ENDED -> who + ", whose time was over " + ago;
        };
    }

    /** Returns who asked for another server than the one that runs, as a sentence without its full stop. */
    static String mismatch(Mismatch mismatch, Instant now) {
        return asker(mismatch.by()) + " asked for it in another way " + span(mismatch.at(), now) + " ago and was "
                + (mismatch.refused() ? "refused" : "attached all the same") + ": what runs has "
                + Quote.escape(mismatch.running());
    }

    static String asker(Asker by) {
        return "pid " + by.pid() + (by.command() == null ? "" : " (" + Quote.escape(by.command()) + ")");
    }

    static String party(Party party) {
        StringBuilder out = new StringBuilder();
        add(out, party.command() == null ? null : Quote.escape(party.command()));
        add(out, party.metadata() == null ? null : Quote.of(party.metadata()));
        return name(party.key()) + (out.isEmpty() ? "" : " (" + out + ")");
    }

    /** Returns a live client with all that is known of it. */
    static String client(ClientView client, Instant now) {
        StringBuilder out = new StringBuilder();
        add(out, program(client));
        add(out, client.metadata() == null ? null : Quote.of(client.metadata()));
        add(out, client.cwd() == null ? null : "in " + Quote.escape(client.cwd()));
        Long left = client.remainingMs();
        add(out, left == null ? "for " + span(client.attachedAt(), now) : "for " + TextOutput.span(left) + " more");
        return name(client.key()) + " (" + out + ")";
    }

    /** Returns what a client runs, null if that is not known. */
    static @Nullable String program(ClientView client) {
        if (client.command() != null && !client.command().isEmpty()) {
            return TextOutput.cut(TextOutput.command(client.command()), 60);
        }
        return client.exe() == null ? null : Quote.escape(client.exe());
    }

    private static String name(String key) {
        return key.startsWith("hold-") ? Quote.escape(key) : "pid " + Quote.escape(key);
    }

    private static void add(StringBuilder out, @Nullable String part) {
        if (part != null) {
            out.append(out.isEmpty() ? "" : ", ").append(part);
        }
    }

    static String when(Instant at, Instant now) {
        String time = Timestamps.format(at);
        return span(at, now) + " ago (" + time.substring(0, time.indexOf('.')) + "Z)";
    }

    static String span(Instant from, Instant to) {
        return TextOutput.span(to.toEpochMilli() - from.toEpochMilli());
    }
}
