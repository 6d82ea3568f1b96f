package dev.sharedserver.os;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who listens on TCP ports, as {@code /proc/net/tcp}, {@code tcp6} and {@code /proc/<pid>/fd} tell (proc(5)): the sockets
 * of our network namespace, the descriptors of the processes that this user may look into. What cannot be read is
 * nothing, never an error.
 */
public final class Listeners {

    /** TCP_LISTEN of net/tcp_states.h, as the tables write it. */
    private static final String LISTENING = "0A";

    /** No line of the tables is longer; what is, is no line of theirs. */
    private static final int LONGEST_LINE = 512;

    private static final int PIECE = 1 << 16;

    private static final int PORTS = 1 << 16;

    private static final int IPV4_DIGITS = 8;
    private static final int IPV6_DIGITS = 32;
    private static final int WORD = 4;

    private final Path root;
    private final Proc proc;

    /** Reads the machine's {@code /proc}. */
    public Listeners() {
        this(Path.of("/proc"));
    }

    Listeners(Path root) {
        this.root = root;
        this.proc = new Proc(root, bytes -> new String(bytes, StandardCharsets.ISO_8859_1));
    }

    /**
     * A listening socket.
     *
     * @param uid whose it is
     * @param inode what descriptors of it are called; 0 if it has none any more
     * @param address as people write it
     */
    public record Listener(int port, int uid, long inode, String address) {}

    /** Returns every port that somebody listens on, whatever the address. */
    public BitSet ports() {
        BitSet ports = new BitSet(PORTS);
        read(entry -> ports.set(entry.port()));
        return ports;
    }

    /** Returns those who listen on a port, whatever the address; empty if nobody does. */
    public List<Listener> of(int port) {
        List<Listener> found = new ArrayList<>();
        read(entry -> {
            if (entry.port() == port) {
                found.add(new Listener(port, entry.uid(), entry.inode(), address(entry.address())));
            }
        });
        return List.copyOf(found);
    }

    /**
     * Returns the oldest process that has a descriptor of that socket, -1 if none is to be seen: the others have it from that
     * one. (The lowest pid may be a child's, since pids begin anew.)
     */
    public long holder(long inode) {
        long oldest = -1;
        long since = Long.MAX_VALUE;
        if (inode <= 0) {
            return oldest;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(root)) {
            for (Path one : all) {
                long pid = number(one.getFileName().toString());
                if (pid > 0 && holds(pid, inode)) {
                    ProcStat stat = proc.stat(pid);
                    long start = stat == null ? Long.MAX_VALUE : stat.startTime();
                    if (oldest < 0 || start < since || start == since && pid < oldest) {
                        oldest = pid;
                        since = start;
                    }
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // no /proc to look into
        }
        return oldest;
    }

    /** Tells whether a process has a descriptor of that socket; false if it cannot be seen. */
    public boolean holds(long pid, long inode) {
        String wanted = "socket:[" + inode + "]";
        try (DirectoryStream<Path> descriptors =
                Files.newDirectoryStream(root.resolve(Long.toString(pid)).resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (wanted.equals(target(descriptor))) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // gone, or another user's
        }
        return false;
    }

    private static @Nullable String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return null; // closed in between
        }
    }

    private static long number(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) < '0' || name.charAt(i) > '9') {
                return -1;
            }
        }
        return name.isEmpty() || name.length() > 10 ? -1 : Long.parseLong(name);
    }

    /** A line of a table, its address as written there. */
    private record Entry(String address, int port, int uid, long inode) {}

    private void read(Consumer<Entry> listening) {
        read("net/tcp", listening);
        read("net/tcp6", listening);
    }

    private void read(String table, Consumer<Entry> listening) {
        // in pieces: a machine may have a hundred thousand connections
        byte[] bytes = new byte[PIECE];
        int length = 0;
        boolean skipping = false;
        try (InputStream in = Files.newInputStream(root.resolve(table))) {
            for (int n = in.read(bytes, length, PIECE - length); n >= 0; n = in.read(bytes, length, PIECE - length)) {
                int start = 0;
                for (int at = length; at < length + n; at++) {
                    if (bytes[at] == '\n') {
                        Entry entry = skipping || at - start > LONGEST_LINE ? null : parse(bytes, start, at);
                        if (entry != null) {
                            listening.accept(entry);
                        }
                        skipping = false;
                        start = at + 1;
                    }
                }
                length += n - start;
                if (length > LONGEST_LINE) {
                    skipping = true;
                    length = 0;
                }
                System.arraycopy(bytes, start, bytes, 0, length);
            }
        } catch (IOException e) {
            // no IPv6, or no /proc at all
        }
    }

    private static @Nullable Entry parse(byte[] bytes, int from, int to) {
        return parse(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
    }

    /** Reads a line; null if it is none, or its socket does not listen. */
    private static @Nullable Entry parse(String line) {
        // "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 …"
        String[] fields = new String[10];
        int at = 0;
        for (int i = 0; i < fields.length; i++) {
            while (at < line.length() && line.charAt(at) == ' ') {
                at++;
            }
            int start = at;
            while (at < line.length() && line.charAt(at) != ' ') {
                at++;
            }
            if (start == at) {
                return null;
            }
            fields[i] = line.substring(start, at);
        }
        int colon = fields[1].indexOf(':');
        if (!fields[3].equals(LISTENING) || colon != IPV4_DIGITS && colon != IPV6_DIGITS) {
            return null;
        }
        try {
            int port = Integer.parseInt(fields[1], colon + 1, fields[1].length(), 16);
            int uid = Integer.parseUnsignedInt(fields[7]);
            long inode = Long.parseLong(fields[9]);
            return port <= 0 || port >= PORTS ? null : new Entry(fields[1].substring(0, colon), port, uid, inode);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Returns the address that stands in the table as words in the machine's byte order. */
    private static String address(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        try {
            for (int i = 0; i < bytes.length; i++) {
                int from = little ? i / WORD * WORD + WORD - 1 - i % WORD : i;
                bytes[i] = (byte) Integer.parseInt(hex, 2 * from, 2 * from + 2, 16);
            }
            String address = InetAddress.getByAddress(bytes).getHostAddress();
            return switch (address) {
                case "0:0:0:0:0:0:0:0" -> "[::]";
                case "0:0:0:0:0:0:0:1" -> "[::1]";
                default -> address.indexOf(':') < 0 ? address : "[" + address + "]";
            };
        } catch (UnknownHostException | NumberFormatException e) {
            return "?";
        }
    }
}
