package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A recycled pid is a stranger: never counted, never signalled. Forced in a pid namespace while nobody watches. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
@EnabledIf(Root.NEEDED)
class PidRecyclingIT {

    @Test
    void aRecycledClientPidIsNeverCounted(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        long client = enclave.client();
        use(enclave, client);
        killOverseers(box);
        enclave.kill(client);
        enclave.recycle(client);
        Until.holds(() -> enclave.sharedserver("check", "web").run().exit() == 1, "nobody is counted");
        assertEquals(0, info(enclave).get("refcount").getAsInt());
        assertTrue(enclave.alive(client), "the stranger lives on");
    }

    @Test
    void aRecycledServerPidIsNeverSignalled(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        use(enclave, enclave.client());
        long server = info(enclave).get("pid").getAsLong();
        killOverseers(box);
        enclave.kill(server);
        enclave.recycle(server);
        Until.holds(() -> enclave.sharedserver("check", "web").run().exit() == 2, "it is stopped");
        enclave.sharedserver("stop", "web", "--even-if-used").run();
        enclave.sharedserver("admin", "stop", "web", "--force").run();
        enclave.sharedserver("admin", "kill", "web").run();
        assertTrue(enclave.alive(server), "the stranger lives on");
        use(enclave, enclave.client());
        assertFalse(info(enclave).get("pid").getAsLong() == server);
        assertTrue(enclave.runs(server, "sleep 1001"), "the stranger lives on");
    }

