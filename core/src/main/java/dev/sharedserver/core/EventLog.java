package dev.sharedserver.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What happened to each server: {@code <name>.invocations.log}, one JSON object a line, kept across runs, rotated once
 * at 1 MiB. Writing it never fails a command.
 */
public final class EventLog {

    private static final long ROTATE_AT = 1 << 20;
    private static final String ENDING = ".invocations.log";
    private static final Set<StandardOpenOption> APPEND =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path directory;
    private final Map<ServerName, Object> locks = new ConcurrentHashMap<>();
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Who wants to know of events as they are logged. */
    public interface Listener {
        /** Hears of an event. Must not block: it is called in the path of every event. */
        void happened(ServerName server, String line);
    }

    /** Logs into {@code directory}. */
    public EventLog(Path directory) {
        this.directory = directory;
    }

    /**
     * Appends an event.
     *
     * @param fields what belongs to it, in order; null values are left out
     * @return null, or why it could not be written
     */
    public @Nullable String append(ServerName name, Instant at, String event, Map<String, @Nullable Object> fields) {
        String text = line(at, event, fields);
        String trouble;
        // a verb may have something to say while the server's own thread does: one of them changes the file over
        synchronized (locks.computeIfAbsent(name, n -> new Object())) {
            trouble = append(name, text);
        }
        for (Listener listener : listeners) {
            listener.happened(name, text.substring(0, text.length() - 1));
        }
        return trouble;
    }

    /** Adds somebody who is told of every event from now on. */
    public void listen(Listener listener) {
        listeners.add(listener);
    }

    /** Ends what {@link #listen} began. */
    public void unlisten(Listener listener) {
        listeners.remove(listener);
    }

    private @Nullable String append(ServerName name, String text) {
        ByteBuffer line = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        Path file = file(name);
        // one look at nearly every line: that it is there and what it should be
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return file + " is no regular file";
        }
        try (FileChannel channel = FileChannel.open(file, APPEND, PRIVATE)) {
            while (line.hasRemaining()) {
                channel.write(line);
            }
            if (channel.position() > ROTATE_AT) {
                Files.move(file, rotated(name), StandardCopyOption.ATOMIC_MOVE);
            }
            return null;
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String line(Instant at, String event, Map<String, @Nullable Object> fields) {
        return JsonText.of(JsonText.Form.LINE, json -> {
            json.beginObject();
            json.name("at").value(Timestamps.format(at));
            json.name("event").value(event);
            for (Map.Entry<String, @Nullable Object> field : fields.entrySet()) {
                json.name(field.getKey());
                switch (field.getValue()) {
                    case null -> json.nullValue();
                    case Number number -> json.value(number);
                    case Boolean yes -> json.value(yes);
                    case Object other -> json.value(other.toString());
                }
            }
            json.endObject();
        });
    }

    /** Returns the names of all servers that have a log. */
    public List<ServerName> names() throws IOException {
        List<ServerName> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + ENDING)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                try {
                    names.add(ServerName.existing(name.substring(0, name.length() - ENDING.length())));
                } catch (InvalidInput e) {
                    // nobody's log
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return names;
    }

    /** Returns all events that are logged of a server, oldest first; lines that are none are left out. */
    public List<LoggedEvent> read(ServerName name) throws IOException {
        List<LoggedEvent> events = new ArrayList<>();
        for (Path file : List.of(rotated(name), file(name))) {
            for (String line : lines(file)) {
                LoggedEvent event = LoggedEvent.parse(name, line);
                if (event != null) {
                    events.add(event);
                }
            }
        }
        return events;
    }

    /** Hands out the events of a server, newest first, until {@code wanted} says that it has had enough. */
    public void backwards(ServerName name, Predicate<LoggedEvent> wanted) throws IOException {
        for (Path file : List.of(file(name), rotated(name))) {
            List<String> lines = lines(file);
            for (int i = lines.size() - 1; i >= 0; i--) {
                LoggedEvent event = LoggedEvent.parse(name, lines.get(i));
                if (event != null && !wanted.test(event)) {
                    return;
                }
            }
        }
    }

    private static List<String> lines(Path file) throws IOException {
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > 2 * ROTATE_AT) {
                return List.of();
            }
            String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
            return text.isEmpty() ? List.of() : Arrays.asList(text.split("\n"));
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** Returns the last {@code count} lines, fewer where there are no more; also those from before the last rotation. */
    public List<String> tail(ServerName name, int count) throws IOException {
        List<String> all = new ArrayList<>(lines(file(name)));
        if (all.size() < count) {
            all.addAll(0, lines(rotated(name)));
        }
        return List.copyOf(all.subList(Math.max(0, all.size() - count), all.size()));
    }

    private Path rotated(ServerName name) {
        return directory.resolve(name.value() + ENDING + ".1");
    }

    private Path file(ServerName name) {
        return directory.resolve(name.value() + ENDING);
    }
}
