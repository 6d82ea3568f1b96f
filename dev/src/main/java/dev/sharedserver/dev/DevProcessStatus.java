package dev.sharedserver.dev;

/** How the front end's process or the back end's build loop is. */
public enum DevProcessStatus {
    /** There is none that this hub knows: in {@link DevServerMode#IDLE idle} and external mode. */
    NONE(""),
    /** Not started yet, or not part of the project. */
    IDLE("idle"),
    /** Being installed or started. */
    STARTING("starting"),
    /** A build runs. */
    BUILDING("building"),
    /** Up, and nothing tells when it is ready. */
    RUNNING("running"),
    /** Its readiness rule held, or the last build was good. */
    READY("ready"),
    /** It failed; the state's last error says how. */
    ERROR("error"),
    /** Ended because it was told to, or well by itself where nobody says that it has to go on. */
    STOPPED("stopped");

    private final String text;

    DevProcessStatus(String text) {
        this.text = text;
    }

    /** Returns the name that JSON has. */
    public String text() {
        return text;
    }
}
