package dev.sharedserver.e2e;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One round: clients that use servers of several names at once, faults at random moments, then a look at what is left.
 *
 * <p>The names differ in what may happen to them. Nobody ends a <em>steady</em> server: every reference that a command
 * confirmed has to be there, and the process has to be the first one. A <em>fickle</em> one is stopped, restarted and killed:
 * what was confirmed since it was started last has to be there. The <em>fading</em> one is left to its grace period.
 */
final class FaultRound {

    /** What is done to the product while it works. */
    enum Kind {
        /** Processes are killed and stopped. */
        KILLS(5),
        /** State files and the directory are removed and cut. */
        FILES(3);

        private final int usualRounds;

        Kind(int usualRounds) {
            this.usualRounds = usualRounds;
        }

        int usualRounds() {
            return usualRounds;
        }
    }

    private static final List<String> STEADY = List.of("steady1", "steady2", "steady3");
    private static final List<String> FICKLE = List.of("fickle1", "fickle2");
    private static final String FADING = "fading";
    private static final Duration FADES_AFTER = Duration.ofSeconds(3);
    private static final int CLIENTS = 24;
    private static final long LOAD_MILLIS = 1500;

    /** How much later than its deadline a server may end: guard and agent start, the back-off, a busy machine. */
    private static final Duration TOLERANCE = Duration.ofSeconds(6);

    private static final Duration SETTLES_WITHIN = Duration.ofSeconds(25);

    private final Sandbox box;
    private final Kind kind;
    private final long seed;
    private final Random random;
    private final List<Customer> customers = new ArrayList<>();
    private final Queue<String> story = new ConcurrentLinkedQueue<>();
    private final Queue<String> complaints = new ConcurrentLinkedQueue<>();
    private final Set<Invocation.Running> underWay = ConcurrentHashMap.newKeySet();
    private final Map<String, Stamped> first = new LinkedHashMap<>();
    private final List<String> done = new ArrayList<>();
    private final AtomicInteger commands = new AtomicInteger();
    private final long began = System.nanoTime();
    private volatile boolean over;
    private volatile boolean loading = true;

    FaultRound(Sandbox box, Kind kind, long seed) {
        this.box = box;
        this.kind = kind;
        this.seed = seed;
        this.random = new Random(seed);
    }

    String summary() {
        return commands + " commands, " + done + ", " + (System.nanoTime() - began) / 1_000_000 + " ms";
    }

    /** What happened, for a person who has to find out why. */
    String story() {
        StringBuilder text = new StringBuilder();
        story.forEach(line -> text.append(line).append('\n'));
        for (String name : names()) {
            text.append("--- ").append(name).append('\n');
            for (String file : List.of(".server.json", ".clients.json", ".invocations.log")) {
                text.append(readQuietly(box.lockdir().resolve(name + file))).append('\n');
            }
        }
        return text.append("--- .agent.log\n")
                .append(readQuietly(box.lockdir().resolve(".agent.log")))
                .toString();
    }

    private static String readQuietly(Path file) {
        try {
            String text = Sandbox.read(file);
            return text == null ? "(no " + file.getFileName() + ")" : text.strip();
        } catch (UncheckedIOException e) {
            return e.toString();
        }
    }

    void play() {
        try {
            playOn();
        } finally {
            loading = false;
            over = true;
        }
    }

