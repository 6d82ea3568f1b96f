package dev.sharedserver.lsp.hub;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.core.wire.Request;
import dev.sharedserver.lsp.infer.Answers;
import dev.sharedserver.lsp.infer.Identity;
import dev.sharedserver.lsp.infer.Source;
import dev.sharedserver.lsp.infer.Twin;
import dev.sharedserver.lsp.interpose.Candidate;
import dev.sharedserver.lsp.interpose.Interposed;
import dev.sharedserver.lsp.interpose.Interposer;
import dev.sharedserver.lsp.interpose.Pause;
import dev.sharedserver.lsp.interpose.Reason;
import dev.sharedserver.lsp.interpose.Refusal;
import dev.sharedserver.lsp.interpose.Via;
import dev.sharedserver.lsp.mux.Memory;
import dev.sharedserver.lsp.mux.Settings;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The language servers that run, and how one comes to run. */
final class Instances implements Instance.Watcher {

    /** How many servers that were given back are remembered. */
    private static final int REMEMBERED = 64;

    private final Path directory;
    private final Product product;
    private final Settings settings;
    private final Proc proc = new Proc(OsText::decode);
    private final TreeMap<String, Instance> all = new TreeMap<>();
    private final Interposer interposer = new Interposer();
    private final Answers answers =
            new Answers(Answers.directory(System.getenv("XDG_CACHE_HOME"), System.getenv("HOME")));

