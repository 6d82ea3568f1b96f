package dev.sharedserver.portable.guard;

import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import dev.sharedserver.os.guard.Frame;
import dev.sharedserver.portable.posix.LibC;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Does what the agent says, and tells it what happens: the guard of {@code launcher/src/guard.c} without its own process. Servers
 * are our children: a thread waits for each, and the zombie is kept until the agent lets it go, so that no signal can hit a
 * stranger. Others are looked at every 50 ms. What a process of its own is for, is missing: nobody is left when this one dies, so
 * nobody starts the agent again, and it never sleeps.
 */
final class Guard {

    private static final int PROTOCOL = 1;
    private static final long LOOK = 50_000_000L;
    private static final long LOOK_AT_GROUP_FIRST = 3_000_000L;
    private static final long LOOK_AT_PLACE = 200_000_000L;
    private static final int STACK = 192 << 10;

    private static final int SCOPE_GROUP = 1;
    private static final int SCOPE_DESCENDANTS = 2;

    private static final byte STAY = 0;
    private static final byte GO = 1;
    private static final byte UNFIT = 2;

    private final Proc proc;
    private final Place place;
    private final Frames frames;
    private final Starter starter;
    private final LogKeeper logs;
    private final String bootId;
    private final Map<Id, Charge> charges = new LinkedHashMap<>();
    private long events;
    private long timer;
    private boolean leaving;
    private long lookAtPlace = System.nanoTime() + LOOK_AT_PLACE;

    private record Id(long pid, long stamp) {}

    /** A process that is looked after: a child, or a stranger. */
    private static final class Charge {
        final Id id;
        final boolean child;
        boolean dead;
        int code;
        int status;
        boolean groupWanted;
        long lookAtGroup;
        long pause = LOOK_AT_GROUP_FIRST;
        int scope;

        Charge(Id id, boolean child) {
            this.id = id;
            this.child = child;
        }
    }

    Guard(Proc proc, Place place, Frames frames, Starter starter, LogKeeper logs, String bootId) {
        this.proc = proc;
        this.place = place;
        this.frames = frames;
        this.starter = starter;
        this.logs = logs;
        this.bootId = bootId;
    }

    /** Introduces itself to the agent. */
    synchronized void introduce(String version, String logDirectory, String home) throws IOException {
        long self = ProcessHandle.current().pid();
        ProcStat stat = proc.stat(self);
        frames.send('I', body -> {
            body.writeShort(PROTOCOL);
            body.writeInt((int) self);
            body.writeLong(stat == null ? 0 : stat.startTime());
            body.writeByte(0);
            Frames.string(body, version);
            Frames.string(body, place.directory().toString());
            Frames.string(body, logDirectory);
            Frames.string(body, home);
            body.writeInt(0);
            body.writeInt(0);
            Frames.string(body, ""); // Java has no datagrams over Unix sockets: servers cannot notify
        });
    }

    /** Obeys until the pipe ends. */
    void obeyAll() throws IOException {
        for (ByteBuffer frame = frames.next(); frame != null; frame = frames.next()) {
            synchronized (this) {
                // deaths before orders: an order is answered only after every death that came before it was told
                for (Charge charge : List.copyOf(charges.values())) {
                    lookAtChild(charge, false);
                }
                obey((char) frame.get(), frame);
                notifyAll();
            }
        }
    }

    private void obey(char type, ByteBuffer body) throws IOException {
        switch (type) {
            case 'S' -> start(SpawnOrder.parse(body));
            case 'W' -> watch(id(body));
            case 'U' -> unwatch(id(body));
            case 'K' -> signal(body);
            case 'E' -> awaitGroup(id(body));
            case 'L' -> name(id(body), body.get());
            case 'R' -> reap(id(body));
            case 'T' -> timer = body.getLong();
            case 'P' -> body.getLong();
            case 'F' -> logs.tend(Path.of(Frames.string(body)), Frames.string(body), body.getLong(), body.getLong());
            case 'f' -> logs.leave(Path.of(Frames.string(body)));
            case 'Z' -> letGo(body.getLong());
            case 'H' -> frames.send('Y', answer -> answer.writeByte(UNFIT));
            default -> throw new IOException("the agent sent a frame of unknown type " + type);
        }
    }

