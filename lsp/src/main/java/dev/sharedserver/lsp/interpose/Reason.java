package dev.sharedserver.lsp.interpose;

/** Why a process is not attached to, or not given back; each with the exit code of the command. */
public enum Reason {
    GONE(81, "the process is gone; list the language servers again"),
    RECYCLED(82, "the number belongs to another process now; list the language servers again"),
    NOT_A_LANGUAGE_SERVER(83, "attach to the server itself, not to the editor, a wrapper or a child of it"),
    NOT_OWNER(84, "only the user who started a language server may attach to it"),
    PTRACE_REFUSED(85, "the kernel does not let this user trace the process"),
    BUSY(86, "try again when the editor is at rest, or give it more time with --timeout"),
    TRACED(87, "end the debugger or strace that traces it"),
    STOPPED(88, "let it go on with kill -CONT"),
    NON_DUMPABLE(89, "the process has asked not to be looked into; start one with `lsp serve` instead"),
    STDIO(90, "start one with `lsp serve` instead"),
    FAILED(91, "the process was left as it was; start one with `lsp serve` instead"),
    OWN_CHILD(92, "attach from another process"),
    NOT_RECORDED(93, "make room in the state directory, or make it writable; the process was left as it was"),
    TIMED_OUT(124, "try again, or give it more time with --timeout");

    private final int exitCode;
    private final String remedy;

    Reason(int exitCode, String remedy) {
        this.exitCode = exitCode;
        this.remedy = remedy;
    }

    /** Returns the exit code of the command line. */
    public int exitCode() {
        return exitCode;
    }

    /** Returns what the user can do, as part of a sentence. */
    public String remedy() {
        return remedy;
    }
}
