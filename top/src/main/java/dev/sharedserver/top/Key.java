package dev.sharedserver.top;

/**
 * A key as it was pressed.
 *
 * @param kind which one
 * @param character of {@link Kind#CHARACTER}: a code point
 */
record Key(Kind kind, int character) {

    /** The keys that mean something. */
    enum Kind {
        CHARACTER,
        UP,
        DOWN,
        PAGE_UP,
        PAGE_DOWN,
        HOME,
        END,
        ENTER,
        ESCAPE,
        BACKSPACE,
        OTHER
    }

    static Key of(Kind kind) {
        return new Key(kind, 0);
    }

    static Key of(int character) {
        return new Key(Kind.CHARACTER, character);
    }
}
