package dev.sharedserver.core;

/** What a state file turned out to be. */
public sealed interface Found<T> {

    /** There is no such file. */
    record Absent<T>() implements Found<T> {}

    /** It holds a record. */
    record Valid<T>(T value) implements Found<T> {}

    /** It is there and holds none. */
    record Unreadable<T>(String reason) implements Found<T> {}
}
