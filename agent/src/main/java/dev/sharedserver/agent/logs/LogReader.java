package dev.sharedserver.agent.logs;

import com.google.re2j.Pattern;
import dev.sharedserver.core.wire.LauncherConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import org.jspecify.annotations.Nullable;

/** Sends a log to a launcher, and what is added to it if the launcher stays. Used by one thread. */
public final class LogReader {

    /** How long a follower rests between two looks at a log that grows, in ms. */
    private static final long REST = 10;

    private final LogPlace place;
    private final LauncherConnection launcher;
    private final Selection selection;
    private final Sink sink;
    private volatile boolean hungUp;
    private long at;
    private boolean midLine;

    /**
     * Which part of the output is wanted.
     *
     * @param lines the last lines only, null for all
     * @param since what was written at that time (Unix, ms) or later, null for all; with {@code lines}, both must hold
     * @param grep only lines in which this is found, null for all
     */
    public record Selection(
            @Nullable Integer lines,
            @Nullable Long since,
            @Nullable Grep grep) {}

    /** An expression to look for. */
    public static final class Grep {
        private final Pattern pattern;

        /** Compiles an expression. */
        public Grep(String regex) throws InvalidPattern {
            this.pattern = LineFilter.compile(regex);
        }
    }

    /** Makes a reader; {@code terminal} says whether what it sends is shown by one. */
    public LogReader(LogPlace place, LauncherConnection launcher, Selection selection, boolean terminal) {
        this.place = place;
        this.launcher = launcher;
        this.selection = selection;
        Sink end = (bytes, from, length) -> launcher.stdout(java.util.Arrays.copyOfRange(bytes, from, from + length));
        Sink shown = terminal ? new TerminalSafe(end) : end;
        this.sink = selection.grep() == null ? shown : new LineFilter(selection.grep().pattern, shown);
    }

    /** Sends what is there. */
    public void send() throws IOException {
        Thread.ofVirtual().start(this::noteHangup);
        try (LogSource source = LogSource.open(place.file())) {
            long end = source.end();
            start(source, end);
            send(source, end);
            sink.finish();
        }
    }

    /** Goes to where the selection begins. */
    private void start(LogSource source, long end) throws IOException {
        at = 0;
        if (selection.since() != null) {
            at = SizeNotes.placeAt(place.notes(), selection.since());
            at = at >= end || at <= source.begin() ? Math.min(at, end) : source.beginOfLast(1, at + 1);
        }
        if (selection.lines() != null) {
            long last = source.beginOfLast(selection.lines(), end);
            // of fewer lines than are wanted the line of the cut is one
            at = Math.max(at, last == source.begin() && selection.lines() > 0 ? 0 : last);
        }
    }

    /** Sends up to a place, or all there is. */
    private void send(LogSource source, long until) throws IOException {
        while (at < until && !hungUp) {
            switch (source.read(at)) {
                case LogSource.Found.Output(ByteBuffer bytes) -> {
                    int length = (int) Math.min(bytes.remaining(), until - at);
                    sink.take(bytes.array(), bytes.arrayOffset() + bytes.position(), length);
                    midLine = bytes.get(bytes.position() + length - 1) != '\n';
                    at += length;
                    launcher.flush();
                }
                case LogSource.Found.Cut(LogHead head) -> {
                    // a reader that is too slow may have been in the middle of a line
                    String text = (midLine ? "\n" : "") + head.line(head.cut() - at);
                    byte[] line = text.getBytes(StandardCharsets.ISO_8859_1);
                    sink.take(line, 0, line.length);
                    midLine = false;
                    at = head.cut();
                }
                case LogSource.Found.Shortened(long begin) -> at = begin;
                case LogSource.Found.End() -> {
                    return;
                }
            }
        }
    }

    /** Goes on with what is added, across cuts and new runs of the server, until the launcher hangs up. */
    public void follow() throws IOException, InterruptedException {
        LogSource source = LogSource.open(place.file());
        try (WatchService changes = place.directory().getFileSystem().newWatchService()) {
            place.directory()
                    .register(changes, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
            Thread.ofVirtual().start(() -> closeAtHangup(changes));
            start(source, source.end());
            send(source, Long.MAX_VALUE);
            WatchKey key = changes.take();
            while (true) {
                if (concerns(key)) {
                    send(source, Long.MAX_VALUE);
                    if (source.isAnother(place.log())) {
                        source = changeOver(source);
                    }
                }
                if (!key.reset()) {
                    return; // the directory is gone
                }
                // what comes in the meantime comes as one event
                Thread.sleep(REST);
                key = changes.take();
            }
        } catch (ClosedWatchServiceException e) {
            // the launcher hung up
        } finally {
            source.close();
        }
    }

    private boolean concerns(WatchKey key) {
        return key.pollEvents().stream()
                .anyMatch(e -> e.context() == null || place.names().contains(e.context()));
    }

    /** A new run has begun: the last one's rest first, then all of it. */
    private LogSource changeOver(LogSource old) throws IOException {
        LogSource next;
        try {
            next = LogSource.open(place.log());
        } catch (NoSuchFileException e) {
            return old;
        }
        try (old) {
            send(old, Long.MAX_VALUE);
            sink.finish();
            at = 0;
            send(next, Long.MAX_VALUE);
            return next;
        } catch (IOException | RuntimeException e) {
            next.close();
            throw e;
        }
    }

    private void closeAtHangup(WatchService changes) {
        try (changes) {
            noteHangup();
        } catch (IOException e) {
            // nobody is left to tell
        }
    }

    private void noteHangup() {
        try {
            launcher.awaitHangup();
        } catch (IOException e) {
            // hung up, less politely
        }
        hungUp = true;
    }
}
