package dev.sharedserver.agent.supervise;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.lifecycle.Launch;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one agent leaves to the next and must not stand on disk: the environments of servers hold secrets. It lies in
 * memory that the guard keeps.
 */
public final class Snapshot {

    private static final int MAGIC = 0x53534e31; // "SSN1"

    private Snapshot() {}

    /** Returns the bytes of a snapshot. */
    public static byte[] write(Map<ProcessId, Launch.Surroundings> all) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeInt(MAGIC);
        out.writeInt(all.size());
        for (Map.Entry<ProcessId, Launch.Surroundings> entry : all.entrySet()) {
            Launch.Surroundings surroundings = entry.getValue();
            out.writeLong(entry.getKey().pid());
            out.writeLong(entry.getKey().startTime());
            out.writeInt(surroundings.umask());
            out.writeInt(surroundings.nice());
            out.writeInt(surroundings.rlimits().size());
            for (long limit : surroundings.rlimits()) {
                out.writeLong(limit);
            }
            out.writeInt(surroundings.environment().size());
            for (String variable : surroundings.environment()) {
                byte[] text = OsText.encode(variable);
                out.writeInt(text.length);
                out.write(text);
            }
        }
        return bytes.toByteArray();
    }

    /** Reads what {@link #write} wrote; nothing at all, or something else, is an empty snapshot. */
    public static Map<ProcessId, Launch.Surroundings> read(InputStream stream) throws IOException {
        Map<ProcessId, Launch.Surroundings> all = new HashMap<>();
        DataInputStream in = new DataInputStream(stream);
        try {
            if (in.readInt() != MAGIC) {
                return Map.of();
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
                    environment.add(OsText.decode(in.readNBytes(in.readInt())));
                }
                all.put(process, new Launch.Surroundings(environment, umask, nice, limits));
            }
        } catch (EOFException e) {
            return all;
        }
        return all;
    }
}
