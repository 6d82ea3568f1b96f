package dev.sharedserver.portable.guard;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The agent's wish for a process.
 *
 * @param limits soft and hard in turn, by RLIMIT number, -1 = infinity
 * @param in empty for /dev/null
 * @param err empty for the same as {@code out}
 */
record SpawnOrder(
        long request,
        int umask,
        int nice,
        List<Long> limits,
        String cwd,
        String in,
        String out,
        String err,
        String path,
        List<String> argv,
        List<String> environment) {

    static SpawnOrder parse(ByteBuffer body) {
        long request = body.getLong();
        int umask = body.getInt() & 0777;
        int nice = body.getInt();
        int count = 2 * (body.get() & 0xff);
        List<Long> limits = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            limits.add(body.getLong());
        }
        return new SpawnOrder(
                request,
                umask,
                nice,
                List.copyOf(limits),
                Frames.string(body),
                Frames.string(body),
                Frames.string(body),
                Frames.string(body),
                Frames.string(body),
                Frames.list(body),
                Frames.list(body));
    }
}
