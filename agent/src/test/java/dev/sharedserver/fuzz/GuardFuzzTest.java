package dev.sharedserver.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.ProcStat;
import dev.sharedserver.os.StatText;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Guard to agent: any bytes on the pipe, and what the kernel says of a process. */
class GuardFuzzTest {

    /** By their numbers on the wire. */
    private static final List<GuardEvent.Why> WHYS = List.of(
            GuardEvent.Why.FIRST_START,
            GuardEvent.Why.WOKEN,
            GuardEvent.Why.AGENT_DIED,
            GuardEvent.Why.AGENT_HUNG,
            GuardEvent.Why.HANDED_OVER);

    private static final List<GuardEvent.Leave> LEAVES =
            List.of(GuardEvent.Leave.STAY, GuardEvent.Leave.GO, GuardEvent.Leave.UNFIT);

    private static GuardLink link(byte[] bytes) {
        return new GuardLink(
                new ByteArrayInputStream(bytes), OutputStream.nullOutputStream(), OsText::decode, OsText::encode);
    }

    private static GuardEvent.Exit exit(Random random) {
        return new GuardEvent.Exit(1 + random.nextInt(3), random.nextInt());
    }

    private static GuardEvent event(Random random) {
        long pid = Frames.pid(random);
        long stamp = random.nextLong();
        return switch (random.nextInt(14)) {
            case 0 -> new GuardEvent.Spawned(random.nextLong(), pid, stamp);
            case 1 -> new GuardEvent.SpawnFailed(random.nextLong(), 1 + random.nextInt(10), random.nextInt());
            case 2 -> new GuardEvent.Watching(pid, stamp);
            case 3 -> new GuardEvent.CannotWatch(pid, stamp, random.nextInt());
            case 4 -> new GuardEvent.Gone(pid, stamp, random.nextBoolean(), exit(random));
            case 5 -> new GuardEvent.ChildDied(pid, stamp, exit(random));
            case 6 -> new GuardEvent.GroupEmpty(pid, stamp);
            case 7 -> new GuardEvent.Signalled(random.nextLong(), random.nextInt());
            case 8 -> new GuardEvent.TimerFired();
            case 9 -> new GuardEvent.Ping(random.nextLong());
            case 10 -> new GuardEvent.DirectoryChanged(1 + random.nextInt(2));
            case 11 -> new GuardEvent.LeaveAnswer(LEAVES.get(random.nextInt(LEAVES.size())));
            case 12 -> new GuardEvent.Notified(pid, stamp, Frames.pid(random), 1000, Frames.text(random));
            default -> init(random);
        };
    }

    private static GuardEvent.Init init(Random random) {
        List<GuardEvent.Child> children = new ArrayList<>();
        List<GuardEvent.Watch> watches = new ArrayList<>();
        for (int n = random.nextInt(4); n > 0; n--) {
            children.add(
                    new GuardEvent.Child(Frames.pid(random), random.nextLong(), random.nextBoolean(), exit(random)));
            watches.add(new GuardEvent.Watch(Frames.pid(random), random.nextLong(), random.nextBoolean()));
        }
        return new GuardEvent.Init(
                1,
                Frames.pid(random),
                random.nextLong(),
                WHYS.get(random.nextInt(WHYS.size())),
                Frames.text(random),
                Frames.text(random),
                Frames.text(random),
                Frames.text(random),
                children,
                watches,
                Frames.text(random));
    }

