package dev.sharedserver.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What {@code up --json} and {@code down --json} tell, and the servers that others depend on. */
@Tag("portable")
@ExtendWith(SandboxExtension.class)
class FleetIT {

    private static final String SLEEP = "\"command\": \"sleep\", \"args\": [\"1000\"], \"gracePeriod\": \"1h\"";

    /** Is ready once there is a file {@code go}. */
    private static final String SLOW =
            SLEEP + ", \"ready\": {\"exec\": [\"test\", \"-e\", \"go\"], \"interval\": \"50ms\", \"timeout\": \"5m\"}";

    private static void config(Sandbox box, String servers) throws IOException {
        Files.writeString(box.work().resolve(".sharedserver.json"), "{\"servers\": {" + servers + "}}");
    }

    /** What a client makes of the lines that it has so far: each of a server is whole, with a comma before it or none. */
    private static List<String> actionsSoFar(String out) {
        List<String> actions = new ArrayList<>();
        for (String line : out.substring(0, out.lastIndexOf('\n') + 1).lines().toList()) {
            String text = line.startsWith(",") ? line.substring(1) : line;
            if (text.startsWith("{\"name\"")) {
                JsonObject server = JsonParser.parseString(text).getAsJsonObject();
                actions.add(server.get("name").getAsString() + " "
                        + server.get("action").getAsString());
            }
        }
        return actions;
    }

    private static boolean holds(Sandbox box, String name, Stamped client) {
        JsonObject clients = box.clientsOnDisk(name);
        return clients != null && clients.getAsJsonObject("clients").has("" + client.pid());
    }

    // ---- the document

    @Test
    void itSaysOfEachServerWhatWasDone(Sandbox box) throws IOException {
        config(box, """
            "web": {%s}, "old": {%s}, "left": {%s}, "idle": {%s, "lazy": true}, "other": {%s, "skipIfEnv": "HOME"},
            "bad": {"command": "no-such-command"}, "above": {%s, "dependsOn": ["bad"]}
            """.formatted(SLEEP, SLEEP, SLEEP, SLEEP, SLEEP, SLEEP));
        Stamped client = box.client();
        String pid = "" + client.pid();
        box.run("use", "old", "--pid", "" + box.client().pid()).ok();
        Stamped gone = box.client();
        box.run("use", "left", "--pid", "" + gone.pid()).ok();
        box.run("unuse", "left", "--pid", "" + gone.pid()).ok();

        Result up = box.run("up", "--json", "--pid", pid).exits(1).isQuiet();
        Map<String, JsonObject> told = up.fleet();
        assertEquals(
                List.of(
                        "above failed",
                        "bad failed",
                        "idle skipped",
                        "left rescued",
                        "old attached",
                        "other skipped",
                        "web started"),
                up.actions().stream().sorted().toList());
        for (String name : List.of("web", "old", "left")) {
            JsonObject server = Objects.requireNonNull(told.get(name));
            assertEquals(box.serverProcess(name).pid(), server.get("pid").getAsLong());
            assertTrue(server.get("error").isJsonNull());
            assertFalse(server.has("reason"));
        }
        JsonObject bad = Objects.requireNonNull(told.get("bad"));
        assertTrue(bad.get("pid").isJsonNull());
        assertTrue(bad.get("error").getAsString().contains("command not found: 'no-such-command'"), bad::toString);
        JsonObject idle = Objects.requireNonNull(told.get("idle"));
        assertTrue(idle.get("error").isJsonNull());
        assertEquals("it is lazy and does not run", idle.get("reason").getAsString());
        assertEquals(
                "HOME is set",
                Objects.requireNonNull(told.get("other")).get("reason").getAsString());

        Result down = box.run("down", "web", "above", "--json", "--pid", pid).exits(1);
        assertEquals(List.of("web detached", "above failed"), down.actions());
        assertEquals(
                List.of("left detached", "old detached"),
                box.run("down", "--all", "--json", "--pid", pid).ok().actions().stream()
                        .sorted()
                        .toList());
    }

