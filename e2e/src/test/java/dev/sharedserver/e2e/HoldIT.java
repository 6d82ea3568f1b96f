package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code use --hold}: a reference for a time, which needs no process and outlives those of ours. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class HoldIT {

    @Test
    void aHoldEndsByItselfAndNotSooner(Sandbox box) {
        long begun = System.nanoTime();
        hold(box, "1500ms", "--grace-period", "1h", "--", "sleep", "1000");
        assertEquals(0, box.check("web"));
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the hold has ended");
        long took = (System.nanoTime() - begun) / 1_000_000;
        assertTrue(took >= 1490, () -> "after " + took + " ms");
        assertEquals(1, box.check("web"));
        assertTrue(box.run("admin", "debug", "web").ok().out().contains("hold_ended"));
    }

    @Test
    void useSaysHowToEndItAndUnuseDoes(Sandbox box) {
        Result use = box.run("use", "web", "--hold", "1h", "--metadata", "night", "--", "sleep", "1000")
                .ok();
        use.isQuiet().says("Started server web");
        String key = key(box);
        use.says("sharedserver unuse web --hold " + key);
        box.run("unuse", "web", "--hold", key).ok().isQuiet().says("Detached from server web (refcount: 0");
        assertEquals(1, box.check("web"));
        box.run("unuse", "web", "--hold", key).exits(1).complains("Client " + key + " is not attached");
    }

    @ParameterizedTest
    @ValueSource(strings = {"unuse", "decref", "admin decref"})
    void useJsonNamesTheHoldAndEveryDetachTakesIt(String verb, Sandbox box) {
        String key = hold(box, "1h", "--", "sleep", "1000");
        assertEquals(key, key(box));
        box.sh("\"$SS\" " + verb + " web --hold " + key).run().ok();
        assertEquals(0, box.refcountOnDisk("web"));
    }

    @Test
    void anEndlessMistakeIsNamed(Sandbox box) {
        String key = hold(box, "1h", "--", "sleep", "1000");
        box.run("unuse", "web", "--hold", "10m").exits(64).complains("hold-");
        box.run("unuse", "web", "--hold", key, "--pid", "" + box.client().pid())
                .exits(64)
                .complains("--pid");
        box.run("admin", "decref", "web").exits(64).complains("--pid");
        box.run("use", "web", "--hold", "1h", "--pid", "" + box.client().pid())
                .exits(64)
                .complains("--hold");
        box.run("unuse", "web").exits(1);
        assertEquals(1, box.refcount("web"));
    }

    @Test
    void severalHoldsAreSeveralReferences(Sandbox box) {
        String first = hold(box, "1h", "--", "sleep", "1000");
        String second = hold(box, "2h");
        JsonObject third = held(box, "1s");
        assertEquals(3, Set.of(first, second, third.get("hold").getAsString()).size());
        // told with the hold: it may be over before anybody can look
        assertEquals(3, third.get("refcount").getAsInt());
        Until.holds(() -> box.refcountOnDisk("web") == 2, "one has ended");
        box.run("unuse", "web", "--hold", first).ok().says("(refcount: 1)");
        assertEquals(
                Set.of(second),
                box.requireClientsOnDisk("web").getAsJsonObject("clients").keySet());
    }

    @Test
    void infoAndListShowIt(Sandbox box) {
        String key = hold(box, "10m", "--metadata", "night", "--", "sleep", "1000");
        for (JsonObject server : List.of(
                box.info("web"),
                box.run("list", "--json").ok().jsonArray().get(0).getAsJsonObject())) {
            JsonObject client = server.getAsJsonArray("clients").get(0).getAsJsonObject();
            assertTrue(client.get("pid").isJsonNull());
            assertEquals(key, client.get("hold").getAsString());
            assertEquals("night", client.get("metadata").getAsString());
            long left = client.get("remaining_ms").getAsLong();
            assertTrue(left > 500_000 && left <= 600_000, client::toString);
        }
        box.run("info", "web").ok().says(key).says("night").says("for 9m");
        box.run("stop", "web").exits(1).complains(key + " (night)");
    }

    @Test
    void theClientsOfProcessesHaveNoFieldsOfHolds(Sandbox box) {
        box.serve("web", box.client());
        for (JsonElement client : box.info("web").getAsJsonArray("clients")) {
            assertFalse(client.getAsJsonObject().has("hold"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"106751d", "9223372036854775807ms", "9223372036854775807s", "99999999999999999999d"})
    void aTimeTooLongToCountIsRefusedOrNeverEnds(String time, Sandbox box) {
        Result use = box.run("use", "web", "--hold", time, "--", "sleep", "1000");
        if (use.exit() == 64) {
            use.complains(time);
            assertEquals(2, box.check("web"));
            return;
        }
        use.ok();
        assertEquals(0, box.check("web"));
        assertEquals(1, box.refcount("web"));
        RecoveryIT.Victim.BOTH.kill(box);
        assertEquals(0, box.check("web"));
        assertEquals(1, box.refcount("web"));
    }

    @Test
    void aHoldOfNoTimeIsOverAtOnce(Sandbox box) {
        hold(box, "0s", "--", "sleep", "1000");
        Until.holds(() -> box.check("web") == 1, "nobody holds it");
        assertEquals(0, box.refcountOnDisk("web"));
    }

    @ParameterizedTest
    @EnumSource
    void aHoldOutlivesOursAndEndsWhenItWouldHave(RecoveryIT.Victim victim, Sandbox box) {
        long until = killedMeanwhile(victim, box);
        box.run("check", "web"); // has somebody watch it again
        Until.holds(() -> box.refcountOnDisk("web") == 0, "the hold has ended");
        assertTrue(nowMillis() >= until, "not sooner");
        assertEquals(1, box.check("web"));
    }

    @Test
    void aHoldThatEndedWhileNobodyWatchedIsOver(Sandbox box) {
        long until = killedMeanwhile(RecoveryIT.Victim.BOTH, box);
        Until.holds(() -> nowMillis() > until + 50, "its time is over");
        assertEquals(1, box.refcountOnDisk("web"));
        box.run("check", "web");
        Until.holds(() -> box.check("web") == 1, "nobody holds it");
    }

    /**
     * Makes a hold and kills who watches it, before it is over: on a machine that is too busy for that, anew with a longer one.
     * Returns the end of the hold, in ms of the monotonic clock.
     */
    private static long killedMeanwhile(RecoveryIT.Victim victim, Sandbox box) {
        for (int seconds = 2; seconds < 60; seconds *= 2) {
            String key = hold(box, seconds + "s", "--grace-period", "1h", "--", "sleep", "1000");
            JsonObject clients = box.clientsOnDisk("web");
            if (clients != null) {
                long until = clients.getAsJsonObject("clients")
                        .getAsJsonObject(key)
                        .getAsJsonObject("until")
                        .get("monotonic_ms")
                        .getAsLong();
                victim.kill(box);
                if (nowMillis() < until - 100) {
                    assertEquals(key, key(box));
                    return until;
                }
            }
            Until.holds(() -> box.check("web") == 1, "the hold has ended");
        }
        throw new AssertionError("a kill takes longer than half a minute");
    }

    private static long nowMillis() {
        return System.nanoTime() / 1_000_000;
    }

    @Test
    void aHoldSurvivesARestart(Sandbox box) {
        String key = hold(box, "1h", "--", "sleep", "1000");
        Stamped before = box.serverProcess("web");
        box.run("restart", "web", "--even-if-used").ok();
        assertNotEquals(before, box.serverProcess("web"));
        assertEquals(key, key(box));
        assertEquals(0, box.check("web"));
    }

    /** Makes a hold and returns its key. */
    private static String hold(Sandbox box, String time, String... more) {
        return held(box, time, more).get("hold").getAsString();
    }

    /** Makes a hold and returns what is told of it. */
    private static JsonObject held(Sandbox box, String time, String... more) {
        List<String> args = new ArrayList<>(List.of("use", "web", "--json", "--hold", time));
        args.addAll(List.of(more));
        return box.run(args.toArray(String[]::new)).ok().json();
    }

    private static String key(Sandbox box) {
        return box.requireClientsOnDisk("web")
                .getAsJsonObject("clients")
                .keySet()
                .iterator()
                .next();
    }
}
