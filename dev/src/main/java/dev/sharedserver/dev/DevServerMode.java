package dev.sharedserver.dev;

/** Who runs a plugin's dev server. */
public enum DevServerMode {
    /** Nobody. */
    IDLE("idle"),
    /** This hub. */
    MANAGED("managed"),
    /** The developer, by hand; a {@code .devinfo} file tells of it. */
    EXTERNAL("external");

    private final String text;

    DevServerMode(String text) {
        this.text = text;
    }

    /** Returns the name that JSON has. */
    public String text() {
        return text;
    }
}
