package dev.sharedserver.cli;

/** The manual page in the man(7) macros of roff: verbs and options from the table of verbs, the rest by hand. */
final class ManPage {

    /** When the texts below were last looked over. */
    private static final String DATE = "2026-11-21";

    private static final String DESCRIPTION = """
        .SH DESCRIPTION
        A development machine has long-running processes that several programs want: a vector database, a language
        server, a web server in watch mode.
        .B sharedserver
        starts such a server when the first of them asks for it, counts who uses it, and stops it when nobody has
        used it for a grace period.
        .PP
        A use is a
        .I reference
        that belongs to a process. It ends when that process detaches or ends, however it ends. Nothing needs to be
        installed as a service: a small guard process keeps watch for as long as there is a server, and sleeps
        meanwhile.
        .PP
        .I NAME
        is 1 to 128 bytes of UTF-8 without slashes and control characters, and does not begin with a dot, a dash or
        an at sign.
        .I COMMAND
        is executed as it stands, without a shell; everything behind
        .B \\-\\-
        belongs to it.
        A
        .I DURATION
        is a sum of numbers with units:
        .BR 250ms ,
        .BR 30s ,
        .BR 5m ,
        .BR 1h30m ,
        .BR 7d .
        """;

    private static final String END = """
        .SH EXIT STATUS
        .TP
        .B 0
        It was done.
        .TP
        .B 1
        It was not; why is said on standard error.
        .TP
        .B 64
        The command line was not understood.
        .TP
        .BR 126 ", " 127
        .I COMMAND
        cannot be executed, was not found.
        .PP
        .B check
        tells states by its exit status and exits with 70 when it cannot;
        .B wait
        exits with 124 when the time is over;
        .B run
        and
        .B exec
        exit as the command does.
        .SH ENVIRONMENT
        .TP
        .B SHAREDSERVER_LOCKDIR
        The state directory. Logs are kept beside the state then.
        .TP
        .B SHAREDSERVER_CONFIG
        The config file.
        .TP
        .B SHAREDSERVER_DEBUG
        Set to 1: every step is told on standard error.
        .TP
        .BR XDG_RUNTIME_DIR ", " XDG_STATE_HOME ", " XDG_CONFIG_HOME
        Where state, logs and the user's config file are looked for, see below.
        .TP
        .B NO_COLOR
        If set, nothing is coloured.
        .SH FILES
        .TP
        .I $XDG_RUNTIME_DIR/sharedserver/
        The state directory; without that variable
        .I /run/user/UID/sharedserver/
        or
        .IR /tmp/sharedserver/ .
        .TP
        .I NAME.server.json\\fR, \\fINAME.clients.json
        In the state directory: what runs, and who uses it.
        .TP
        .I NAME.invocations.log
        What happened to a server, one JSON object a line.
        .TP
        .I ${XDG_STATE_HOME:\\-~/.local/state}/sharedserver/NAME.log
        The output of a server, kept below 10 MiB;
        .I NAME.log.1
        is that of the run before.
        .TP
        .I NAME.log.times
        When that log had which length.
        .TP
        .I .sharedserver.json\\fR, \\fI.sharedserver/servers.json
        The config file of a project, looked for in the working directory and above it.
        .TP
        .I ${XDG_CONFIG_HOME:\\-~/.config}/sharedserver/servers.json
        The user's own config file.
        .SH EXAMPLES
        Share a web server between two shells. It goes away five minutes after the second of them has ended:
        .PP
        .RS
        .nf
        sharedserver use web \\-\\- python3 \\-m http.server 8000
        .fi
        .RE
        .PP
        Have one for as long as a command runs:
        .PP
        .RS
        .nf
        sharedserver use db \\-\\-hold 1m \\-\\- redis\\-server
        sharedserver run db \\-\\- redis\\-cli ping
        .fi
        .RE
        .PP
        Look for what went wrong in the last ten minutes, and go on looking:
        .PP
        .RS
        .nf
        sharedserver logs web \\-\\-since 10m \\-\\-grep 'error|panic' \\-f
        .fi
        .RE
        .SH SEE ALSO
        .BR flock (1),
        .BR systemd\\-run (1),
        .BR tail (1),
        .BR nohup (1)
        """;

    private final StringBuilder out = new StringBuilder();

