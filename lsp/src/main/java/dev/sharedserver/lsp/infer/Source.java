package dev.sharedserver.lsp.infer;

/** Where it is known from what a server can do that was initialized before we came. */
public enum Source {
    /** It has answered an initialize of ours. */
    ANSWERED("its own answer"),
    /** The user has said it. */
    FILE("a file"),
    /** It was attached to before. */
    EARLIER("an earlier attachment"),
    /** A twin of a server of the same program, words and version has told, some time ago. */
    CACHE("the cache"),
    /** A twin has told. */
    TWIN("a twin");

    private final String words;

    Source(String words) {
        this.words = words;
    }

    /** Tells whether it was not said by the server itself. */
    public boolean isInferred() {
        return this != ANSWERED;
    }

    /** Returns it as part of a sentence. */
    public String words() {
        return words;
    }
}