    private static Id id(ByteBuffer body) {
        return new Id(Frames.pid(body), body.getLong());
    }

    private void event(char type, Frame.Body body) throws IOException {
        events++;
        frames.send(type, body);
    }

    private static void put(DataOutputStream body, Id id) throws IOException {
        body.writeInt((int) id.pid());
        body.writeLong(id.stamp());
    }

    private void tell(char type, Id id) throws IOException {
        event(type, body -> put(body, id));
    }

    private void start(SpawnOrder order) throws IOException {
        switch (starter.start(order)) {
            case Starter.Started.Failed failed ->
                event('s', body -> {
                    body.writeLong(order.request());
                    body.writeByte(failed.step());
                    body.writeInt(failed.errno());
                });
            case Starter.Started.Running running -> {
                ProcStat stat = proc.stat(running.pid());
                Charge child = new Charge(new Id(running.pid(), stat == null ? 0 : stat.startTime()), true);
                leaveWord(child.id);
                charges.put(child.id, child);
                event('S', body -> {
                    body.writeLong(order.request());
                    put(body, child.id);
                });
                Thread.ofPlatform()
                        .name("child " + running.pid())
                        .daemon()
                        .stackSize(STACK)
                        .start(() -> lookAtChild(child, true));
            }
        }
    }

    /** Until the agent has written down that this process runs: should we die before, our successor ends it. */
    private void leaveWord(Id id) {
        try {
            Files.createFile(place.directory().resolve(".starting-" + id.pid() + "-" + id.stamp() + "-" + bootId));
        } catch (IOException e) {
            // a full disk; nothing is lost but that
        }
    }

    private void lookAtChild(Charge charge, boolean patient) {
        if (!charge.child || charge.dead) {
            return;
        }
        LibC.Ended ended = LibC.awaitZombie(charge.id.pid(), patient);
        if (ended != null) {
            synchronized (this) {
                childEnded(charge, ended);
            }
        }
    }

    private void childEnded(Charge charge, LibC.Ended ended) {
        if (charge.dead) {
            return;
        }
        charge.dead = true;
        charge.code = ended.code();
        charge.status = ended.status();
        charge.lookAtGroup = System.nanoTime();
        try {
            tellEnd('D', charge);
        } catch (IOException e) {
            // the agent is this process: it is about to end
        }
        notifyAll();
    }

    private void tellEnd(char type, Charge charge) throws IOException {
        event(type, body -> {
            put(body, charge.id);
            if (type == 'G') {
                body.writeByte(0); // only a parent is told how somebody ended
            }
            body.writeByte(charge.code);
            body.writeInt(charge.status);
        });
    }

    private void watch(Id id) throws IOException {
        Charge known = charges.get(id);
        if (known != null && (known.child || !known.dead)) {
            tell('K', id);
            if (known.child && known.dead) {
                tellEnd('D', known);
            }
            return;
        }
        Charge stranger = known == null ? new Charge(id, false) : known;
        if (proc.alive(id.pid(), id.stamp())) {
            stranger.dead = false;
            charges.put(id, stranger);
            tell('K', id);
            return;
        }
        stranger.dead = true;
        tellEnd('G', stranger);
        if (!stranger.groupWanted) {
            charges.remove(id);
        }
    }

    private void unwatch(Id id) {
        Charge charge = charges.get(id);
        if (charge != null && !charge.child) {
            charges.remove(id);
        }
    }

    private void name(Id id, int scope) {
        Charge charge = charges.get(id);
        if (charge != null) {
            charge.scope = scope;
        }
    }

