package dev.sharedserver.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Measures the product against the budgets of the architecture and prints the README's table. */
public final class Main {
    private static final Path TMPFS = Path.of("/dev/shm");
    private static final Path DISK = Path.of("/var/tmp");

    private final Path bin;
    private final Path target;
    private final Table table = new Table();

    private Main(Path bin, Path target) {
        this.bin = bin;
        this.target = target;
    }

    /** Prints the table and writes it to {@code bench/target/results.md}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path project = projectDirectory();
        Path bin = project.resolve("dist/target/sharedserver/bin/sharedserver");
        if (!Files.isExecutable(bin)) {
            System.err.println("bench: no product at " + bin);
            System.exit(1);
        }
        Path target = Files.createDirectories(project.resolve("bench/target"));
        Main bench = new Main(bin, target);
        bench.all();
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        String report = bench.table.markdown() + "\n" + machine() + "\n";
        out.print(report);
        Files.writeString(target.resolve("results.md"), report);
    }

    private static Path projectDirectory() {
        Path at = Path.of("").toAbsolutePath();
        while (at != null && !Files.isDirectory(at.resolve("bench/src"))) {
            at = at.getParent();
        }
        if (at == null) {
            throw new IllegalStateException("bench has to be run inside the project");
        }
        return at;
    }

    private void all() throws IOException, InterruptedException {
        lookingAndCounting();
        startingAndStopping();
        firstCommand();
        clientDeath("client death → refcount on disk (state on tmpfs)", TMPFS);
        clientDeath("client death → refcount on disk (state on ext4)", DISK);
        hundredServers();
        asleep(10);
        asleep(100);
        wakening();
        stampede();
    }

    private void lookingAndCounting() throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, TMPFS)) {
            long holder = scene.client();
            for (int i = 0; i < 10; i++) {
                scene.sharedserver("use", "s" + i, "--pid", "" + holder, "--", "sleep", "3600");
            }
            long client = scene.client();
            warm(scene, client);
            String ss = bin.toString();
            String use = ss + " use s0 --pid " + client;
            String unuse = ss + " unuse s0 --pid " + client;
            Map<String, Sample> plain = new Hyperfine("looking", 1000, 100)
                    .add("true", "/bin/true")
                    .add("check", ss + " check s0")
                    .add("info", ss + " info s0 --json")
                    .add("list", ss + " list")
                    .run(scene, target);
            table.note("`/bin/true`", times(sample(plain, "true")));
            table.besideTrue("`check`", sample(plain, "check"), sample(plain, "true"), 1.5);
            table.besideTrue("`info --json`", sample(plain, "info"), sample(plain, "true"), 1.5);
            table.besideTrue("`list` of 10", sample(plain, "list"), sample(plain, "true"), 1.5);
            // hyperfine prepares the first timing too: begin detached for `use`, and it ends attached for `unuse`
            scene.sharedserver("use", "s0", "--pid", "" + client);
            Map<String, Sample> counting = new Hyperfine("counting", 500, 50)
                    .add("true", "/bin/true", "/bin/true")
                    .add("use", unuse, use)
                    .run(scene, target);
            scene.sharedserver("unuse", "s0", "--pid", "" + client);
            Map<String, Sample> leaving = new Hyperfine("leaving", 500, 50)
                    .add("true", "/bin/true", "/bin/true")
                    .add("unuse", use, unuse)
                    .run(scene, target);
            table.besideTrue("`use` that attaches (tmpfs)", sample(counting, "use"), sample(counting, "true"), 1.7);
            table.besideTrue("`unuse` (tmpfs)", sample(leaving, "unuse"), sample(leaving, "true"), 1.7);
            Map<String, Sample> run = new Hyperfine("run", 300, 30)
                    .add("true", "/bin/true")
                    .add("run", ss + " run s0 -- /bin/true")
                    .run(scene, target);
            table.value(
                    "`run s0 -- true` over plain `true`",
                    sample(run, "run").median() - sample(run, "true").median(),
                    "ms",
                    3);
        }
    }

    /** A JVM that has just started is not what anybody uses all day. */
    private static void warm(Scene scene, long client) throws IOException, InterruptedException {
        scene.sh(
                "i=0; while [ $i -lt 1500 ]; do \"$SS\" check s0; \"$SS\" info s0 --json; \"$SS\" list;"
                        + " \"$SS\" use s1 --pid $1; \"$SS\" unuse s1 --pid $1; i=$((i+1)); done >/dev/null",
                "" + client);
    }

