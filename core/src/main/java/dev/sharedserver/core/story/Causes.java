package dev.sharedserver.core.story;

import dev.sharedserver.core.Errno;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.LoggedEvent;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.lifecycle.Asker;
import dev.sharedserver.core.lifecycle.Cause;
import dev.sharedserver.core.lifecycle.ExitStatus;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Causes as fields of logged events: written, and read back. How a process ended has fields of its own beside them. */
public final class Causes {

    private Causes() {}

    /** Adds the fields of a cause. */
    public static void put(Map<String, @Nullable Object> fields, Cause cause) {
        fields.put("cause", cause.word());
        switch (cause) {
            case Cause.GraceExpired g -> {}
            case Cause.Requested requested -> put(fields, requested.by());
            case Cause.Restarted restarted -> put(fields, restarted.by());
            case Cause.Ended e -> {} // the fields of the status say it
            case Cause.NotStarted not -> {
                fields.put("step", not.step());
                fields.put("errno", not.errno());
                fields.put("detail", not.reason() == null ? Errno.text(not.errno()) : not.reason());
            }
            case Cause.NotReady n -> {
                fields.put("timeout", n.timeout());
                fields.put("looked", n.looked());
                fields.put("detail", n.detail());
            }
            case Cause.Unhealthy u -> {
                fields.put("misses", u.misses());
                fields.put("looked", u.looked());
                fields.put("detail", u.detail());
            }
            case Cause.TooManyCrashes t -> {
                fields.put("crashes", t.crashes());
                fields.put("window", t.window());
                fields.put("detail", t.detail());
            }
            case Cause.Failed f -> {
                fields.put("crashes", f.crashes());
                fields.put("pause", f.pause());
                fields.put("detail", f.detail());
            }
            case Cause.NobodyLeft n -> {}
            case Cause.NotRecorded n -> fields.put("detail", n.reason());
            case Cause.Abandoned a -> fields.put("detail", a.reason());
        }
    }

    /** Adds the fields that say who asked. */
    public static void put(Map<String, @Nullable Object> fields, Asker by) {
        fields.put("by", by.pid());
        fields.put("by_command", by.command());
    }

    /** Adds the fields that say how a process ended. */
    public static void put(Map<String, @Nullable Object> fields, ExitStatus status) {
        switch (status) {
            case ExitStatus.Exited exited -> fields.put("exit_code", exited.code());
            case ExitStatus.Killed killed -> {
                fields.put("signal", killed.signal());
                fields.put("core_dumped", killed.coreDumped() ? true : null);
            }
            case ExitStatus.Unknown unknown -> {}
        }
    }

    /** Reads a cause back; null if there is none, or none that this version knows. */
    public static @Nullable Cause of(LoggedEvent event) {
        String word = event.text("cause");
        String detail = event.text("detail");
        Asker by = asker(event);
        return switch (word) {
            case null -> null;
            case "grace_expired" -> new Cause.GraceExpired();
            case "stop_requested" -> by == null ? null : new Cause.Requested(by);
            case "restart_requested" -> by == null ? null : new Cause.Restarted(by);
            case "exited", "killed", "ended" -> new Cause.Ended(status(event));
            case "not_started" -> notStarted(number(event, "step"), number(event, "errno"), detail);
            case "not_ready" -> new Cause.NotReady(period(event, "timeout"), event.text("looked"));
            case "unhealthy" ->
                new Cause.Unhealthy(
                        number(event, "misses"), Objects.requireNonNullElse(event.text("looked"), "not told"));
            case "too_many_crashes" -> new Cause.TooManyCrashes(number(event, "crashes"), period(event, "window"));
            case "failed" -> new Cause.Failed(number(event, "crashes"), period(event, "pause"));
            case "nobody_left" -> new Cause.NobodyLeft();
            case "not_recorded" -> new Cause.NotRecorded(detail == null ? "" : detail);
            case "abandoned" -> new Cause.Abandoned(detail == null ? "" : detail);
            default -> null;
        };
    }

    private static Cause notStarted(int step, int errno, @Nullable String detail) {
        // step 0: it was not even tried, and the detail says why
        return new Cause.NotStarted(step, errno, step == 0 ? detail : null);
    }

    /** Reads back who asked; null if nobody did. */
    static @Nullable Asker asker(LoggedEvent event) {
        Long pid = event.number("by");
        return pid == null ? null : new Asker(pid, event.text("by_command"));
    }

    /** Reads back how a process ended. */
    public static ExitStatus status(LoggedEvent event) {
        Long code = event.number("exit_code");
        Long signal = event.number("signal");
        if (code != null) {
            return new ExitStatus.Exited((int) (code & 0xff));
        }
        return signal == null
                ? new ExitStatus.Unknown()
                : new ExitStatus.Killed(
                        (int) (signal & 0x7f),
                        Boolean.TRUE.equals(event.fields().get("core_dumped")));
    }

    private static Period period(LoggedEvent event, String field) {
        String text = event.text(field);
        try {
            return text == null ? new Period(0) : Period.parse(text);
        } catch (InvalidInput e) {
            return new Period(0); // no line of ours
        }
    }

    private static int number(LoggedEvent event, String field) {
        Long number = event.number(field);
        return number == null || number < 0 || number > Integer.MAX_VALUE ? 0 : number.intValue();
    }
}