    @Test
    void itIsADocumentAlsoWithoutServers(Sandbox box) throws IOException {
        config(box, "");
        assertEquals(List.of(), box.run("up", "--json").ok().isQuiet().actions());
        assertEquals(List.of(), box.run("down", "--json").ok().isQuiet().actions());
        assertEquals(
                List.of(), box.run("down", "--all", "--json").ok().isQuiet().actions());
    }

    @Test
    void aConfigThatIsNoneGivesNoDocumentAndAnExitCode(Sandbox box) throws IOException {
        assertEquals(
                "",
                box.run("up", "--json")
                        .exits(1)
                        .complains("there is no config file")
                        .out());
        config(box, ",");
        assertEquals(
                "",
                box.run("up", "--json")
                        .exits(1)
                        .complains(".sharedserver.json:1:")
                        .out());
    }

    @Test
    void itGrowsWhileOneTakesItsTimeAndIsWholeInTheEnd(Sandbox box) throws IOException {
        config(box, "\"slow\": {%s}, \"fast\": {%s}, \"faster\": {%s}".formatted(SLOW, SLEEP, SLEEP));
        // python's own parser, which takes nothing but JSON
        Invocation.Running up = box.inBackground(
                box.sh("\"$SS\" up --json --pid " + box.client().pid()
                        + " | tee so-far | python3 -c 'import json, sys; print(*sorted(s[\"name\"] + \" \" +"
                        + " s[\"action\"] for s in json.load(sys.stdin)[\"servers\"]))'"));
        Until.holds(
                () -> List.of("fast started", "faster started")
                        .equals(
                                actionsSoFar(Objects.requireNonNullElse(
                                                Sandbox.read(box.work().resolve("so-far")), ""))
                                        .stream()
                                        .sorted()
                                        .toList()),
                "the fast ones are told");
        assertTrue(up.running());
        Files.createFile(box.work().resolve("go"));
        assertEquals(
                "fast started faster started slow started\n", up.await().ok().out());
    }

    @Test
    void anAgentThatTakesOverGoesOnWithTheSameDocument(Sandbox box) throws IOException {
        config(box, "\"slow\": {%s}, \"fast\": {%s}, \"bad\": {\"command\": \"no-such\"}".formatted(SLOW, SLEEP));
        String pid = "" + box.client().pid();
        Invocation.Running up = box.inBackground(box.command("up", "--json", "--pid", pid));
        Until.holds(() -> actionsSoFar(up.outSoFar()).size() == 2, "two are told");
        // what no file names yet is no server, and would be started anew
        Until.holds(() -> Files.exists(box.serverFile("slow")), "the slow one runs");
        for (int i = 0; i < 2; i++) {
            Stamped agent = box.requireAgent();
            agent.kill();
            Until.holds(() -> box.agent() != null && !agent.equals(box.agent()), "there is another agent");
        }
        assertTrue(up.running());
        Files.createFile(box.work().resolve("go"));
        Result result = up.await().exits(1); // since one has failed, which only the first agent has told
        assertEquals(
                List.of("bad failed", "fast started", "slow attached"),
                result.actions().stream().sorted().toList());
        assertEquals(1, box.refcount("slow"));
    }

    @Test
    void aReaderThatLeavesInTheMiddleEndsIt(Sandbox box) throws IOException {
        config(box, "\"slow\": {%s}, \"fast\": {%s}".formatted(SLOW, SLEEP));
        String pid = "" + box.client().pid();
        Result read = box.sh("{ \"$SS\" up --json --pid " + pid + "; echo $? >exit; } | head -n 2")
                .run()
                .ok();
        assertEquals(List.of("fast started"), actionsSoFar(read.out()));
        Until.holds(() -> "141\n".equals(Sandbox.read(box.work().resolve("exit"))), "up was ended by SIGPIPE");
    }

    // ---- what others depend on