    private void reap(Id id) {
        Charge charge = charges.get(id);
        if (charge != null && charge.child && charge.dead) {
            LibC.reap(id.pid());
            charges.remove(id);
        }
    }

    // signals

    private void signal(ByteBuffer body) throws IOException {
        long request = body.getLong();
        Id id = id(body);
        int signal = body.get();
        int scope = body.get();
        int errno = id.pid() <= 1 ? LibC.EINVAL : signal(id, signal, scope);
        event('g', answer -> {
            answer.writeLong(request);
            answer.writeInt(errno);
        });
    }

    private int signal(Id id, int signal, int scope) throws IOException {
        return switch (scope) {
            case SCOPE_GROUP -> signalGroup(id, signal);
            case SCOPE_DESCENDANTS -> signalDescendants(id, signal);
            default -> signalProcess(id, signal);
        };
    }

    private int signalProcess(Id id, int signal) {
        ProcStat stat = proc.stat(id.pid());
        if (stat == null || stat.startTime() != id.stamp() || !stat.alive()) {
            return LibC.ESRCH;
        }
        return -LibC.kill(id.pid(), signal);
    }

    private int signalGroup(Id leader, int signal) throws IOException {
        Charge charge = charges.get(leader);
        if (charge != null && charge.child) {
            return -LibC.kill(-leader.pid(), signal); // not reaped: the number is the group's own
        }
        int errno = signalProcess(leader, signal);
        for (ProcStat member : members(leader)) {
            signalProcess(new Id(member.pid(), member.startTime()), signal);
        }
        return errno;
    }

    private int signalDescendants(Id root, int signal) throws IOException {
        List<ProcStat> all = everybody();
        int errno = signalProcess(root, signal);
        if (errno != 0) {
            return errno;
        }
        Set<Long> family = new HashSet<>(Set.of(root.pid()));
        for (boolean grown = true; grown; ) {
            grown = false;
            for (ProcStat one : all) {
                grown |= family.contains(one.ppid()) && family.add(one.pid());
            }
        }
        for (ProcStat one : all) {
            if (one.pid() != root.pid() && family.contains(one.pid()) && one.startTime() >= root.stamp()) {
                signalProcess(new Id(one.pid(), one.startTime()), signal);
            }
        }
        return 0;
    }

    private List<ProcStat> everybody() throws IOException {
        List<ProcStat> all = new ArrayList<>();
        for (long pid : proc.pids()) {
            ProcStat stat = proc.stat(pid);
            if (stat != null) {
                all.add(stat);
            }
        }
        return all;
    }

    /** Returns who lives in the group and session of a leader, without the leader. */
    private List<ProcStat> members(Id leader) throws IOException {
        ProcStat now = proc.stat(leader.pid());
        if (now != null && now.startTime() != leader.stamp()) {
            return List.of(); // while one member lives the number is not given to a new process
        }
        return everybody().stream()
                .filter(one -> one.pgrp() == leader.pid() && one.session() == leader.pid())
                .filter(one -> one.pid() != leader.pid() && one.alive())
                .toList();
    }

    // groups

    private void awaitGroup(Id id) throws IOException {
        if (id.pid() <= 1) {
            tell('E', id);
            return;
        }
        Charge charge = charges.get(id);
        if (charge == null) {
            // a leader that died before it was watched: its group may live all the same
            charge = new Charge(id, false);
            charge.dead = true;
            charges.put(id, charge);
        }
        charge.groupWanted = true;
        charge.pause = LOOK_AT_GROUP_FIRST;
        lookAtGroup(charge);
    }

    private static boolean isGroupDue(Charge charge) {
        return charge.groupWanted && !(charge.child && !charge.dead);
    }

