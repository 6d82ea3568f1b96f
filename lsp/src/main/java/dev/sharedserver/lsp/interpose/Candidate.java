package dev.sharedserver.lsp.interpose;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A language server that runs.
 *
 * @param pid its process id
 * @param startStamp clock ticks from boot to its start: with the pid, a name that is never given twice
 * @param type what it is, by its argv: {@code clangd}, {@code pylsp}, …
 * @param argv its command line
 * @param root its working directory; null if it cannot be read, or is that of the server's own installation
 * @param uid its real user
 * @param started when it was started; null if the kernel does not tell
 * @param stdin what it reads from
 * @param stdout what it writes to
 * @param endsWithEditor whether it ends when the editor that started it does: what runs on Node looks every few
 *     seconds whether the process that {@code initialize} named still lives
 * @param refused why it cannot be attached to; null if it can
 * @param explanation the same, in words; null if it can
 */
public record Candidate(
        long pid,
        long startStamp,
        String type,
        List<String> argv,
        @Nullable String root,
        int uid,
        @Nullable Instant started,
        StdioKind stdin,
        StdioKind stdout,
        boolean endsWithEditor,
        @Nullable Reason refused,
        @Nullable String explanation) {

    public Candidate {
        argv = List.copyOf(argv);
    }

    /** Returns what a server of that command line is called; null if it is none that is known. */
    public static @Nullable String type(List<String> argv) {
        ServerType type = ServerType.of(argv);
        return type == null ? null : type.name();
    }

    /** Tells whether an attempt to attach makes sense. */
    public boolean attachable() {
        return refused == null;
    }
}
