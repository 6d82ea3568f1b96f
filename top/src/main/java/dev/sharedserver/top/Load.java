package dev.sharedserver.top;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What servers cost: processor time and resident memory of each server's processes, that is its session, its process
 * group and its descendants. Keeps what it saw last, since a rate needs two looks. One thread at a time.
 */
final class Load {

    /** USER_HZ, 100 on every Linux the product runs on. */
    private static final double TICKS_PER_SECOND = 100;

    /** Looks that are closer together than this tell nothing: processor time is counted in ticks of 10 ms. */
    private static final long SHORTEST_NANOS = 400_000_000L;

    private final Path proc;
    private Map<Long, Long> lastTicks = Map.of();
    private long lastLook;
    private Map<Long, Double> rates = Map.of();

    Load(Path proc) {
        this.proc = proc;
    }

    /**
     * What a server costs.
     *
     * @param cpu per cent of one processor since the look before, null at the first one
     * @param bytes resident memory; pages that processes share are counted for each of them
     */
    record Cost(@Nullable Double cpu, long bytes) {}

    private record Entry(long pid, long parent, long group, long session, long ticks) {}

    /** Looks at the processes of these servers; the keys of the answer are the pids that live. */
    Map<Long, Cost> look(Set<Long> servers, long nanoTime) {
        if (servers.isEmpty()) {
            return Map.of();
        }
        Map<Long, Entry> all = entries();
        Map<Long, Long> ticks = new HashMap<>();
        Map<Long, Long> bytes = new HashMap<>();
        for (Entry entry : all.values()) {
            Long server = serverOf(entry, servers, all);
            if (server != null) {
                ticks.merge(server, entry.ticks(), Long::sum);
                bytes.merge(server, resident(entry.pid()), Long::sum);
            }
        }
        long nanos = nanoTime - lastLook;
        if (lastTicks.isEmpty() || nanos >= SHORTEST_NANOS) {
            Map<Long, Double> fresh = new HashMap<>();
            for (Map.Entry<Long, Long> one : ticks.entrySet()) {
                Long before = lastTicks.get(one.getKey());
                if (before != null) {
                    double used = Math.max(0, one.getValue() - before) / TICKS_PER_SECOND;
                    fresh.put(one.getKey(), 100 * used / (nanos / 1e9));
                }
            }
            rates = fresh;
            lastTicks = ticks;
            lastLook = nanoTime;
        }
        Map<Long, Cost> costs = new HashMap<>();
        bytes.forEach((server, sum) -> costs.put(server, new Cost(rates.get(server), sum)));
        return costs;
    }

    /** Returns the server that a process belongs to: by session or group, else by its nearest ancestor that is one. */
    private static @Nullable Long serverOf(Entry entry, Set<Long> servers, Map<Long, Entry> all) {
        if (servers.contains(entry.session())) {
            return entry.session();
        }
        if (servers.contains(entry.group())) {
            return entry.group();
        }
        Set<Long> seen = new HashSet<>();
        // a table read piece by piece may hold a circle of recycled pids
        for (Entry at = entry; at != null && seen.add(at.pid()); at = all.get(at.parent())) {
            if (servers.contains(at.pid())) {
                return at.pid();
            }
        }
        return null;
    }

    private Map<Long, Entry> entries() {
        Map<Long, Entry> all = new HashMap<>();
        for (long pid : pids()) {
            Entry entry = entry(pid);
            if (entry != null) {
                all.put(pid, entry);
            }
        }
        return all;
    }

    private List<Long> pids() {
        List<Long> pids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(proc)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (name.charAt(0) >= '1' && name.charAt(0) <= '9') {
                    pids.add(Long.parseLong(name));
                }
            }
        } catch (IOException | NumberFormatException e) {
            return pids;
        }
        return pids;
    }

    private @Nullable Entry entry(long pid) {
        try {
            return parse(pid, Files.readAllBytes(proc.resolve(pid + "/stat")));
        } catch (IOException e) {
            return null; // it has ended meanwhile
        }
    }

    /** Parses a line of {@code /proc/PID/stat} (proc(5)): fields 4 ppid, 5 pgrp, 6 session, 14 utime, 15 stime. */
    private static @Nullable Entry parse(long pid, byte[] bytes) {
        String line = new String(bytes, StandardCharsets.ISO_8859_1);
        // the program's name may hold parentheses and spaces itself: the last one closes it
        int at = line.lastIndexOf(')') + 2;
        long[] fields = new long[16];
        try {
            for (int field = 3; field < fields.length; field++) {
                int end = line.indexOf(' ', at);
                if (field > 3) {
                    fields[field] = Long.parseUnsignedLong(line, field < 6 ? at : skipSign(line, at), end, 10);
                }
                at = end + 1;
            }
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            return null;
        }
        return new Entry(pid, fields[4], fields[5], fields[6], fields[14] + fields[15]);
    }

    private static int skipSign(String line, int at) {
        return line.charAt(at) == '-' ? at + 1 : at; // tpgid is -1 without a terminal
    }

    private long resident(long pid) {
        try {
            String status = Files.readString(proc.resolve(pid + "/status"), StandardCharsets.ISO_8859_1);
            int at = status.indexOf("\nVmRSS:");
            if (at < 0) {
                return 0; // a zombie
            }
            int end = status.indexOf(" kB", at);
            return 1024 * Long.parseLong(status.substring(at + 7, end).trim());
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return 0;
        }
    }
}
