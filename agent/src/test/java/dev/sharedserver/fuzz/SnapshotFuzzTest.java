package dev.sharedserver.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.agent.supervise.Snapshot;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.core.lifecycle.Launch;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** One agent to the next: any bytes in the memory that the guard keeps. */
class SnapshotFuzzTest {

    private static Snapshot random(Random random) {
        Map<ProcessId, Launch.Surroundings> all = new LinkedHashMap<>();
        Map<ServerName, StateDirectory.Content> files = new LinkedHashMap<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            List<Long> limits = new ArrayList<>();
            for (int i = 2 * random.nextInt(17); i > 0; i--) {
                limits.add(random.nextLong());
            }
            all.put(
                    new ProcessId(Frames.number(random), random.nextLong()),
                    new Launch.Surroundings(Frames.texts(random), random.nextInt(), random.nextInt(), limits));
            files.put(
                    new ServerName("web" + n),
                    new StateDirectory.Content(Frames.text(random), random.nextBoolean() ? Frames.text(random) : null));
        }
        return new Snapshot(all, files);
    }

    @Test
    void anyBytesAreASnapshot() throws IOException {
        Random random = new Random(1);
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            seeds.add(random(random).write());
        }
        Fuzz.run("snapshot", seeds, List.of(), 1_000, input -> Snapshot.read(new ByteArrayInputStream(input)));
    }

    @Test
    void whatIsLeftIsFound() throws IOException {
        Random random = Fuzz.random();
        for (int i = 0; i < Fuzz.inputs(); i++) {
            Snapshot snapshot = random(random);
            byte[] bytes = snapshot.write();
            assertEquals(snapshot, Snapshot.read(new ByteArrayInputStream(bytes)), Fuzz.seed());
            Snapshot left = Snapshot.read(new ByteArrayInputStream(Arrays.copyOf(bytes, random.nextInt(bytes.length))));
            assertTrue(
                    snapshot.surroundings()
                            .entrySet()
                            .containsAll(left.surroundings().entrySet()),
                    "half an environment is none; " + Fuzz.seed());
            assertTrue(
                    snapshot.files().entrySet().containsAll(left.files().entrySet()),
                    "half a file is none; " + Fuzz.seed());
        }
    }
}