    @Test
    void aRecycledGuardPidIsNoOtherToolsWatcher(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        use(enclave, enclave.client());
        JsonObject before = info(enclave);
        long guard = before.get("watcher_pid").getAsLong();
        killOverseers(box);
        Until.holds(() -> !enclave.alive(guard), "the guard is gone");
        enclave.recycle(guard);
        assertEquals(0, enclave.sharedserver("check", "web").run().exit());
        assertFalse(info(enclave).get("watcher_pid").getAsLong() == guard);
        enclave.sharedserver("stop", "web", "--even-if-used").run().ok();
        assertTrue(enclave.runs(guard, "sleep 1001"), "the stranger lives on");
        assertFalse(enclave.runs(before.get("pid").getAsLong(), "sleep 1000"), "the server is stopped");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientPidThatIsRecycledBeforeAnybodyLooksIsNeverCounted(boolean asleep, Sandbox box) {
        Enclave enclave = enclave(box, asleep);
        long client = enclave.client();
        use(enclave, enclave.client());
        use(enclave, client);
        awaitRest(box, asleep);
        whileTheGuardIsStopped(box, () -> {
            enclave.kill(client);
            enclave.recycle(client);
        });
        Until.holds(() -> box.refcountOnDisk("web") == 1, "the dead client is gone");
        assertTrue(enclave.runs(client, "sleep 1001"), "the stranger lives on");
        assertFalse(box.requireClientsOnDisk("web").getAsJsonObject("clients").has("" + client));
    }

    /** A guard's child stays a zombie, whose pid nobody gets; an adopted server is no child. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAdoptedServersPidThatIsRecycledBeforeAnybodyLooksIsNeverSignalled(boolean asleep, Sandbox box) {
        Enclave enclave = enclave(box, asleep);
        use(enclave, enclave.client());
        killOverseers(box);
        long server = info(enclave).get("pid").getAsLong();
        awaitRest(box, asleep);
        whileTheGuardIsStopped(box, () -> {
            enclave.kill(server);
            enclave.recycle(server);
        });
        Until.holds(() -> !Files.exists(box.serverFile("web")), "the server is gone");
        assertEquals(2, enclave.sharedserver("check", "web").run().exit());
        assertTrue(enclave.runs(server, "sleep 1001"), "the stranger lives on");
    }

    @Test
    void aDeadServersPidIsNobodysWhileTheGuardLives(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        use(enclave, enclave.client());
        long server = info(enclave).get("pid").getAsLong();
        whileTheGuardIsStopped(box, () -> {
            enclave.sh("kill -9 " + server).run().ok();
            Until.holds(() -> !enclave.alive(server), "it is dead");
            assertTrue(enclave.tryToRecycle(server).exit() != 0, "the pid was given to somebody else");
        });
        Until.holds(() -> !Files.exists(box.serverFile("web")), "the server is gone");
    }

    @Test
    void aRecycledPidMayBecomeAClientItself(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        long client = enclave.client();
        use(enclave, client);
        killOverseers(box);
        enclave.kill(client);
        enclave.recycle(client);
        use(enclave, client);
        assertEquals(1, box.refcountOnDisk("web"));
        // what is told of its predecessor's end does not count for it
        assertEquals(0, enclave.sharedserver("check", "web").run().exit());
        assertEquals(1, info(enclave).get("refcount").getAsInt());
        enclave.kill(client);
        Until.holds(() -> box.refcountOnDisk("web") == 0, "it is watched");
    }

    @Test
    void aRecycledAgentPidIsLeftAlone(Sandbox box) {
        Enclave enclave = Enclave.ofPids(box);
        use(enclave, enclave.client());
        long agent = pidInside(box.requireAgent());
        killOverseers(box);
        Until.holds(() -> !enclave.alive(agent), "the agent is gone");
        enclave.recycle(agent);
        assertEquals(0, enclave.sharedserver("check", "web").run().exit());
        box.requireAgent().killAndAwait();
        assertEquals(0, enclave.sharedserver("check", "web").run().exit());
        enclave.sharedserver("stop", "web", "--even-if-used").run().ok();
        assertTrue(enclave.runs(agent, "sleep 1001"), "the stranger lives on");
    }

    @Test
    void theRecycledPidOfAGuardThatDiedAloneIsNoOtherToolsWatcher(Sandbox box) {
        Enclave enclave = enclave(box, true);
        long client = enclave.client();
        use(enclave, client);
        long guard = info(enclave).get("watcher_pid").getAsLong();
        awaitRest(box, true);
        box.requireGuard().killAndAwait();
        Until.holds(() -> !enclave.alive(guard), "it is reaped");
        enclave.recycle(guard);
        enclave.kill(client);
        enclave.recycle(client);
        Until.holds(() -> enclave.sharedserver("check", "web").run().exit() == 1, "nobody is counted");
        enclave.sharedserver("stop", "web").run().ok();
        assertTrue(enclave.runs(guard, "sleep 1001"), "the stranger lives on");
        assertTrue(enclave.runs(client, "sleep 1001"), "the stranger lives on");
    }

    private static Enclave enclave(Sandbox box, boolean sleeping) {
        if (sleeping) {
            box.env().put("SHAREDSERVER_SLEEP_AFTER", "300ms");
        }
        return Enclave.ofPids(box);
    }

    private static void awaitRest(Sandbox box, boolean asleep) {
        if (asleep && !Product.isPortable()) { // which never sleeps
            Until.holds(() -> box.agent() == null, "the agent sleeps");
        }
    }

    private static void whileTheGuardIsStopped(Sandbox box, Runnable action) {
        Stamped guard = box.requireGuard();
        guard.suspend();
        action.run();
        guard.signal("CONT");
    }

    private static long pidInside(Stamped process) {
        String pids = ProcessFacts.status(process.pid(), "NSpid");
        if (pids == null) {
            throw new AssertionError("it is gone");
        }
        return Long.parseLong(pids.substring(pids.lastIndexOf('\t') + 1));
    }

    private static void use(Enclave enclave, long client) {
        enclave.sharedserver("use", "web", "--pid", "" + client, "--", "sleep", "1000")
                .run()
                .ok();
    }

    private static JsonObject info(Enclave enclave) {
        return enclave.sharedserver("info", "web", "--json").run().ok().json();
    }

    /** Kills both at once, so that neither starts the other again. */
    private static void killOverseers(Sandbox box) {
        Stamped guard = box.requireGuard();
        Stamped agent = box.requireAgent();
        guard.kill();
        agent.kill();
        Until.holds(() -> !guard.alive() && !agent.alive(), "guard and agent are dead");
    }
}
