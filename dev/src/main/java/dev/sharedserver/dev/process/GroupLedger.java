package dev.sharedserver.dev.process;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.sharedserver.core.JsonText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.os.Proc;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which groups this hub has started, in {@value #FILE} of the state directory: the file is there before a process can outlive the
 * hub, so that the next hub can end what a killed one left. One hub a state directory: a lock is held until it is closed or
 * the JVM is gone.
 */
public final class GroupLedger implements Closeable {

    /** The file's name. */
    public static final String FILE = "devserver_pids.json";

    private static final String LOCK = "devserver.lock";
    private static final long LARGEST = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LAST_PATIENCE = Duration.ofSeconds(3);

    private final Path directory;
    private final Path file;
    private final Proc proc;
    private final GroupSignals signals;
    private final FileChannel lock;
    private final Map<Long, RecordedGroup> groups = new LinkedHashMap<>();

    private GroupLedger(Path directory, Proc proc, FileChannel lock) {
        this.directory = directory;
        this.file = directory.resolve(FILE);
        this.proc = proc;
        this.signals = new GroupSignals(proc);
        this.lock = lock;
    }

    /** Opens the ledger of a state directory, which is made if need be. */
    public static GroupLedger open(Path stateDirectory, Proc proc) throws IOException {
        Files.createDirectories(stateDirectory);
        // as another process finds it, by whatever way it has come there
        Path directory = stateDirectory.toRealPath();
        FileChannel channel =
                FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock held = channel.tryLock();
            if (held != null) {
                return new GroupLedger(directory, proc, channel);
            }
        } catch (OverlappingFileLockException e) {
            // this JVM holds it
        }
        channel.close();
        throw new IOException("another dev-server hub uses the state directory " + Quote.of(stateDirectory.toString()));
    }

    /** Returns the state directory. */
    public Path directory() {
        return directory;
    }

    /** Returns the tokens of the groups that run, or are being ended. */
    public synchronized Set<String> tokens() {
        return groups.values().stream().map(RecordedGroup::token).collect(Collectors.toUnmodifiableSet());
    }

    /** Returns what can signal the groups. */
    public GroupSignals signals() {
        return signals;
    }

    /** Returns what reads /proc. */
    public Proc proc() {
        return proc;
    }

    /** Records a group; when this returns the file has it. */
    public synchronized void add(RecordedGroup group) throws IOException {
        groups.put(group.pgid(), group);
        try {
            save();
        } catch (IOException e) {
            groups.remove(group.pgid());
            throw e;
        }
    }

    /** Forgets a group that is gone. */
    public synchronized void remove(long pgid) throws IOException {
        if (groups.remove(pgid) != null) {
            save();
        }
    }

    /** Writes the file once more. */
    public synchronized void save() throws IOException {
        if (groups.isEmpty()) {
            Files.deleteIfExists(file);
            return;
        }
        String text = JsonText.of(JsonText.Form.LINE, json -> {
            json.beginObject()
                    .name("bootId")
                    .value(proc.bootId())
                    .name("groups")
                    .beginArray();
            for (RecordedGroup group : groups.values()) {
                json.beginObject();
                json.name("port").value(group.port());
                json.name("pgid").value(group.pgid());
                json.name("stamp").value(group.stamp());
                json.name("token").value(group.token());
                json.endObject();
            }
            json.endArray().endObject();
        });
        Path next = file.resolveSibling(FILE + ".new");
        Files.writeString(next, text);
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** What {@link #endStale} found. */
    public record Stale(List<RecordedGroup> ended, List<RecordedGroup> leftAlone) {}

    /** Ends what an earlier hub left, and removes its file. Whatever is not certain to be a group of that hub is left alone. */
    public synchronized Stale endStale() throws IOException, InterruptedException {
        List<RecordedGroup> ended = new ArrayList<>();
        List<RecordedGroup> leftAlone = new ArrayList<>();
        for (RecordedGroup group : read()) {
            if (signals.members(group).isEmpty()) {
                leftAlone.add(group);
            } else if (signals.end(group, PATIENCE, LAST_PATIENCE)) {
                ended.add(group);
            } else {
                leftAlone.add(group);
            }
        }
        save();
        return new Stale(ended, leftAlone);
    }

    /** Returns the groups of the file that may be signalled: those of this boot, with a number that is a group's and a stamp. */
    private List<RecordedGroup> read() throws IOException {
        List<RecordedGroup> found = new ArrayList<>();
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > LARGEST) {
            return found;
        }
        try {
            JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
            if (!json.get("bootId").getAsString().equals(proc.bootId())) {
                return found;
            }
            JsonArray entries = json.getAsJsonArray("groups");
            for (JsonElement element : entries) {
                JsonObject entry = element.getAsJsonObject();
                RecordedGroup group = new RecordedGroup(
                        entry.get("port").getAsInt(),
                        entry.get("pgid").getAsLong(),
                        entry.get("stamp").getAsLong(),
                        entry.get("token").getAsString());
                if (group.pgid() > 1 && group.stamp() > 0) {
                    found.add(group);
                }
            }
        } catch (JsonParseException
                | IllegalStateException
                | ClassCastException
                | NullPointerException
                | NumberFormatException
                | CharacterCodingException e) {
            // not written by us, or damaged: what was read before is verified like the rest
            return found;
        }
        return found;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
