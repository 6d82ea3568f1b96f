package dev.sharedserver.agent;

import dev.sharedserver.agent.supervise.Adopter;
import dev.sharedserver.agent.supervise.AgentLog;
import dev.sharedserver.agent.supervise.GuardReader;
import dev.sharedserver.agent.supervise.Host;
import dev.sharedserver.agent.supervise.LogFiles;
import dev.sharedserver.agent.supervise.Snapshot;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.agent.verbs.Verbs;
import dev.sharedserver.core.EventLog;
import dev.sharedserver.core.OsText;
import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.StateDirectory;
import dev.sharedserver.os.Listeners;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.guard.GuardEvent;
import dev.sharedserver.os.guard.GuardLink;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;

/** The agent's entry: takes what the guard hands over, puts the parts together and listens. */
public final class Main {

    private Main() {}

    /** Runs the agent of a guard that is another process. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        run(new Inherited());
    }

    /** Runs the agent until the guard lets it go. */
    public static void run(Habitat habitat) throws IOException, InterruptedException {
        AgentLog log = new AgentLog(System.err);
        // the guard tells the last line to who waits
        Thread.currentThread().setUncaughtExceptionHandler((thread, failure) -> {
            failure.printStackTrace();
            System.err.println(failure);
        });
        GuardLink guard = habitat.guard();
        if (!(guard.next() instanceof GuardEvent.Init init)) {
            throw new IOException("the guard did not introduce itself");
        }
        ServerSocketChannel socket = habitat.listener();
        Path directory = Path.of(init.stateDirectory());
        StateDirectory store = StateDirectory.open(directory);
        EventLog events = new EventLog(directory);
        LogFiles logs = new LogFiles(init.logDirectory().isEmpty() ? directory : Path.of(init.logDirectory()));
        Proc proc = new Proc(OsText::decode);
        ProcessId guardProcess = new ProcessId(init.guardPid(), init.guardStartTime());
        Host host = new Host(guardProcess, proc.bootId(), init.notifyAddress(), habitat.memory());
        Snapshot left = snapshot(host);
        Adopter adopter = new Adopter(store, proc, host, logs, children(init), left.surroundings());
        Executor mailboxes = task -> Thread.ofVirtual().start(task);
        Listeners listeners = new Listeners();
        Supervisor.Fatal fatal = reason -> end(reason, log);
        Supervisor supervisor =
                new Supervisor(store, events, guard, host, adopter, logs, listeners, proc, mailboxes, fatal, log);
        Lease lease = new Lease(guard, supervisor, habitat, fatal, log);
        GuardReader reader = new GuardReader(guard, supervisor, lease);
        lease.follow(reader);
        Thread.ofPlatform().name("guard").start(reader);
        supervisor.adoptAll(init, left);
        Snapshot.spend(host.memory());
        supervisor.begin();
        long self = ProcessHandle.current().pid();
        Path home = Path.of(init.home());
        Verbs verbs = new Verbs(supervisor, events, logs, store, proc, listeners, guardProcess, self, home);
        Succession succession = new Succession(init.version(), home, guardProcess, proc);
        Front front = new Front(socket, verbs, lease, succession, log);
        lease.nudgeBy(front::nudge);
        lease.listenBy(front::listen);
        supervisor.whenGone(front::nudge);
        guard.pong(0);
        front.run();
    }

    private static Map<ProcessId, GuardEvent.Child> children(GuardEvent.Init init) {
        Map<ProcessId, GuardEvent.Child> children = new HashMap<>();
        for (GuardEvent.Child child : init.children()) {
            children.put(new ProcessId(child.pid(), child.startTime()), child);
        }
        return children;
    }

    private static Snapshot snapshot(Host host) throws IOException {
        try (FileInputStream in = new FileInputStream(host.memory())) {
            return Snapshot.read(in);
        }
    }

    /** Writes down why the agent cannot go on, and ends it: the guard starts another one, which finds all on disk. */
    private static void end(Throwable reason, AgentLog log) {
        if (reason instanceof IOException) {
            // the guard is gone
            log.say("cannot go on: " + reason.getMessage());
        } else {
            reason.printStackTrace();
        }
        Runtime.getRuntime().halt(1);
    }
}
