package dev.sharedserver.top;

import java.util.List;

/** What the view reacts to. */
sealed interface Input {

    /** A key. */
    record Pressed(Key key) implements Input {}

    /** The servers as they are now. */
    record Listed(List<Served> servers) implements Input {}

    /** Something to say in the last line, safe to show. */
    record Told(String text) implements Input {}

    /** The servers cannot be listed now; safe to show. */
    record Failed(String text) implements Input {}

    /** The terminal has another size. */
    record Resized() implements Input {}

    /** Ctrl-C. */
    record Interrupted() implements Input {}

    /** Ctrl-Z. */
    record Suspended() implements Input {}

    /** The process goes on after it was stopped. */
    record Resumed() implements Input {}

    /** The log that was followed has ended, or was left. */
    record LogClosed() implements Input {}

    /** The terminal is gone. */
    record HungUp() implements Input {}
}
