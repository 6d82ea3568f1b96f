package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.lifecycle.Launch;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one agent leaves to the next in memory that the guard keeps: the environments of servers, which hold secrets and
 * must not stand on disk, and what does stand there, in case somebody removes it while nobody is awake.
 *
 * @param surroundings by server process
 * @param files by server
 */
public record Snapshot(
        Map<ProcessId, Launch.Surroundings> surroundings, Map<ServerName, StateDirectory.Content> files) {

    private static final int MAGIC = 0x53534e32; // "SSN2"

    /** Instead of MAGIC: an agent has taken over since, so that the files stand on disk as they should and not as here. */
    private static final int SPENT = 0x73736e32; // "ssn2"

    /** Returns a snapshot of nothing. */
    public static Snapshot empty() {
        return new Snapshot(Map.of(), Map.of());
    }

    /** Returns its bytes. */
    public byte[] write() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(MAGIC);
        out.writeInt(surroundings.size());
        for (Map.Entry<ProcessId, Launch.Surroundings> entry : surroundings.entrySet()) {
            Launch.Surroundings one = entry.getValue();
            out.writeLong(entry.getKey().pid());
            out.writeLong(entry.getKey().startTime());
            out.writeInt(one.umask());
            out.writeInt(one.nice());
            out.writeInt(one.rlimits().size());
            for (long limit : one.rlimits()) {
                out.writeLong(limit);
            }
            out.writeInt(one.environment().size());
            for (String variable : one.environment()) {
                write(out, variable);
            }
        }
        out.writeInt(files.size());
        for (Map.Entry<ServerName, StateDirectory.Content> entry : files.entrySet()) {
            write(out, entry.getKey().value());
            write(out, entry.getValue().server());
            String clients = entry.getValue().clients();
            out.writeBoolean(clients != null);
            if (clients != null) {
                write(out, clients);
            }
        }
        return bytes.toByteArray();
    }

    /** Puts it into the file at {@code path}, which the guard keeps. */
    public void save(String path) throws IOException {
        byte[] bytes = write();
        // an agent that goes to sleep and a restart do not write into each other's
        synchronized (Snapshot.class) {
            try (FileOutputStream out = new FileOutputStream(path)) {
                out.write(bytes);
            }
        }
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        byte[] bytes = OsText.encode(text);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /** Reads what {@link #write} wrote; nothing at all, or something else, is an empty snapshot. */
    public static Snapshot read(InputStream stream) throws IOException {
        Map<ProcessId, Launch.Surroundings> surroundings = new HashMap<>();
        Map<ServerName, StateDirectory.Content> files = new HashMap<>();
        DataInputStream in = new DataInputStream(stream);
        try {
            int magic = in.readInt();
            if (magic != MAGIC && magic != SPENT) {
                return empty();
            }
            for (int n = in.readInt(); n > 0; n--) {
                ProcessId process = new ProcessId(in.readLong(), in.readLong());
                int umask = in.readInt();
                int nice = in.readInt();
                List<Long> limits = new ArrayList<>();
                for (int i = in.readInt(); i > 0; i--) {
                    limits.add(in.readLong());
                }
                List<String> environment = new ArrayList<>();
                for (int i = in.readInt(); i > 0; i--) {
                    environment.add(text(in));
                }
                surroundings.put(process, new Launch.Surroundings(environment, umask, nice, limits));
            }
            for (int n = magic == MAGIC ? in.readInt() : 0; n > 0; n--) {
                ServerName name = ServerName.existing(text(in));
                String server = text(in);
                @Nullable String clients = in.readBoolean() ? text(in) : null;
                files.put(name, new StateDirectory.Content(server, clients));
            }
        } catch (EOFException | InvalidInput e) {
            return new Snapshot(surroundings, files);
        }
        return new Snapshot(surroundings, files);
    }

    /** Marks the files of the snapshot at {@code path} as outdated: whoever takes over after a crash must not believe them. */
    public static void spend(String path) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path, "rw")) {
            if (file.length() > 0) {
                file.writeInt(SPENT);
            }
        }
    }

    private static String text(DataInputStream in) throws IOException {
        return OsText.decode(bytes(in));
    }

    /** Half a text is none: what it belongs to is left out, like all behind it. */
    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        byte[] bytes = length < 0 ? new byte[0] : in.readNBytes(length);
        if (bytes.length != length) {
            throw new EOFException();
        }
        return bytes;
    }
}