    private void playOn() {
        for (String name : STEADY) {
            first.put(name, start(name, box.client()));
        }
        Fading fading = fade();
        Thread watching = Thread.ofPlatform().start(this::watchForTwins);
        List<Thread> load = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Customer customer = new Customer(box.client(), new Random(seed * 31 + i));
            customers.add(customer);
            load.add(Thread.ofVirtual().start(customer::work));
        }
        hurt();
        loading = false;
        for (Thread one : load) {
            join(one);
        }
        note("the load is over");
        long calm = System.nanoTime();
        look();
        fading.await(calm);
        over = true;
        join(watching);
        if (!complaints.isEmpty()) {
            throw new AssertionError(String.join("\n", complaints));
        }
    }

    private static List<String> names() {
        List<String> names = new ArrayList<>(STEADY);
        names.addAll(FICKLE);
        names.add(FADING);
        return names;
    }

    private void note(String what) {
        story.add((System.nanoTime() - began) / 1_000_000 + " ms " + what);
    }

    private void complain(String what) {
        note("WRONG: " + what);
        complaints.add(what);
    }

    // ---- servers

    /** The command of a server, whose argument is on no other process of the machine. */
    private String[] serverCommand(String name) {
        return new String[] {"sleep", "100000", marker(name)};
    }

    /** sleep(1) adds up its arguments. */
    private String marker(String name) {
        return "0.0" + ProcessHandle.current().pid() + "0" + Math.floorMod(seed, 1_000_000_000_000L)
                + (names().indexOf(name) + 1);
    }

    private String[] use(String name, Stamped client, String... options) {
        List<String> argv = new ArrayList<>(List.of("use", name, "--pid", "" + client.pid()));
        argv.addAll(List.of(options));
        argv.add("--");
        argv.addAll(List.of(serverCommand(name)));
        return argv.toArray(String[]::new);
    }

    private Stamped start(String name, Stamped client) {
        box.run(use(name, client)).ok();
        return box.serverProcess(name);
    }

    /** The living processes that carry the marker of that name. */
    private List<Stamped> alive(String name) {
        List<Stamped> found = new ArrayList<>();
        String marker = marker(name);
        for (long pid : ProcessFacts.all()) {
            String command = ProcessFacts.read(pid, "cmdline");
            if (command != null && command.startsWith("sleep\0") && command.contains(marker)) {
                Stamped process = Stamped.find(pid);
                if (process != null) {
                    found.add(process);
                }
            }
        }
        return found;
    }

    /** Looks all the time whether a server runs twice. */
    private void watchForTwins() {
        while (!over) {
            for (String name : names()) {
                List<Stamped> twins = alive(name);
                // those that were seen first may have ended before those that were seen last began
                if (twins.size() > 1 && twins.stream().allMatch(Stamped::alive)) {
                    complain(name + " runs twice: " + twins);
                    return;
                }
            }
            pause(20);
        }
    }

    // ---- the fading server

    /** A server in its grace period: it ends at its deadline, whoever is killed meanwhile. */
    private final class Fading {
        private final Stamped server;
        private final long deadline;
        private volatile long ended;

        Fading(Stamped server, long deadline) {
            this.server = server;
            this.deadline = deadline;
            Thread.ofVirtual().start(() -> {
                while (server.alive()) {
                    pause(5);
                }
                ended = System.nanoTime();
            });
        }

        void await(long calm) {
            Until.holds(
                    FADES_AFTER.plus(TOLERANCE).plus(TOLERANCE),
                    () -> ended != 0,
                    "the server in grace, " + server + ", ends");
            long early = (deadline - ended) / 1_000_000;
            long late = (ended - Math.max(deadline, calm)) / 1_000_000;
            note("the fading server ended " + -early + " ms after its deadline");
            if (early > 20 || late > TOLERANCE.toMillis()) {
                complain("the server in grace ended " + -early + " ms after its deadline");
            }
        }
    }

    private Fading fade() {
        Stamped client = box.client();
        box.run(use(FADING, client, "--grace-period", FADES_AFTER.toMillis() + "ms"))
                .ok();
        Stamped server = box.serverProcess(FADING);
        box.unuse(FADING, client);
        JsonObject deadline = box.requireServerOnDisk(FADING).getAsJsonObject("grace_deadline");
        return new Fading(server, deadline.get("monotonic_ms").getAsLong() * 1_000_000);
    }

    // ---- the load

    /** What a customer knows of its reference to one name. */
    private enum Holds {
        NO,
        YES,
        /** The command that would have told was killed. */
        PERHAPS
    }

    private record Claim(Holds holds, Instant since) {}

    /** A client process and the thread that gives commands in its name, one after the other. */
    private final class Customer {
        private final Stamped client;
        private final Random random;
        private final Map<String, Claim> claims = new ConcurrentHashMap<>();
        private volatile boolean dead;

        Customer(Stamped client, Random random) {
            this.client = client;
            this.random = random;
        }

        void work() {
            try {
                while (loading && !dead) {
                    act();
                    pause(random.nextInt(60));
                }
            } catch (AssertionError | RuntimeException e) {
                complain("client " + client.pid() + ": " + e);
            }
        }

        private void act() {
            int dice = random.nextInt(100);
            if (dice < 55) {
                String name = STEADY.get(random.nextInt(STEADY.size()));
                useOrNot(name, dice < 35);
            } else if (dice < 80) {
                String name = FICKLE.get(random.nextInt(FICKLE.size()));
                useOrNot(name, dice < 72);
            } else if (dice < 85) {
                String name = FICKLE.get(random.nextInt(FICKLE.size()));
                expect(command("stop", name, "--even-if-used"), "not running");
            } else if (dice < 88) {
                String name = FICKLE.get(random.nextInt(FICKLE.size()));
                expect(command("restart", name, "--even-if-used"), "not running");
            } else if (dice < 93) {
                expect(command("list"));
            } else if (dice < 96) {
                expect(command("info", STEADY.get(random.nextInt(STEADY.size())), "--json"));
            } else {
                Result result = command("check", STEADY.get(random.nextInt(STEADY.size())));
                if (!wasKilled(result) && result.exit() != 0) {
                    complain("check: " + result);
                }
            }
        }

        private void useOrNot(String name, boolean use) {
            Instant asked = Instant.now();
            claims.put(name, new Claim(Holds.PERHAPS, asked));
            Result result =
                    use ? command(use(name, client)) : command("unuse", name, "--pid", Long.toString(client.pid()));
            if (wasKilled(result)) {
                return;
            }
            if (result.exit() == 0) {
                claims.put(name, new Claim(use ? Holds.YES : Holds.NO, asked));
            } else if (use) {
                boolean noDirectory = result.err().contains("Cannot write the state")
                        || result.err().contains("log file") && result.err().contains("No such file");
                if (noDirectory && kind == Kind.FILES) {
                    // in the moment in which there was no directory
                    claims.put(name, new Claim(Holds.NO, asked));
                    return;
                }
                // the only other reason not to be attached is to be dead
                if (!dead
                        || !result.err().contains("not alive")
                                && !result.err().contains("--pid must name a live process")) {
                    complain("use: " + result);
                }
            } else if (result.err().contains("not attached")
                    || FICKLE.contains(name) && result.err().contains("not running")) {
                claims.put(name, new Claim(Holds.NO, asked));
            } else {
                complain("unuse: " + result);
            }
        }

        /** Complains if the command failed for another reason than these. */
        private void expect(Result result, String... reasons) {
            if (wasKilled(result) || result.exit() == 0) {
                return;
            }
            for (String reason : reasons) {
                if (result.err().contains(reason)) {
                    return;
                }
            }
            complain(result.toString());
        }

        private boolean wasKilled(Result result) {
            return result.exit() == 137 || result.exit() == 143;
        }

        private Result command(String... args) {
            commands.incrementAndGet();
            Invocation.Running running = box.command(args).start();
            underWay.add(running);
            try {
                Result result = running.await();
                note(client.pid() + " " + String.join(" ", args) + " = " + result.exit());
                return result;
            } finally {
                underWay.remove(running);
            }
        }
    }

    // ---- the faults

    private void hurt() {
        int faults = 2 + random.nextInt(3);
        for (int i = 0; i < faults; i++) {
            pause(50 + random.nextInt((int) LOAD_MILLIS / faults));
            String what = kind == Kind.KILLS ? hurtAProcess() : hurtAFile();
            note("FAULT " + what);
            done.add(what);
        }
        pause(200 + random.nextInt(300));
    }

    private String hurtAProcess() {
        return switch (random.nextInt(14)) {
            case 0, 1 -> agent("KILL");
            case 2 -> agent("TERM");
            case 3 -> stopForAWhile("agent", box.agent());
            case 4 -> guard("KILL");
            case 5 -> guard("TERM");
            case 6 -> stopForAWhile("guard", box.guard());
            case 7, 8 -> both();
            case 9 -> stopAgentAndKillGuard();
            case 10 -> client();
            case 11, 12 -> launcher();
            default -> server();
        };
    }

    private String agent(String signal) {
        // one that is killed before its first word is a failed start, and after three of those callers are turned away
        box.run("check", STEADY.getFirst()).exits(0);
        return signal("agent", box.agent(), signal);
    }

    private String guard(String signal) {
        return signal("guard", box.guard(), signal);
    }

    private String both() {
        Overseers both = Overseers.of(box.lockdir());
        return signal("guard", both.guard(), "KILL") + " and " + signal("agent", both.agent(), "KILL");
    }

    private String stopAgentAndKillGuard() {
        Overseers both = Overseers.of(box.lockdir());
        return signal("agent", both.agent(), "STOP") + " and " + signal("guard", both.guard(), "KILL");
    }

    private static String signal(String what, @Nullable Stamped process, String signal) {
        if (process == null) {
            return "no " + what;
        }
        process.signal(signal);
        return what + " " + process.pid() + " " + signal;
    }

    private String stopForAWhile(String what, @Nullable Stamped process) {
        int millis = 100 + random.nextInt(1500);
        String did = signal(what, process, "STOP");
        pause(millis);
        return did + ", " + signal(what, process, "CONT") + " after " + millis + " ms";
    }

    private String client() {
        Customer victim = customers.get(random.nextInt(customers.size()));
        victim.dead = true;
        return signal("client", victim.client, "KILL");
    }

    private String launcher() {
        List<Invocation.Running> now = List.copyOf(underWay);
        if (now.isEmpty()) {
            return "no launcher";
        }
        Stamped victim = Stamped.find(now.get(random.nextInt(now.size())).pid());
        return random.nextInt(3) == 0
                ? stopForAWhile("launcher", victim)
                : signal("launcher", victim, random.nextBoolean() ? "KILL" : "TERM");
    }

    private String server() {
        List<Stamped> servers = alive(FICKLE.get(random.nextInt(FICKLE.size())));
        if (servers.isEmpty()) {
            return "no server";
        }
        return random.nextInt(3) == 0
                ? stopForAWhile("server", servers.getFirst())
                : signal("server", servers.getFirst(), "KILL");
    }

    private String hurtAFile() {
        List<String> names = new ArrayList<>(STEADY);
        names.addAll(FICKLE);
        String name = names.get(random.nextInt(names.size()));
        Path victim = random.nextBoolean() ? box.serverFile(name) : box.clientsFile(name);
        return switch (random.nextInt(6)) {
            case 0 -> {
                removeDirectory();
                yield "directory removed";
            }
            case 1 -> remove(box.lockdir().resolve(".agent.sock"));
            case 2 -> remove(box.lockdir().resolve(".agent.lock"));
            case 3 -> cut(box.clientsFile(name));
            default -> remove(victim);
        };
    }

    /** As {@code rm -rf} does it, which may find a new file each time as long as the agent goes on writing. */
    private void removeDirectory() {
        while (Files.exists(box.lockdir())) {
            try {
                Trees.delete(box.lockdir());
                return;
            } catch (UncheckedIOException e) {
                if (!(e.getCause() instanceof DirectoryNotEmptyException)) {
                    throw e;
                }
            }
        }
    }

    private static String remove(Path file) {
        try {
            return file.getFileName() + (Files.deleteIfExists(file) ? " removed" : " not there");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String cut(Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(random.nextInt((int) Math.max(1, channel.size())));
            return file.getFileName() + " cut";
        } catch (NoSuchFileException e) {
            return file.getFileName() + " not there";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- what has to hold afterwards

    private void look() {
        Map<String, Stamped> latecomers = new LinkedHashMap<>();
        if (kind == Kind.FILES) {
            // the next command of a name finds out what happened to its files
            for (String name : first.keySet()) {
                Stamped latecomer = box.client();
                latecomers.put(name, latecomer);
                box.run(use(name, latecomer)).ok();
            }
            for (String name : FICKLE) {
                box.run(use(name, box.client())).ok();
            }
        }
        for (String name : STEADY) {
            settles(name, () -> steady(name, latecomers.get(name)));
        }
        for (String name : FICKLE) {
            settles(name, () -> fickle(name));
        }
        settles("the processes", this::processes);
        // the first one also tells what was put right in passing, such as a watcher that was dead
        box.run("admin", "doctor").ok();
        Result doctor = box.run("admin", "doctor", "--json").ok();
        if (!doctor.json().getAsJsonArray("issues").isEmpty()) {
            throw new AssertionError("the doctor finds something: " + doctor);
        }
    }

    private interface Check {
        /** Returns what is wrong, or null. */
        @Nullable
        String problem();
    }

    private static void settles(String what, Check check) {
        long until = System.nanoTime() + SETTLES_WITHIN.toNanos();
        for (String problem = problem(check); problem != null; problem = problem(check)) {
            if (System.nanoTime() > until) {
                throw new AssertionError(what + ": " + problem);
            }
            pause(50);
        }
    }

    private static @Nullable String problem(Check check) {
        try {
            return check.problem();
        } catch (JsonParseException e) {
            return "a file cannot be read: " + e.getMessage();
        }
    }

    private @Nullable String steady(String name, @Nullable Stamped latecomer) {
        Result check = box.run("check", name);
        if (check.exit() != 0) {
            return check.toString();
        }
        Stamped server = server(name);
        if (server == null || !server.equals(first.get(name))) {
            return "it is " + server + ", was " + first.get(name);
        }
        return references(name, Instant.MIN, latecomer == null ? 1 : 2);
    }

    private @Nullable String fickle(String name) {
        int state = box.run("check", name).exit();
        List<Stamped> running = alive(name);
        if (state == 2) {
            return running.isEmpty() && box.serverOnDisk(name) == null ? null : "stopped, but " + running;
        }
        Stamped server = server(name);
        if (state > 2 || server == null || !running.equals(List.of(server))) {
            return "state " + state + ", on disk " + server + ", running " + running;
        }
        Instant started =
                Instant.parse(box.requireServerOnDisk(name).get("started_at").getAsString());
        return references(name, started, 0);
    }

    private @Nullable Stamped server(String name) {
        return box.serverOnDisk(name) == null ? null : box.serverProcess(name);
    }

    /**
     * Compares the references on disk with what the clients were told.
     *
     * @param since what was told before this moment was of an earlier server
     * @param others how many live clients are not customers, at least
     */
    private @Nullable String references(String name, Instant since, int others) {
        JsonObject clients = box.clientsOnDisk(name);
        Set<String> counted =
                clients == null ? Set.of() : clients.getAsJsonObject("clients").keySet();
        if (clients != null && clients.get("refcount").getAsInt() != counted.size()) {
            return "refcount is not the number of clients: " + clients;
        }
        if (box.refcount(name) != counted.size()) {
            return "info says " + box.refcount(name) + ", on disk are " + counted;
        }
        int strangers = counted.size();
        for (Customer customer : customers) {
            Claim claim = customer.claims.getOrDefault(name, new Claim(Holds.NO, Instant.MIN));
            boolean is = counted.contains("" + customer.client.pid());
            strangers -= is ? 1 : 0;
            if (is && customer.dead) {
                return customer.client + " is dead and counted";
            }
            if (is && claim.holds() == Holds.NO) {
                return customer.client + " has detached and is counted";
            }
            if (!is
                    && !customer.dead
                    && claim.holds() == Holds.YES
                    && claim.since().isAfter(since)) {
                return customer.client + " is attached and not counted in " + counted;
            }
        }
        return strangers >= others ? null : "of " + others + " others only " + strangers + " are counted: " + counted;
    }

    private @Nullable String processes() {
        for (String name : names()) {
            Stamped server = server(name);
            List<Stamped> running = alive(name);
            if (server == null ? !running.isEmpty() : !running.equals(List.of(server))) {
                return name + ": on disk " + server + ", running " + running;
            }
        }
        Stamped guard = box.guard();
        for (long pid : ProcessFacts.all()) {
            ProcessFacts.Stat stat = ProcessFacts.stat(pid);
            if (stat != null && stat.state() == 'Z' && guard != null && stat.parent() == guard.pid()) {
                return "a zombie is left: " + stat;
            }
        }
        return null;
    }

    // ---- time

    private static void pause(long millis) {
        try {
            Thread.sleep(millis); // the moment is the point
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static void join(Thread thread) {
        try {
            if (!thread.join(Duration.ofSeconds(60))) {
                throw new AssertionError("a client's command does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
