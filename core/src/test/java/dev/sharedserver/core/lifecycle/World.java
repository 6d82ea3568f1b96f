package dev.sharedserver.core.lifecycle;

import dev.sharedserver.core.ProcessId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What is around the machine: kernel, guard, pipe and disk, as far as they matter to one server. */
final class World {

    static final String DISK_FULL = "disk full";

    private static final ExitStatus UNKNOWN = new ExitStatus.Unknown();

    /** A server process and what it left in its group. */
    static final class Run {
        final ProcessId process;
        private Op.Temper leader;
        private Op.Temper rest;
        private boolean wasKilled;
        private boolean awaited;
        boolean child = true;
        boolean leaderDead;
        boolean restDead;
        boolean reaped;
        boolean givenUp;

        Run(ProcessId process, Op.Temper leader, Op.Temper rest) {
            this.process = process;
            this.leader = leader;
            this.rest = rest;
            this.restDead = rest == Op.Temper.NOT_THERE;
        }

        boolean lives() {
            return !leaderDead || !restDead;
        }
    }

    /** A message of the guard that the agent has not read. */
    record Message(ProcessId about, Event event) {}

    /** What stands on disk. */
    record Disk(
            @Nullable Instance instance,
            List<Client> clients,
            @Nullable Deadline grace) {

        static final Disk EMPTY = new Disk(null, List.of(), null);

        static Disk of(ServerState state) {
            Instance instance = state.instance();
            if (instance == null || !instance.recorded()) {
                return EMPTY;
            }
            Deadline grace = state.phase() instanceof Phase.Running running ? running.grace() : null;
            return new Disk(instance, List.copyOf(state.clients().values()), grace);
        }
    }

    final Set<ProcessId> living = new HashSet<>();
    final Set<ProcessId> interest = new HashSet<>();
    final List<Run> runs = new ArrayList<>();
    final List<Message> pipe = new ArrayList<>();
    Disk disk = Disk.EMPTY;
    boolean diskFull;
    boolean spawning;

    private final Set<ProcessId> guardWatches = new HashSet<>();
    private final Set<ProcessId> everWatched = new HashSet<>();

    // What the machine wants

    void act(Action action, ServerState after) {
        switch (action) {
            case Action.Spawn spawn -> {
                Broken.unless(!spawning, Rule.ONE_SERVER_A_NAME, () -> "a spawn while one is under way");
                for (Run run : runs) {
                    Broken.unless(
                            run.givenUp || !run.lives(),
                            Rule.ONE_SERVER_A_NAME,
                            () -> "a spawn while " + run.process.pid() + " or its group lives");
                }
                spawning = true;
            }
            case Action.Watch watch -> watch(watch.process());
            case Action.Unwatch unwatch -> {
                interest.remove(unwatch.process());
                guardWatches.remove(unwatch.process());
            }
            case Action.Signal signal -> signal(signal.instance().process(), signal.signal());
            case Action.AwaitGroupEmpty await -> {
                Run run = run(await.instance().process());
                run.awaited = true;
                tellIfEmpty(run);
            }
            case Action.Reap reap -> reap(reap.process(), after);
            default -> {}
        }
    }

    private void watch(ProcessId process) {
        interest.add(process);
        Run run = find(process);
        if (run == null ? living.contains(process) : !run.leaderDead) {
            guardWatches.add(process);
            tell(process, new Event.Watched(process));
        } else if (run != null && run.child && !run.reaped) {
            childEnded(process, UNKNOWN);
        } else {
            tell(process, new Event.Gone(process, UNKNOWN));
        }
    }

    private void signal(ProcessId process, int signal) {
        Run run = run(process);
        Broken.unless(!run.reaped, Rule.NO_STRANGER_IS_SIGNALLED, () -> "the number " + process.pid() + " is free");
        Broken.unless(!run.givenUp, Rule.NO_STRANGER_IS_SIGNALLED, () -> process.pid() + " was given up");
        boolean kill = signal == StopMode.SIGKILL;
        run.wasKilled |= kill;
        if (run.leader == Op.Temper.MEEK || kill && run.leader == Op.Temper.STUBBORN) {
            leaderDies(run, new ExitStatus.Killed(signal, false));
        }
        if (run.rest == Op.Temper.MEEK || kill && run.rest == Op.Temper.STUBBORN) {
            restDies(run);
        }
    }

    private void reap(ProcessId process, ServerState after) {
        Run run = run(process);
        Instance now = after.instance();
        boolean isServer = now != null && now.process().equals(process);
        Broken.unless(!run.reaped, Rule.ZOMBIES_ARE_REAPED_ONCE, () -> process.pid() + " is reaped twice");
        Broken.unless(run.leaderDead, Rule.ZOMBIES_ARE_REAPED_ONCE, () -> process.pid() + " lives and is reaped");
        Broken.unless(
                run.restDead || run.givenUp || !isServer && !run.restDead && after.phase() instanceof Phase.Stopped,
                Rule.ZOMBIES_ARE_REAPED_ONCE,
                () -> process.pid() + " is reaped before its group is empty");
        run.reaped = true;
    }