    private void startingAndStopping() throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, TMPFS)) {
            String use = bin + " use web --pid " + scene.client() + " -- sleep 3600";
            String stop = bin + " stop web --even-if-used";
            scene.sharedserver("list");
            scene.sh(use);
            Sample started = sample(
                    new Hyperfine("start", 200, 100).add("start", stop, use).run(scene, target), "start");
            scene.sh(stop);
            Sample stopped =
                    sample(new Hyperfine("stop", 200, 20).add("stop", use, stop).run(scene, target), "stop");
            table.median("`use` that starts a server (tmpfs)", started, 8);
            table.median("`stop` of a server that dies at once", stopped, 20);
        }
    }

    private void firstCommand() throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, TMPFS)) {
            scene.sharedserver("list");
            // guard and agent leave by themselves after 5 s: every timing starts with neither
            Path gone = scene.root().resolve("gone.sh");
            Files.writeString(
                    gone,
                    "while [ -e \"$SHAREDSERVER_LOCKDIR/.agent.sock\" ] || ! flock -n"
                            + " \"$SHAREDSERVER_LOCKDIR/.agent.lock\" true; do sleep 0.05; done; sleep 0.1\n");
            Sample first = sample(
                    new Hyperfine("first", 10, 1)
                            .add("first", "sh " + gone, bin + " list")
                            .run(scene, target),
                    "first");
            table.median("the first command with nothing running", first, 150);
        }
    }

    private void clientDeath(String what, Path medium) throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, medium)) {
            scene.sharedserver("use", "web", "--pid", "" + scene.client(), "--", "sleep", "3600");
            List<Double> milliseconds = new ArrayList<>();
            for (int round = 0; round < 120; round++) {
                long client = scene.client();
                scene.sharedserver("use", "web", "--pid", "" + client);
                // the watch begins when the attach is on disk
                try (Kernel.Watch watch = new Kernel.Watch(scene.lockdir())) {
                    long killed = System.nanoTime();
                    Kernel.killNow(client);
                    long seen;
                    do {
                        watch.await();
                        seen = System.nanoTime();
                    } while (scene.refcountOnDisk("web") != 1);
                    // the first rounds run in a JVM that is still interpreting, this one and the agent's
                    if (round >= 20) {
                        milliseconds.add((seen - killed) / 1e6);
                    }
                }
            }
            Sample sample = new Sample(milliseconds);
            Files.writeString(target.resolve("death-" + medium.getFileName() + ".json"), sample + "\n");
            table.medianAndMax(what, sample, 20, 100);
        }
    }

    private void hundredServers() throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, TMPFS)) {
            String client = "" + scene.client();
            scene.sharedserver("list");
            long begun = System.nanoTime();
            scene.sh(
                    "i=0; while [ $i -lt 100 ]; do \"$SS\" use s$i --pid $1 -- sleep 3600 || exit 1; i=$((i+1)); done",
                    client);
            table.value("100 servers, started one after another", (System.nanoTime() - begun) / 1e9, "s", 1);
            Sample list = sample(
                    new Hyperfine("list-of-100", 300, 100)
                            .add("list", bin + " list")
                            .run(scene, target),
                    "list");
            table.median("`list` of 100", list, 3);
            table.value("guard and agent with 100 servers (PSS)", scene.residentMegabytes(), "MB", 60);
        }
    }

    /** The agent sleeps after 60 s; after 1 s here, so that the bench does not wait for it. */
    private static Scene sleepingScene(Path bin) throws IOException {
        Scene scene = new Scene(bin, TMPFS);
        scene.env().put("SHAREDSERVER_SLEEP_AFTER", "1s");
        return scene;
    }

    private void asleep(int servers) throws IOException, InterruptedException {
        try (Scene scene = sleepingScene(bin)) {
            scene.sh(
                    "i=0; while [ $i -lt $2 ]; do \"$SS\" use s$i --pid $1 -- sleep 3600 || exit 1; i=$((i+1)); done",
                    "" + scene.client(),
                    "" + servers);
            long guard = scene.awaitAsleep();
            table.value(
                    "asleep with " + servers + " servers: guard (PSS) and snapshot",
                    scene.residentMegabytes() + Scene.snapshotMegabytes(guard),
                    "MB",
                    2);
            long before = Scene.switches(guard);
            TimeUnit.SECONDS.sleep(30);
            long switches = Scene.switches(guard) - before;
            boolean alone = scene.overseers().equals(List.of(guard));
            table.fact(
                    "asleep with " + servers + " servers: context switches in 30 s",
                    switches + (alone ? "" : ", and an agent"),
                    "0",
                    switches == 0 && alone);
        }
    }

    private void wakening() throws IOException, InterruptedException {
        try (Scene scene = sleepingScene(bin)) {
            long holder = scene.client();
            for (int i = 0; i < 10; i++) {
                scene.sharedserver("use", "s" + i, "--pid", "" + holder, "--", "sleep", "3600");
            }
            List<Double> deaths = new ArrayList<>();
            List<Double> commands = new ArrayList<>();
            for (int round = 0; round < 13; round++) {
                long client = scene.client();
                scene.sharedserver("use", "s0", "--pid", "" + client);
                scene.awaitAsleep();
                try (Kernel.Watch watch = new Kernel.Watch(scene.lockdir())) {
                    long killed = System.nanoTime();
                    Kernel.killNow(client);
                    long seen;
                    do {
                        watch.await();
                        seen = System.nanoTime();
                    } while (scene.refcountOnDisk("s0") != 1);
                    long death = seen - killed;
                    scene.awaitAsleep();
                    long asked = System.nanoTime();
                    scene.sharedserver("check", "s0");
                    // the first rounds of this JVM are slow themselves
                    if (round >= 3) {
                        deaths.add(death / 1e6);
                        commands.add((System.nanoTime() - asked) / 1e6);
                    }
                }
            }
            table.medianAndMax("asleep: client death → refcount on disk (tmpfs)", new Sample(deaths), 250, 250);
            table.median("asleep: the first command", new Sample(commands), 150);
        }
    }

    @SuppressWarnings("try") // the gate is only there to be closed
    private void stampede() throws IOException, InterruptedException {
        try (Scene scene = new Scene(bin, TMPFS)) {
            Path work = scene.root();
            Files.writeString(work.resolve("racer.sh"), """
                exec 3<gate
                echo $$ >>ready
                read _ <&3
                exec 3<&-
                "$SS" use web --pid $$ -- sh -c 'echo $$ >>starts; exec sleep 3600' >>said 2>&1 3<&-
                echo $? >>results
                exec sleep 3600
                """);
            scene.sh("mkfifo gate");
            Process spawner;
            long released;
            try (FileChannel gate =
                    FileChannel.open(work.resolve("gate"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                spawner = scene.process(List.of(
                                "sh", "-c", "i=0; while [ $i -lt 500 ]; do sh racer.sh & i=$((i+1)); done; wait"))
                        .start();
                awaitLines(work.resolve("ready"), 500);
                released = System.nanoTime();
            }
            awaitLines(work.resolve("results"), 500);
            double took = (System.nanoTime() - released) / 1e9;
            long failures = Files.readAllLines(work.resolve("results")).stream()
                    .filter(line -> !line.equals("0"))
                    .count();
            int starts = Files.readAllLines(work.resolve("starts")).size();
            int references = scene.refcountOnDisk("web");
            table.fact(
                    "500 concurrent `use` of one stopped name, nothing running before",
                    Table.format("%d server, %d references, %d failures, %.1f s", starts, references, failures, took),
                    "1 server, 500 references, 0 failures",
                    starts == 1 && references == 500 && failures == 0);
            spawner.descendants().forEach(ProcessHandle::destroyForcibly);
            spawner.destroyForcibly();
        }
    }

    private static void awaitLines(Path file, int count) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (!Files.exists(file) || Files.readAllLines(file).size() < count) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(file + " has not got " + count + " lines");
            }
            Thread.sleep(5);
        }
    }

    private static Sample sample(Map<String, Sample> samples, String name) {
        Sample found = samples.get(name);
        if (found == null) {
            throw new IllegalStateException("no sample " + name);
        }
        return found;
    }

    private static String times(Sample sample) {
        return Table.format("%.2f ms, p95 %.2f ms", sample.median(), sample.p95());
    }

    private static String machine() throws IOException {
        return "Measured by `bench/run` with hyperfine -N on "
                + Runtime.getRuntime().availableProcessors()
                + " cores, Linux " + System.getProperty("os.version") + ", load average at the end "
                + Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0] + ".";
    }
}
