package dev.sharedserver.core.config;

/** The port a server is to use. */
public sealed interface Port {

    /** This one, from 1 to 65535. */
    record Fixed(int number) implements Port {}

    /** A free one, the same each time for one directory and name. */
    record Auto() implements Port {}
}