    @Test
    void useTakesWhatTheServerDependsOn(Sandbox box) throws IOException {
        config(box, """
            "web": {%s, "dependsOn": ["api", "cache"]}, "api": {%s, "dependsOn": ["cache"]}, "cache": {%s, "lazy": true,
            "metadata": "of a team"}, "off": {%s}
            """.formatted(SLEEP, SLEEP, SLEEP, SLEEP));
        Stamped client = box.client();
        Result use = box.run("use", "web", "--pid", "" + client.pid()).ok().isQuiet();
        assertEquals(
                List.of("cache", "api", "web"),
                use.out()
                        .lines()
                        .map(line -> line.replaceAll(".*Started server (\\S+) .*", "$1"))
                        .toList());
        assertEquals(2, box.check("off"));
        assertEquals(
                "of a team",
                box.info("cache")
                        .getAsJsonArray("clients")
                        .get(0)
                        .getAsJsonObject()
                        .get("metadata")
                        .getAsString());

        // also of one that runs: it must not lose what it needs when its first client leaves
        Stamped other = box.client();
        JsonObject json = box.run("use", "web", "--json", "--pid", "" + other.pid())
                .ok()
                .isQuiet()
                .json();
        assertEquals("attached", json.get("action").getAsString());
        client.kill();
        for (String name : List.of("web", "api", "cache")) {
            Until.holds(() -> box.refcountOnDisk(name) == 1, name + " is held by the other alone");
            assertTrue(holds(box, name, other), name);
        }

        Result unuse = box.run("unuse", "web", "--pid", "" + other.pid()).ok().isQuiet();
        assertEquals(List.of("web", "api", "cache"), detached(unuse), "what was taken for it is given back with it");
        for (String name : List.of("web", "api", "cache")) {
            assertEquals(1, box.check(name), name);
        }
    }

    private static List<String> detached(Result result) {
        return result.out()
                .lines()
                .map(line -> line.replaceAll(
                        ".*Detached from server (\\S+) \\(refcount: (\\d+),? ?(it stays held for )?.*", "$1$3"))
                .toList();
    }

    @Test
    void whatAnotherServerNeedsOrTheClientAskedForStays(Sandbox box) throws IOException {
        config(box, """
            "web": {%s, "dependsOn": ["cache", "db"]}, "shop": {%s, "dependsOn": ["cache"]}, "cache": {%s}, "db": {%s}
            """.formatted(SLEEP, SLEEP, SLEEP, SLEEP));
        Stamped client = box.client();
        String pid = "" + client.pid();
        box.run("use", "db", "--pid", pid).ok();
        box.run("use", "web", "--pid", pid).ok();
        box.run("use", "shop", "--pid", pid).ok();
        assertEquals(
                List.of("web"),
                detached(box.run("unuse", "web", "--pid", pid).ok()),
                "shop needs the cache, and db was asked for by name");
        assertTrue(holds(box, "cache", client) && holds(box, "db", client));
        assertEquals(
                List.of("shop", "cache"),
                detached(box.run("unuse", "shop", "--pid", pid).ok()));
        assertFalse(holds(box, "cache", client));
        assertEquals(
                List.of("db"), detached(box.run("unuse", "db", "--pid", pid).ok()));

        // asked for by name while it is needed: given back by name it stays for who needs it
        box.run("use", "web", "--pid", pid).ok();
        box.run("use", "cache", "--pid", pid).ok();
        assertEquals(
                List.of("cacheit stays held for "),
                detached(box.run("unuse", "cache", "--pid", pid).ok()));
        assertTrue(holds(box, "cache", client));
        assertEquals(
                List.of("web detached", "cache detached", "db detached"),
                box.run("down", "web", "--json", "--pid", pid).ok().actions());
        assertFalse(holds(box, "cache", client));

        // whoever else holds it is not concerned, and a server that ends is not held any more either
        Stamped other = box.client();
        box.run("use", "web", "--pid", pid).ok();
        box.run("use", "web", "--pid", "" + other.pid()).ok();
        box.run("unuse", "web", "--pid", pid).ok();
        assertTrue(holds(box, "cache", other) && !holds(box, "cache", client));
        box.run("stop", "web", "--even-if-used").ok();
        Until.holds(() -> !holds(box, "cache", other) && !holds(box, "db", other), "nobody needs them");

        // all of the file: each is told of once, whoever let go of it
        box.run("up", "--pid", pid).ok();
        assertEquals(
                List.of("cache detached", "db detached", "shop detached", "web detached"),
                box.run("down", "--json", "--pid", pid).ok().actions().stream()
                        .sorted()
                        .toList());
        box.run("use", "web", "--pid", pid).ok();
        assertEquals(
                List.of("cache detached", "db detached", "web detached"),
                box.run("down", "--all", "--json", "--pid", pid).ok().actions().stream()
                        .sorted()
                        .toList());
        assertFalse(holds(box, "cache", client) || holds(box, "db", client));
    }

