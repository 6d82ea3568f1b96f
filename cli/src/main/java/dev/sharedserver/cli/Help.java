package dev.sharedserver.cli;

/** Help texts, made from the table of verbs. */
final class Help {

    private static final int COLUMN = 16;

    private Help() {}

    static String overview() {
        StringBuilder out = new StringBuilder();
        out.append("sharedserver - one long-running process for many clients\n\n");
        out.append(
                "It starts when somebody needs it, is shared, survives restarts for a grace period, and goes away\n");
        out.append("by itself.\n\nUsage: sharedserver VERB [arguments]\n\nVerbs:\n");
        for (Verb verb : Verb.values()) {
            if (!verb.hidden()) {
                out.append("  ");
                pad(out, verb.words(), COLUMN);
                out.append(verb.summary()).append('\n');
            }
        }
        out.append("\nsharedserver VERB --help explains a verb. --version prints the version.\n");
        out.append("A DURATION is 30s, 5m, 1h30m, 250ms. SHAREDSERVER_LOCKDIR moves the state directory,\n");
        out.append("SHAREDSERVER_DEBUG=1 traces what happens.\n");
        return out.toString();
    }

    static String of(Verb verb) {
        StringBuilder out = new StringBuilder();
        out.append("Usage: sharedserver ").append(verb.words());
        if (!verb.synopsis().isEmpty()) {
            out.append(' ').append(verb.synopsis());
        }
        out.append("\n\n");
        if (!verb.summary().isEmpty()) {
            out.append(Character.toUpperCase(verb.summary().charAt(0)))
                    .append(verb.summary(), 1, verb.summary().length());
            out.append(".\n\n");
        }
        if (!verb.text().isEmpty()) {
            out.append(verb.text()).append('\n');
        }
        if (!verb.options().isEmpty()) {
            out.append("Options:\n");
            int width = 0;
            for (Option option : verb.options()) {
                width = Math.max(width, left(option).length());
            }
            for (Option option : verb.options()) {
                out.append("  ");
                pad(out, left(option), width + 2);
                out.append(option.help()).append('\n');
            }
            out.append('\n');
        }
        if (!verb.exits().isEmpty()) {
            out.append("Exit code: ").append(verb.exits()).append('\n');
        }
        if (!verb.example().isEmpty()) {
            out.append("Example: ").append(verb.example()).append('\n');
        }
        return out.toString();
    }

    private static String left(Option option) {
        return option.value() == null ? option.flag() : option.flag() + " " + option.value();
    }

    private static void pad(StringBuilder out, String text, int width) {
        out.append(text);
        for (int i = text.length(); i < width; i++) {
            out.append(' ');
        }
    }
}