    /** What was the server and is it no longer, though it lives, was given up. */
    void giveUp(@Nullable ProcessId before, ServerState after) {
        Instance now = after.instance();
        Run run = before == null ? null : find(before);
        if (run != null && (now == null || !now.process().equals(before)) && run.lives()) {
            run.givenUp = true;
        }
    }

    // What happens by itself

    void spawns(ProcessId process, Op.Temper leader, Op.Temper rest) {
        if (spawning) {
            spawning = false;
            runs.add(new Run(process, leader, rest));
            tell(process, new Event.Spawned(process));
        }
    }

    void leaderDies(Run run, ExitStatus status) {
        if (run.leaderDead) {
            return;
        }
        run.leaderDead = true;
        if (run.child) {
            childEnded(run.process, status);
        } else if (guardWatches.remove(run.process)) {
            tell(run.process, new Event.Gone(run.process, UNKNOWN));
        }
        tellIfEmpty(run);
    }

    /** Its server learns of it, and those that count it among their clients. */
    private void childEnded(ProcessId process, ExitStatus status) {
        tell(process, new Event.ServerEnded(process, status));
        tell(process, new Event.Gone(process, status));
    }

    void restDies(Run run) {
        run.restDead = true;
        tellIfEmpty(run);
    }

    private void tellIfEmpty(Run run) {
        if (run.awaited && !run.lives()) {
            run.awaited = false;
            tell(run.process, new Event.GroupEmpty(run.process));
        }
    }

    void thaw() {
        for (Run run : runs) {
            boolean leader = run.leader == Op.Temper.STUCK;
            boolean rest = run.rest == Op.Temper.STUCK;
            run.leader = leader ? Op.Temper.STUBBORN : run.leader;
            run.rest = rest ? Op.Temper.STUBBORN : run.rest;
            if (leader && run.wasKilled) {
                leaderDies(run, new ExitStatus.Killed(StopMode.SIGKILL, false));
            }
            if (rest && run.wasKilled) {
                restDies(run);
            }
        }
    }

    void clientDies(ProcessId process) {
        if (living.remove(process) && guardWatches.remove(process)) {
            tell(process, new Event.Gone(process, UNKNOWN));
        }
    }

    /** The agent is killed: what it was told and what it asked for is lost. What runs and is not on disk is ended. */
    void agentDies(boolean guardToo) {
        pipe.clear();
        interest.clear();
        guardWatches.clear();
        spawning = false;
        Instance known = disk.instance();
        for (Run run : runs) {
            run.awaited = false;
            run.child &= !guardToo;
            if (known == null || !run.process.equals(known.process())) {
                run.givenUp = true;
                run.leaderDead = true;
                run.restDead = true;
                run.reaped = true;
            }
        }
    }

    private void tell(ProcessId about, Event event) {
        pipe.add(new Message(about, event));
    }

    /** Takes the message of that number, or an earlier one about the same pid; null if it concerns nobody. */
    @Nullable
    Event read(int which) {
        Message chosen = pipe.get(which % pipe.size());
        for (Message message : pipe) {
            boolean samePid = message.about().pid() == chosen.about().pid();
            // only the end of a pid's last owner may be told late
            if (samePid && (message.about().equals(chosen.about()) || !(message.event() instanceof Event.Gone))) {
                chosen = message;
                break;
            }
        }
        pipe.remove(chosen);
        Run run = find(chosen.about());
        return switch (chosen.event()) {
            case Event.Watched w -> {
                everWatched.add(w.process());
                yield interest.contains(w.process()) ? w : null;
            }
            case Event.Gone g -> interest.remove(g.process()) ? g : null;
            case Event.NotWatched n -> interest.remove(n.process()) ? n : null;
            // the agent knows nothing of what it let go
            default -> run != null && run.reaped ? null : chosen.event();
        };
    }

    /** Makes one watch that was asked for fail, unless the guard has that watch already. */
    void cannotWatch(int which, Set<ProcessId> counted) {
        for (int i = 0; i < pipe.size(); i++) {
            Message message = pipe.get((i + which) % pipe.size());
            ProcessId process = message.about();
            if (message.event() instanceof Event.Watched
                    && !counted.contains(process)
                    && !everWatched.contains(process)
                    && find(process) == null) {
                pipe.removeIf(other -> other.about().equals(process));
                guardWatches.remove(process);
                tell(process, new Event.NotWatched(process, "too many open files"));
                return;
            }
        }
    }

    @Nullable
    Run find(ProcessId process) {
        for (Run run : runs) {
            if (run.process.equals(process)) {
                return run;
            }
        }
        return null;
    }

    private Run run(ProcessId process) {
        Run run = find(process);
        if (run == null) {
            throw new Broken(Rule.NO_STRANGER_IS_SIGNALLED, process + " is no server");
        }
        return run;
    }

    @Nullable
    Run last() {
        return runs.isEmpty() ? null : runs.getLast();
    }
}