    private ManPage() {}

    /** Returns the page. */
    static String page(String version) {
        return new ManPage().write(version);
    }

    private String write(String version) {
        out.append(".\\\" made from the table of verbs by the build\n");
        out.append(".TH SHAREDSERVER 1 ").append(DATE).append(" \"sharedserver ");
        out.append(escaped(version)).append("\" \"User Commands\"\n");
        out.append(".SH NAME\nsharedserver \\- one long\\-running process for many clients\n.SH SYNOPSIS\n");
        out.append(".B sharedserver\n.I VERB\n.RI [ arguments ]\n");
        out.append(".br\n.B sharedserver\n.I VERB\n.B \\-\\-help\n.br\n.B sharedserver \\-\\-version\n");
        out.append(DESCRIPTION).append(".SH VERBS\n");
        for (Verb verb : Words.visible()) {
            verb(verb);
        }
        out.append(".SH OPTIONS\nOptions and names may stand in any order behind the verb; ");
        out.append("a value follows its option as the next word or behind an equals sign.\n");
        out.append("Those of one verb stand with it. Everywhere:\n");
        option(new Option("--help", null, "explain the verb, or without one list the verbs"));
        option(new Option("--version", null, "print the version; instead of a verb"));
        return out.append(END).toString();
    }

    private void verb(Verb verb) {
        out.append(".SS \"").append(escaped(verb.words()));
        if (!verb.synopsis().isEmpty()) {
            out.append(' ').append(escaped(verb.synopsis()));
        }
        out.append("\"\n");
        String summary = verb.summary();
        text(Character.toUpperCase(summary.charAt(0)) + summary.substring(1) + ".");
        if (!verb.text().isEmpty()) {
            out.append(".PP\n");
            paragraph(verb.text());
        }
        for (Option option : verb.options()) {
            option(option);
        }
        if (!verb.exits().isEmpty()) {
            out.append(".PP\n");
            text("Exit status: " + verb.exits().strip().replace("\n", " ") + ".");
        }
        if (!verb.example().isEmpty()) {
            out.append(".PP\nExample:\n.PP\n.RS\n.nf\n");
            text(verb.example());
            out.append(".fi\n.RE\n");
        }
    }

    private void option(Option option) {
        out.append(".TP\n.B ").append(escaped(option.flag()));
        if (option.value() != null) {
            out.append(" \\fI").append(escaped(option.value())).append("\\fR");
        }
        out.append('\n');
        String help = option.help();
        text(Character.toUpperCase(help.charAt(0)) + help.substring(1) + ".");
    }

    /** Text that is filled, unless it holds commands, whose lines mean something. */
    private void paragraph(String lines) {
        boolean commands = lines.contains(" > ");
        if (commands) {
            out.append(".nf\n");
        }
        for (String line : lines.strip().split("\n", -1)) {
            text(line);
        }
        if (commands) {
            out.append(".fi\n");
        }
    }

    private void text(String line) {
        String escaped = escaped(line.strip());
        boolean control = escaped.startsWith(".") || escaped.startsWith("'");
        out.append(control ? "\\&" : "").append(bold(escaped)).append('\n');
    }

    /** What stands between grave accents is what one types. */
    private static String bold(String text) {
        StringBuilder bold = new StringBuilder(text.length());
        boolean on = false;
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '`') {
                bold.append(on ? "\\fR" : "\\fB");
                on = !on;
            } else {
                bold.append(text.charAt(i));
            }
        }
        return bold.append(on ? "\\fR" : "").toString();
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\\' -> escaped.append("\\e");
                case '-' -> escaped.append("\\-");
                case '"' -> escaped.append("\\(dq");
                case '…' -> escaped.append("...");
                case '’' -> escaped.append("\\(cq");
                case '~' -> escaped.append("\\(ti");
                case '^' -> escaped.append("\\(ha");
                default -> {
                    if (c < 0x80) {
                        escaped.append((char) c);
                    } else {
                        escaped.append("\\[u").append(hex(c)).append(']');
                    }
                }
            }
        });
        return escaped.toString();
    }

    private static String hex(int c) {
        String digits = Integer.toHexString(c).toUpperCase(java.util.Locale.ROOT);
        return "0".repeat(Math.max(0, 4 - digits.length())) + digits;
    }
}