    @Test
    void whoDiesBetweenTheTwoLeavesNothingHeldForNothing(Sandbox box) throws IOException {
        config(box, "\"web\": {%s, \"dependsOn\": [\"cache\"]}, \"cache\": {%s}".formatted(SLEEP, SLEEP));
        Stamped client = box.client();
        box.run("use", "web", "--pid", "" + client.pid()).ok();
        Stamped agent = box.requireAgent();
        agent.kill();
        Until.holds(() -> box.agent() != null && !agent.equals(box.agent()), "another agent");
        assertEquals(1, box.refcount("cache"), "an agent that dies lets go of nothing");
        assertTrue(holds(box, "cache", client));

        // what an agent leaves that dies after it has written down that web is not held any more
        Stamped guard = box.requireGuard();
        Stamped second = box.requireAgent();
        guard.kill();
        Until.holds(() -> !second.alive(), "the agent has ended, too");
        Files.delete(box.clientsFile("web"));
        assertEquals(0, box.refcount("cache"), "the next one finds a reference without its reason");
        assertEquals(0, box.refcountOnDisk("cache"));
        assertEquals(1, box.check("web"));
    }

    @Test
    void aLazyServerMayHaveNoCommandAndIsOnlyAttachedTo(Sandbox box) throws IOException {
        config(box, "\"db\": {\"lazy\": true}, \"web\": {%s, \"dependsOn\": [\"db\"]}".formatted(SLEEP));
        String pid = "" + box.client().pid();
        box.run("config", "check").ok();
        box.run("config", "show").ok();
        box.run("use", "db", "--pid", pid).exits(1).complains("Server db is not running and no command was given");
        box.run("use", "web", "--pid", pid)
                .exits(1)
                .complains("server db is not running, and the config has no command");
        assertEquals(
                List.of("db skipped"),
                box.run("up", "db", "--json", "--pid", pid).ok().actions());
        assertEquals(
                List.of("db failed", "web failed"),
                box.run("up", "web", "--json", "--pid", pid).exits(1).actions());

        box.use("db", box.client(), "sleep", "1000");
        assertEquals(
                List.of("db attached", "web started"),
                box.run("up", "web", "--json", "--pid", pid).ok().actions());
        assertEquals(2, box.refcount("db"));
        Stamped before = box.serverProcess("db");
        box.run("restart", "db", "--even-if-used").ok();
        assertFalse(before.equals(box.serverProcess("db")));
    }

    @Test
    void aHoldIsOneOfAllOfThem(Sandbox box) throws IOException {
        config(box, "\"web\": {%s, \"dependsOn\": [\"cache\"]}, \"cache\": {%s}".formatted(SLEEP, SLEEP));
        String key = box.run("use", "web", "--json", "--hold", "1h")
                .ok()
                .json()
                .get("hold")
                .getAsString();
        assertEquals(1, box.refcount("cache"));
        box.run("unuse", "cache", "--hold", key).ok();
    }

    @Test
    void aCommandOnTheCommandLineDependsOnNothing(Sandbox box) throws IOException {
        config(box, "\"web\": {%s, \"dependsOn\": [\"cache\"]}, \"cache\": {%s}".formatted(SLEEP, SLEEP));
        box.run("use", "web", "--pid", "" + box.client().pid(), "--", "sleep", "1000")
                .ok();
        assertEquals(2, box.check("cache"));
    }