    /** What is known of servers that were attached to and given back, by process; the last ones only. */
    private final Map<String, Memory> earlier = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Memory> eldest) {
            return size() > REMEMBERED;
        }
    });

    private final Set<Long> attaching = ConcurrentHashMap.newKeySet();

    /** Who holds the hub is told to the core in the order in which it happens. */
    private final Executor holds =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().factory());

    /** @param directory where each server has a directory of its own */
    Instances(Path directory, Product product, Settings settings) {
        this.directory = directory;
        this.product = product;
        this.settings = settings;
    }

    synchronized List<Instance> all() {
        return List.copyOf(all.values());
    }

    synchronized @Nullable Instance of(String name) {
        return all.get(name);
    }

    @Override
    public synchronized void ended(Instance instance) {
        if (all.remove(instance.name(), instance)) {
            remove(instance.directory()); // else it is its successor's by now
        }
        if (instance.attached() != null) {
            earlier.put(process(instance.pid(), instance.stamp()), instance.memory());
            letGo(instance); // its process may live on, but needs the hub no more; what was ours has ended
        }
    }

    /** A server that was attached to is nobody's but its sessions', which hold the hub themselves. */
    @Override
    public void parked(Instance instance) {
        letGo(instance);
    }

    // ---- names ----

    /** Returns the name of the server that is meant: everybody who means the same gets the same. */
    static String name(Options options, String root) throws NotServed {
        String given = options.name();
        if (given != null) {
            return "lsp-" + given;
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String word : options.command()) {
                digest.update((word + "\0").getBytes(StandardCharsets.UTF_8));
            }
            digest.update(("\0" + root + "\0" + String.join("\0", options.env())).getBytes(StandardCharsets.UTF_8));
            String program = options.command().get(0);
            String base = program.substring(program.lastIndexOf('/') + 1);
            return "lsp-" + (base.length() > 40 ? base.substring(0, 40) : base) + "-"
                    + HexFormat.of().formatHex(digest.digest(), 0, 4);
        } catch (NoSuchAlgorithmException e) {
            throw new NotServed(1, "this run-time has no SHA-256");
        }
    }

    // ---- starting ----

    /**
     * Returns the server that is meant, held by a process; started if it does not run.
     *
     * @param client who holds it, 0 for nobody
     */
    synchronized Instance use(Options options, String root, long client, Request request)
            throws IOException, InterruptedException, NotServed {
        String said = options.name();
        // a name as list shows it, of a server that was given none
        boolean known = said != null && options.command().isEmpty() && all.containsKey(said);
        String name = known && said != null ? said : name(options, root);
        Path place = directory.resolve(name);
        Instance running = all.get(name);
        if (running != null && !running.hasEnded() && held(running, client)) {
            return running;
        }
        Instance attached = running == null && options.name() == null ? attached(options, root) : null;
        if (attached != null) {
            return attached;
        }
        if (options.command().isEmpty()) {
            throw new NotServed(1, "no language server " + name.substring(4) + " runs: give its command behind --");
        }
        checked(name);
        remove(place);
        makeDirectory(place);
        try {
            return started(name, place, options, root, client, request);
        } catch (IOException | NotServed e) {
            remove(place);
            throw e;
        }
    }

    private static void checked(String name) throws NotServed {
        try {
            ServerName.of(name);
        } catch (InvalidInput e) {
            throw new NotServed(64, String.valueOf(e.getMessage()));
        }
    }

    /** Returns the server of somebody else that is attached to and was started as is wanted; null if there is none. */
    private @Nullable Instance attached(Options options, String root) {
        for (Instance instance : all.values()) {
            if (instance.attached() != null
                    && !instance.hasEnded()
                    && options.env().isEmpty()
                    && instance.root().equals(root)
                    && sameCommand(instance.command(), options.command())) {
                return instance;
            }
        }
        return null;
    }

    private static boolean sameCommand(List<String> runs, List<String> wanted) {
        return runs.size() == wanted.size()
                && !runs.isEmpty()
                && runs.subList(1, runs.size()).equals(wanted.subList(1, wanted.size()))
                && program(runs).equals(program(wanted));
    }

    private static String program(List<String> argv) {
        return argv.getFirst().substring(argv.getFirst().lastIndexOf('/') + 1);
    }

    private boolean held(Instance running, long client) throws IOException, InterruptedException {
        if (client == 0 || running.attached() != null) {
            return true;
        }
        try {
            product.hold(running.name(), client, "lsp connect");
            return true;
        } catch (NotServed e) {
            return false; // it has just ended
        }
    }

    private Instance started(String name, Path place, Options options, String root, long client, Request request)
            throws IOException, InterruptedException, NotServed {
        return started(
                name,
                new Product.Launch(place, options.command(), root, options.env(), options.idle()),
                options.bodyLimit(),
                client,
                request.environment());
    }

    private Instance started(String name, Product.Launch launch, int bodyLimit, long client, List<String> environment)
            throws IOException, InterruptedException, NotServed {
        Path place = launch.directory();
        makeFifos(place);
        Journal journal = Journal.open(place);
        Instance.Pipes pipes = Instance.Pipes.open(place);
        try {
            Product.Server server = product.use(name, launch, client, environment);
            ProcStat stat = proc.stat(server.pid());
            if (!server.action().equals("started") || stat == null) {
                throw new NotServed(
                        1,
                        stat == null
                                ? "language server " + name + " has ended at once\n" + Tail.of(server.logFile())
                                : "server " + name + " runs already, without this hub: stop it first");
            }
            OnDisk record = new OnDisk(
                    name,
                    server.pid(),
                    stat.startTime(),
                    launch.command(),
                    launch.root(),
                    server.logFile(),
                    new OnDisk.Limits(launch.idle(), bodyLimit),
                    Memory.EMPTY,
                    null);
            holdHub(record);
            return serve(place, record, pipes, journal, false, null);
        } catch (IOException | NotServed e) {
            pipes.close();
            journal.close();
            throw e;
        }
    }

    // ---- starting anew ----

    /** Ends a server of ours and its sessions, and starts it again: the same command, directory and environment. */
    synchronized Instance restart(Instance old) throws IOException, InterruptedException, NotServed {
        if (old.attached() != null) {
            throw new NotServed(
                    1,
                    old.name() + " was not started here: let go of it with sharedserver lsp detach "
                            + old.name().substring(4) + ", and restart it in the editor that did");
        }
        List<String> environment = proc.environment(old.pid());
        if (environment == null || old.hasEnded()) {
            throw new NotServed(1, "language server " + old.name() + " has just ended");
        }
        old.restarts();
        product.stop(old.name());
        old.awaitEnd();
        Path place = old.directory();
        all.remove(old.name(), old);
        remove(place);
        makeDirectory(place);
        try {
            return started(
                    old.name(),
                    new Product.Launch(
                            place,
                            old.command(),
                            old.root(),
                            List.of(),
                            old.limits().idle()),
                    old.limits().body(),
                    0,
                    environment);
        } catch (IOException | NotServed e) {
            remove(place);
            throw e;
        }
    }

    // ---- servers of others ----

    /** Returns the language servers of this user that we do not serve. */
    List<Candidate> foreign() {
        List<Instance> ours = all();
        return interposer.candidates().stream()
                .filter(candidate -> ours.stream().noneMatch(instance -> instance.pid() == candidate.pid()))
                .toList();
    }

    /** Returns the server that a word means: its name, without {@code lsp-} in front or with it, or its pid. */
    Instance named(String word) throws NotServed {
        for (Instance instance : all()) {
            if (instance.name().equals(word)
                    || instance.name().equals("lsp-" + word)
                    || Long.toString(instance.pid()).equals(word)) {
                return instance;
            }
        }
        throw new NotServed(1, "no language server " + Quote.of(word) + " is served here; see sharedserver lsp list");
    }

    /** Returns why a process that is no candidate cannot be attached to. */
    NotServed unknown(long pid) throws IOException, InterruptedException {
        Path place = directory.resolve("lsp-none-" + pid);
        makeDirectory(place);
        try {
            makeFifos(place);
            Interposed interposed =
                    interposer.interpose(pid, 0, place.resolve("in"), place.resolve("out"), Duration.ZERO);
            interposed.restore();
            interposed.park();
            return new NotServed(Reason.BUSY.exitCode(), "process " + pid + " has just become a language server");
        } catch (Refusal refusal) {
            return new NotServed(refusal.exitCode(), String.valueOf(refusal.getMessage()));
        } finally {
            remove(place);
        }
    }

    /**
     * A server that was attached to.
     *
     * @param pause how long it stood still
     */
    record Attachment(Instance instance, Pause pause) {}

    /**
     * How to attach.
     *
     * @param timeout how long to wait for a moment of rest, and for a twin
     * @param via who is to do it
     * @param fresh whether the server is initialized once more, to know what it can do
     * @param capabilities a file that tells that; null for whatever else is known
     * @param bodyLimit how large a message may be, in bytes
     */
    record Wanted(
            Duration timeout,
            Via via,
            boolean fresh,
            @Nullable Path capabilities,
            int bodyLimit) {}

    /**
     * Attaches to a server that somebody else started.
     *
     * @param root its workspace
     */
    Attachment attach(Candidate server, String root, Wanted wanted)
            throws IOException, InterruptedException, NotServed {
        String name = "lsp-" + server.type() + "-" + server.pid();
        checked(name);
        Path place = directory.resolve(name);
        if (!attaching.add(server.pid())) {
            throw new NotServed(Reason.BUSY.exitCode(), "process " + server.pid() + " is being attached to");
        }
        try {
            if (of(name) != null) {
                throw new NotServed(1, name + " is attached to already: lsp connect --name " + name.substring(4));
            }
            Known known = known(server, root, wanted);
            remove(place);
            boolean served = false;
            try (Prepared prepared = prepared(place)) {
                Attachment made = attached(name, prepared, server, root, known, wanted);
                served = true;
                return made;
            } catch (IOException e) {
                throw new NotServed(
                        Reason.NOT_RECORDED.exitCode(),
                        "what would be done to process " + server.pid() + " cannot be written down: " + e.getMessage()
                                + ": " + Reason.NOT_RECORDED.remedy());
            } finally {
                if (!served) {
                    remove(place);
                }
            }
        } finally {
            attaching.remove(server.pid());
        }
    }

    /** All that attaching to a server takes of the disk and of descriptors, had before anything is done to it. */
    private static final class Prepared implements AutoCloseable {
        private final Path place;
        private final Journal journal;
        private final Journal editorJournal;
        private final SwapRecord swapped;
        private final Instance.Pipes pipes;
        private boolean used;

        private Prepared(Path place, Journal journal, Journal editorJournal, SwapRecord swapped, Instance.Pipes pipes) {
            this.place = place;
            this.journal = journal;
            this.editorJournal = editorJournal;
            this.swapped = swapped;
            this.pipes = pipes;
        }

        @Override
        public void close() throws IOException {
            swapped.close();
            if (!used) {
                pipes.close();
                journal.close();
                editorJournal.close();
            }
        }
    }

    private static Prepared prepared(Path place) throws IOException, InterruptedException {
        makeDirectory(place);
        makeFifos(place);
        Journal journal = Journal.open(place);
        try {
            Journal editorJournal = editorJournal(place);
            try {
                SwapRecord swapped = SwapRecord.in(place);
                try {
                    return new Prepared(place, journal, editorJournal, swapped, Instance.Pipes.open(place));
                } catch (IOException e) {
                    swapped.close();
                    throw e;
                }
            } catch (IOException e) {
                editorJournal.close();
                throw e;
            }
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    private Attachment attached(
            String name, Prepared prepared, Candidate server, String root, Known known, Wanted wanted)
            throws IOException, InterruptedException, NotServed {
        Path place = prepared.place;
        ProcStat stat = proc.stat(server.pid());
        long editor = stat == null ? 0 : stat.ppid();
        OnDisk planned = new OnDisk(
                name,
                server.pid(),
                server.startStamp(),
                server.argv(),
                root,
                null,
                new OnDisk.Limits(Options.IDLE, wanted.bodyLimit()),
                known.memory(),
                new OnDisk.Attached(
                        new dev.sharedserver.lsp.interpose.Attachment(
                                server.pid(),
                                server.startStamp(),
                                place.resolve("in").toAbsolutePath().toString(),
                                place.resolve("out").toAbsolutePath().toString(),
                                List.of(),
                                wanted.via()),
                        editor,
                        known.source()));
        planned.write(place);
        awaitHold(planned);
        Interposed interposed;
        boolean done = false;
        try {
            interposed = interposer.interpose(
                    server.pid(),
                    server.startStamp(),
                    place.resolve("in"),
                    place.resolve("out"),
                    wanted.timeout(),
                    wanted.via(),
                    attachment -> prepared.swapped.write(attachment.swapped()));
            done = true;
        } catch (Refusal refusal) {
            throw new NotServed(refusal.exitCode(), String.valueOf(refusal.getMessage()));
        } finally {
            if (!done) {
                letGo(server.pid());
            }
        }
        // from here on the server reads and writes our FIFOs, and nothing is left that could be refused
        prepared.used = true;
        OnDisk record = planned.with(interposed.attachment());
        Instance instance = serve(
                place,
                record,
                prepared.pipes,
                prepared.journal,
                false,
                new Elder(interposed, prepared.editorJournal, editor));
        return new Attachment(instance, interposed.pause());
    }

    /** The same for who stays only if it is so. */
    private void awaitHold(OnDisk record) throws InterruptedException, NotServed {
        CompletableFuture<@Nullable NotServed> held = new CompletableFuture<>();
        holds.execute(() -> held.complete(product.refusedHold(record.pid(), record.name())));
        NotServed refused;
        try {
            refused = held.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
        if (refused != null) {
            throw new NotServed(
                    Reason.NOT_RECORDED.exitCode(),
                    "that process " + record.pid() + " needs the hub cannot be written down: " + refused.text() + ": "
                            + Reason.NOT_RECORDED.remedy());
        }
    }

    private static String process(long pid, long stamp) {
        return pid + " " + stamp;
    }

    /** What a server can do, and how that is known. */
    private record Known(Memory memory, Source source) {}

    /** Returns what a server has answered to initialize, or must have. */
    private Known known(Candidate server, String root, Wanted wanted)
            throws IOException, InterruptedException, NotServed {
        if (wanted.fresh()) {
            return new Known(Memory.EMPTY, Source.ANSWERED);
        }
        Path file = wanted.capabilities();
        if (file != null) {
            try {
                return new Known(answered(Answers.read(file), root), Source.FILE);
            } catch (IOException e) {
                throw new NotServed(1, "--capabilities: " + e.getMessage());
            }
        }
        Memory before = earlier.get(process(server.pid(), server.startStamp()));
        if (before != null && before.initializeResult() != null) {
            // nobody has anything open any more that was heard of
            return new Known(
                    new Memory(
                            before.initializeResult(),
                            true,
                            before.registrations(),
                            List.of(),
                            List.of(),
                            before.folders()),
                    Source.EARLIER);
        }
        return inferred(server, root, wanted.timeout());
    }

    private static Memory answered(String result, String root) {
        return new Memory(result, true, List.of(), List.of(), List.of(), List.of(Verbs.uri(root)));
    }

    /** Returns what another server of the same command line and environment answers, now or some time ago. */
    private Known inferred(Candidate server, String root, Duration timeout) throws InterruptedException, NotServed {
        Map<String, String> environment = new HashMap<>();
        List<String> entries = proc.environment(server.pid());
        String cwd = proc.cwd(server.pid());
        if (entries == null || cwd == null) {
            throw new NotServed(Reason.GONE.exitCode(), "process " + server.pid() + " is gone");
        }
        for (String entry : entries) {
            int equals = entry.indexOf('=');
            if (equals > 0) {
                environment.put(entry.substring(0, equals), entry.substring(equals + 1));
            }
        }
        String identity = Identity.of(proc.exe(server.pid()), server.argv(), environment, Path.of(cwd));
        String kept = answers.find(identity);
        if (kept != null) {
            return new Known(answered(kept, root), Source.CACHE);
        }
        try {
            String result = Twin.initializeResult(server.argv(), environment, Path.of(cwd), timeout);
            answers.keep(identity, result);
            return new Known(answered(result, root), Source.TWIN);
        } catch (IOException e) {
            throw new NotServed(
                    Reason.FAILED.exitCode(),
                    "what process " + server.pid()
                            + " can do is not known: another one of its command line was started to tell, and "
                            + e.getMessage()
                            + "; --capabilities takes a file that tells; --fresh initializes the server itself once"
                            + " more, which some do not take");
        }
    }

    private static Journal editorJournal(Path place) throws IOException {
        Path directory = place.resolve("editor");
        makeDirectory(directory);
        return Journal.open(directory);
    }

    private static void makeDirectory(Path place) throws IOException {
        Files.createDirectories(
                place, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    private synchronized Instance serve(
            Path place, OnDisk record, Instance.Pipes pipes, Journal journal, boolean resumed, @Nullable Elder elder)
            throws IOException {
        Instance instance = new Instance(place, record, pipes, journal, settings, resumed, elder, this);
        all.put(record.name(), instance);
        instance.start();
        return instance;
    }

    private static void makeFifos(Path place) throws IOException, InterruptedException {
        Process made = new ProcessBuilder(
                        "mkfifo",
                        "-m",
                        "600",
                        place.resolve("in").toString(),
                        place.resolve("out").toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (made.waitFor() != 0) {
            throw new IOException("mkfifo in " + place + ": " + said.strip());
        }
    }

    // ---- after a hub that was killed ----

    /** Takes over the servers that a predecessor has left. */
    synchronized void recover() throws IOException, InterruptedException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> places = new ArrayList<>();
        try (Stream<Path> found = Files.list(directory)) {
            found.forEach(places::add);
        }
        for (Path place : places) {
            OnDisk record = OnDisk.read(place);
            ProcStat stat = record == null ? null : proc.stat(record.pid());
            if (record == null || stat == null || !stat.alive() || stat.startTime() != record.stamp()) {
                remove(place);
                continue;
            }
            try {
                if (isRestored(record)) {
                    remove(place);
                    continue;
                }
                Elder elder = elder(place, record);
                serve(place, record, Instance.Pipes.open(place), Journal.open(place), true, elder);
                System.out.println("took over " + record.name() + " (pid " + record.pid() + ")");
                if (elder != null || record.attached() == null) {
                    holdHub(record);
                }
            } catch (IOException e) {
                System.out.println(record.name() + " cannot be taken over: " + e.getMessage());
            }
        }
    }

    /** Tells whether a server has its old descriptors back: a predecessor was killed right after that. */
    private boolean isRestored(OnDisk record) {
        OnDisk.Attached attached = record.attached();
        if (attached == null) {
            return false;
        }
        for (var swapped : attached.attachment().swapped()) {
            try {
                Path link = Files.readSymbolicLink(proc.open(record.pid(), swapped.fd()));
                if (link.toString().equals(attached.attachment().stdin())
                        || link.toString().equals(attached.attachment().stdout())) {
                    return false;
                }
            } catch (IOException e) {
                System.out.println(record.name() + ": descriptor " + swapped.fd() + " is closed");
            }
        }
        return true;
    }

    /** Returns the editor that started a server; null if it is gone. No ptrace is needed for that. */
    private @Nullable Elder elder(Path place, OnDisk record) throws IOException {
        OnDisk.Attached attached = record.attached();
        if (attached == null) {
            return null;
        }
        try {
            Interposed interposed = interposer.resume(attached.attachment());
            if (interposed.oldClientLives()) {
                return new Elder(interposed, editorJournal(place), attached.editor());
            }
            interposed.park();
            System.out.println("who started " + record.name() + " is gone");
        } catch (Refusal refusal) {
            System.out.println("who started " + record.name() + " cannot be served: " + refusal.getMessage());
        }
        return null;
    }

    /** The hub stays up as long as the server does, or until it is let go of. */
    private void holdHub(OnDisk record) {
        // in the background: who attaches to what starts is answered when it is ready, which we are not yet
        holds.execute(() -> product.hold(record.pid(), record.name()));
    }

    private void letGo(Instance instance) {
        letGo(instance.pid());
    }

    private void letGo(long pid) {
        holds.execute(() -> {
            if (proc.stat(pid) != null) {
                product.letGo(pid);
            }
        });
    }

    private static void remove(Path tree) {
        if (!Files.isDirectory(tree)) {
            return;
        }
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.out.println(tree + " cannot be removed: " + e.getMessage());
        }
    }
}
