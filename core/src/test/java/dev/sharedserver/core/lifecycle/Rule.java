package dev.sharedserver.core.lifecycle;

/** What must hold after every step, whatever happens: "Rules that must hold" as far as they are the machine's. */
enum Rule {
    /** Exactly one process is started for a name; no second one beside a living one that was not given up. */
    ONE_SERVER_A_NAME,
    /** A use that is answered with success holds a reference, and the count is the number of distinct clients. */
    A_SUCCESSFUL_USE_HOLDS_A_REFERENCE,
    /** A counted client leaves the count only by its own end, its unuse, its deadline or the server's end. */
    NO_REFERENCE_IS_LOST,
    /** Who is seen to be dead is not counted; who is counted or about to be is watched; the server is no client. */
    NO_REFERENCE_LEAKS,
    /** The countdown runs if and only if nobody holds the server and nobody is about to; it never moves. */
    GRACE_IS_COUNTED_ONCE,
    /** Nothing that is said of another process changes what is known of this one. */
    NOBODY_ENDS_A_SUCCESSOR,
    /** A stop that succeeds leaves no process of the group. */
    A_STOP_IS_TOTAL,
    /** A start that is answered with success has a running program; one that failed leaves nothing behind. */
    A_START_IS_HONEST,
    /** Only processes that are known to be the server's are signalled, and their zombies pin the number till then. */
    NO_STRANGER_IS_SIGNALLED,
    /** Dead children are let go in the end, and only when their group is empty or the server was given up. */
    ZOMBIES_ARE_REAPED_ONCE,
    /** Each request is answered once, not before it was asked; all are answered in the end. */
    EACH_REQUEST_IS_ANSWERED_ONCE,
    /** What could not be written has not happened: memory stays with what stands on disk. */
    WHAT_IS_REFUSED_CHANGES_NOTHING,
    /** When all is over nothing is remembered and nothing watched. */
    NOTHING_IS_LEFT_BEHIND,
    /** The machine does what the reference model does. */
    AS_THE_MODEL_SAYS
}