    private static byte[] frame(GuardEvent event) {
        return switch (event) {
            case GuardEvent.Spawned s ->
                Frames.frame('S', out -> {
                    out.writeLong(s.request());
                    out.writeInt((int) s.pid());
                    out.writeLong(s.startTime());
                });
            case GuardEvent.SpawnFailed s ->
                Frames.frame('s', out -> {
                    out.writeLong(s.request());
                    out.writeByte(s.step());
                    out.writeInt(s.errno());
                });
            case GuardEvent.Watching w ->
                Frames.frame('K', out -> {
                    out.writeInt((int) w.pid());
                    out.writeLong(w.startTime());
                });
            case GuardEvent.CannotWatch w ->
                Frames.frame('k', out -> {
                    out.writeInt((int) w.pid());
                    out.writeLong(w.startTime());
                    out.writeInt(w.errno());
                });
            case GuardEvent.Gone g ->
                Frames.frame('G', out -> {
                    out.writeInt((int) g.pid());
                    out.writeLong(g.startTime());
                    out.writeBoolean(g.known());
                    out.writeByte(g.exit().code());
                    out.writeInt(g.exit().status());
                });
            case GuardEvent.ChildDied d ->
                Frames.frame('D', out -> {
                    out.writeInt((int) d.pid());
                    out.writeLong(d.startTime());
                    out.writeByte(d.exit().code());
                    out.writeInt(d.exit().status());
                });
            case GuardEvent.GroupEmpty e ->
                Frames.frame('E', out -> {
                    out.writeInt((int) e.pid());
                    out.writeLong(e.startTime());
                });
            case GuardEvent.Signalled s ->
                Frames.frame('g', out -> {
                    out.writeLong(s.request());
                    out.writeInt(s.errno());
                });
            case GuardEvent.TimerFired t -> Frames.frame('T', out -> {});
            case GuardEvent.Notified n ->
                Frames.frame('N', out -> {
                    out.writeInt((int) n.pid());
                    out.writeLong(n.startTime());
                    out.writeInt((int) n.session());
                    out.writeInt((int) n.uid());
                    Frames.string(out, n.text());
                });
            case GuardEvent.Ping p -> Frames.frame('P', out -> out.writeLong(p.value()));
            case GuardEvent.DirectoryChanged d -> Frames.frame('M', out -> out.writeByte(d.what()));
            case GuardEvent.LeaveAnswer l -> Frames.frame('Y', out -> out.writeByte(LEAVES.indexOf(l.leave())));
            case GuardEvent.Init i ->
                Frames.frame('I', out -> {
                    out.writeShort(i.protocol());
                    out.writeInt((int) i.guardPid());
                    out.writeLong(i.guardStartTime());
                    out.writeByte(WHYS.indexOf(i.why()));
                    for (String text : List.of(i.version(), i.stateDirectory(), i.logDirectory(), i.home())) {
                        Frames.string(out, text);
                    }
                    out.writeInt(i.children().size());
                    for (GuardEvent.Child child : i.children()) {
                        out.writeInt((int) child.pid());
                        out.writeLong(child.startTime());
                        out.writeBoolean(child.dead());
                        out.writeByte(child.exit().code());
                        out.writeInt(child.exit().status());
                    }
                    out.writeInt(i.watches().size());
                    for (GuardEvent.Watch watch : i.watches()) {
                        out.writeInt((int) watch.pid());
                        out.writeLong(watch.startTime());
                        out.writeBoolean(watch.gone());
                    }
                    Frames.string(out, i.notifyAddress());
                });
        };
    }

    @Test
    void anyBytesAreEventsOrAnError() {
        Random random = new Random(1);
        List<byte[]> seeds = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            seeds.add(frame(event(random)));
        }
        Fuzz.run("guard", seeds, List.of(), 100, input -> {
            GuardLink link = link(input);
            try {
                while (link.next() != null) {
                    // the next one
                }
            } catch (IOException e) {
                assertNotNull(e.getMessage());
            }
        });
    }

    @Test
    void whatIsToldIsUnderstood() throws IOException {
        Random random = Fuzz.random();
        for (int i = 0; i < Fuzz.inputs(); i++) {
            GuardEvent event = event(random);
            GuardLink link = link(frame(event));
            assertEquals(event, link.next(), Fuzz.seed());
            assertNull(link.next(), Fuzz.seed());
        }
    }

    @Test
    void anyLineIsAProcessOrNone() {
        byte[] line = "42 (a) b) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8123456 9 10\n"
                .getBytes(StandardCharsets.US_ASCII);
        Fuzz.run("stat", List.of(line), List.of(), 100, input -> {
            ProcStat stat = StatText.parse(input);
            if (stat != null) {
                assertNotNull(stat.comm());
            }
        });
    }
}
