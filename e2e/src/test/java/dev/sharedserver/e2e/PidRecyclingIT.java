package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.extension.ExtendWith;

/** A recycled pid is a stranger: never counted, never signalled. Forced in a pid namespace while nobody watches. */
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
