package dev.sharedserver.os;

import org.jspecify.annotations.Nullable;

/** Lets the fuzzers in at the text of {@code /proc/<pid>/stat}. */
public final class StatText {

    private StatText() {}

    public static @Nullable ProcStat parse(byte[] bytes) {
        return ProcStat.parse(bytes);
    }
}