    private void lookAtGroup(Charge charge) throws IOException {
        if (!isGroupDue(charge)) {
            return; // the leader is a member itself; its death makes us look
        }
        // twice: the list of processes is no snapshot, a member may have forked behind the back of the first look
        for (int look = 0; look < 2; look++) {
            if (!members(charge.id).isEmpty()) {
                charge.lookAtGroup = System.nanoTime() + charge.pause;
                charge.pause = Math.min(2 * charge.pause, LOOK);
                return;
            }
        }
        charge.groupWanted = false;
        tell('E', charge.id);
        if (!charge.child && charge.dead) {
            charges.remove(charge.id);
        }
    }

    // time

    /** Watches, for as long as the process lives. */
    void run() {
        long lookAtStrangers = System.nanoTime();
        while (true) {
            try {
                synchronized (this) {
                    long now = System.nanoTime();
                    if (timer != 0 && now - timer >= 0) {
                        timer = 0;
                        event('T', body -> {});
                    }
                    if (now - lookAtStrangers >= 0) {
                        lookAtStrangers();
                        lookAtStrangers = now + LOOK;
                    }
                    for (Charge charge : List.copyOf(charges.values())) {
                        if (isGroupDue(charge) && now - charge.lookAtGroup >= 0) {
                            lookAtGroup(charge);
                        }
                    }
                    if (now - lookAtPlace >= 0 && !leaving) {
                        lookAtPlace = now + LOOK_AT_PLACE;
                        lookAtPlace();
                    }
                    logs.look(now);
                    long nanos = untilNext(lookAtStrangers) - System.nanoTime();
                    wait(Math.max(1, nanos / 1_000_000L));
                }
            } catch (IOException e) {
                System.err.println("guard: " + e);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private long untilNext(long lookAtStrangers) {
        long next = logs.isBusy() ? Math.min(lookAtPlace, System.nanoTime() + LOOK) : lookAtPlace;
        if (timer != 0) {
            next = Math.min(next, timer);
        }
        for (Charge charge : charges.values()) {
            if (!charge.child && !charge.dead) {
                next = Math.min(next, lookAtStrangers);
            }
            if (isGroupDue(charge)) {
                next = Math.min(next, charge.lookAtGroup);
            }
        }
        return next;
    }

    private void lookAtStrangers() throws IOException {
        for (Charge charge : List.copyOf(charges.values())) {
            if (!charge.child && !charge.dead && !proc.alive(charge.id.pid(), charge.id.stamp())) {
                charge.dead = true;
                charge.lookAtGroup = System.nanoTime();
                tellEnd('G', charge);
                if (!charge.groupWanted) {
                    charges.remove(charge.id);
                }
            }
        }
    }

    private void lookAtPlace() throws IOException {
        Place.Change change = place.look();
        switch (change) {
            case NONE -> {}
            case DIRECTORY -> event('M', body -> body.writeByte(1));
            case FILES -> event('M', body -> body.writeByte(2));
            case SESSION -> endWithSession();
        }
    }

    /** The session's runtime directory is gone with the session. */
    private void endWithSession() throws IOException {
        for (Charge charge : charges.values()) {
            if (charge.child && !charge.dead) {
                LibC.kill(-charge.id.pid(), LibC.SIGTERM);
            } else if (charge.scope == SCOPE_GROUP) {
                signalGroup(charge.id, LibC.SIGTERM);
            } else if (charge.scope == SCOPE_DESCENDANTS) {
                signalDescendants(charge.id, LibC.SIGTERM);
            }
        }
        place.leaveName();
        Runtime.getRuntime().halt(0);
    }

    private void letGo(long seen) throws IOException {
        boolean free = seen == events && charges.isEmpty() && timer == 0;
        if (free) {
            leaving = true; // what we remove ourselves is not to be made again
            place.leave();
        }
        frames.send('Y', body -> body.writeByte(free ? GO : STAY));
    }

    /** Returns the socket that launchers find now. */
    synchronized ServerSocketChannel listener() {
        return place.listener();
    }
}