    @Test
    void whatIsNotWantedHereIsNotNeededEither(Sandbox box) throws IOException {
        config(box, """
            "web": {%s, "dependsOn": ["api"]}, "api": {%s, "skipIfEnv": "API_URL", "dependsOn": ["cache"]}, "cache": {%s}
            """.formatted(SLEEP, SLEEP, SLEEP));
        box.command("use", "web", "--pid", "" + box.client().pid())
                .env("API_URL", "x")
                .run()
                .ok()
                .says("Server api is skipped, since API_URL is set")
                .says("Started server web");
        assertEquals(2, box.check("api"));
        assertEquals(2, box.check("cache"));
    }

    @Test
    void whatWasTakenForNothingIsGivenBack(Sandbox box) throws IOException {
        config(box, """
            "web": {%s, "dependsOn": ["held", "cache", "bad"]}, "held": {%s}, "cache": {%s}, "bad": {"command": "no-such"},
            "broken": {"command": 5}, "top": {%s, "dependsOn": ["cache", "broken"]},
            "missing": {"command": "no-such", "dependsOn": ["cache"]}
            """.formatted(SLEEP, SLEEP, SLEEP, SLEEP));
        Stamped client = box.client();
        String pid = "" + client.pid();
        box.run("use", "held", "--pid", pid).ok();
        box.run("use", "web", "--pid", pid)
                .exits(1)
                .complains(
                        "server web is not started, since bad failed, which it depends on: cannot start server bad:");
        assertEquals(2, box.check("web"));
        assertTrue(holds(box, "held", client), "that was held before");
        assertEquals(0, box.refcount("cache"));
        box.run("use", "missing", "--pid", pid).exits(127);
        assertEquals(0, box.refcount("cache"));
        box.run("use", "top", "--pid", pid).exits(1).complains("servers.broken.command");
        assertEquals(2, box.check("top"));
        box.run("run", "missing", "--", "true").exits(127);
        box.run("run", "cache", "--", "no-such-program").exits(127);
        box.run("exec", "missing", "--pid", pid).exits(127);
        Until.holds(() -> box.refcountOnDisk("cache") == 0, "nobody holds it");
    }

    @Test
    void aHangUpHoldsNothing(Sandbox box) throws IOException {
        config(
                box,
                "\"web\": {%s, \"dependsOn\": [\"cache\", \"slow\"]}, \"cache\": {%s}, \"slow\": {%s}"
                        .formatted(SLEEP, SLEEP, SLOW));
        Stamped client = box.client();
        Invocation.Running use = box.inBackground(box.command("use", "web", "--pid", "" + client.pid()));
        Until.holds(() -> holds(box, "slow", client) && holds(box, "cache", client), "one is waited for");
        use.kill();
        Until.holds(() -> !holds(box, "slow", client) && !holds(box, "cache", client), "both are let go");
        assertEquals(2, box.check("web"));
    }

    @Test
    void runAndExecTakeWhatTheirServersDependOn(Sandbox box) throws IOException {
        config(box, "\"web\": {%s, \"dependsOn\": [\"cache\"]}, \"cache\": {%s}".formatted(SLEEP, SLEEP));
        Result run = box.run("run", "web", "--", "sh", "-c", "\"$SS\" info cache --json")
                .ok();
        assertEquals(1, run.json().get("refcount").getAsInt(), "the command holds it");
        Until.holds(() -> box.check("cache") == 1, "it ended with the command");
        box.run("admin", "kill", "web").ok();

        Stamped parent = box.client();
        Invocation.Running exec = box.inBackground(box.command("exec", "web", "--pid", "" + parent.pid()));
        Until.holds(() -> box.check("web") == 0, "it runs");
        assertTrue(holds(box, "web", parent) && holds(box, "cache", parent));
        Invocation.Running follower = box.inBackground(box.command("exec", "web"));
        Until.holds(() -> box.refcountOnDisk("web") == 2, "another one stays in front of it");
        assertEquals(2, box.refcount("cache"));
        follower.kill();
        Until.holds(() -> box.refcountOnDisk("cache") == 1, "its references ended with it");
        exec.kill();
        exec.await();
    }
}
