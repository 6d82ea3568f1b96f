package dev.sharedserver.e2e;

/** Servers of {@code sh} that several tests use. */
final class Scripts {
    /** Leaves a child in the server's group that ignores TERM; its pid is written to {@code child} once it does. */
    static final String STUBBORN_CHILD =
            "sh -c 'trap \"\" TERM; echo $$ >child; exec sleep 1000' & while [ ! -s child ]; do sleep 0.01; done;";

    /** Leaves an ordinary child in the server's group; its pid is in {@code child}. */
    static final String CHILD = "sleep 1000 & echo $! >child;";

    /** Appends one line a start to {@code starts} and stays. */
    static final String COUNT_STARTS = "echo $$ >>starts; exec sleep 1000";

    /** Appends colour and directory of a run to {@code runs} of the first directory. */
    static final String RECORD_RUN = "echo $COLOUR $PWD >>runs; exec sleep 1000";

    /** Takes a second to end after TERM, and says in {@code stopping} that it got it. */
    static final String SLOW_TO_STOP =
            "trap 'echo $$ >>stopping; sleep 1; exit 0' TERM; echo $$ >>starts; while :; do sleep 0.05; done";

    private Scripts() {}
}
