package dev.sharedserver.core;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The state files of all servers. A reader never sees half a file: each is written beside its place and renamed.
 *
 * <p>Safe for use by several threads as long as no two of them write the same server.
 */
public final class StateDirectory {

    private static final String SERVER = ".server.json";
    private static final String CLIENTS = ".clients.json";
    private static final String TEMPORARY = ".tmp-";
    private static final String STARTING = ".starting-";

    /** Beyond this nobody wrote a state file; it is not read into memory. In bytes. */
    private static final long LARGEST = 8 << 20;

    private static final Set<StandardOpenOption> CREATE =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path directory;
    private final boolean durable;

    private StateDirectory(Path directory, boolean durable) {
        this.directory = directory;
        this.durable = durable;
    }

    /** Opens an existing directory and removes what a writer that was killed has left in it. */
    public static StateDirectory open(Path directory) throws IOException {
        StateDirectory state = new StateDirectory(directory, !isMemory(directory));
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, TEMPORARY + "*")) {
            for (Path file : left) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(file);
                }
            }
        }
        return state;
    }

    private static boolean isMemory(Path directory) {
        try {
            String type = Files.getFileStore(directory).type();
            return type.equals("tmpfs") || type.equals("ramfs");
        } catch (IOException e) {
            // in a chroot the directory may lie below no mount point that can be seen
            return false;
        }
    }

    /** Returns the directory. */
    public Path path() {
        return directory;
    }

    /** Returns the names of which there is a state file, in order. */
    public List<ServerName> names() throws IOException {
        Set<String> stems = new TreeSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                if (name.endsWith(SERVER)) {
                    stems.add(name.substring(0, name.length() - SERVER.length()));
                } else if (name.endsWith(CLIENTS)) {
                    stems.add(name.substring(0, name.length() - CLIENTS.length()));
                }
            }
        }
        List<ServerName> names = new ArrayList<>(stems.size());
        for (String stem : stems) {
            try {
                names.add(ServerName.existing(stem));
            } catch (InvalidInput e) {
                // a file that is none of ours
            }
        }
        return names;
    }

    /**
     * Returns the processes of which the guard left word when it started them, and of which no state file spoke yet. Word
     * of an earlier boot of the machine, and what is no word at all, is removed.
     */
    public List<ProcessId> starting(String bootId) throws IOException {
        List<ProcessId> processes = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, STARTING + "*")) {
            for (Path file : files) {
                ProcessId process = process(file.getFileName().toString(), bootId);
                if (process != null) {
                    processes.add(process);
                } else if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                    Files.deleteIfExists(file);
                }
            }
        }
        return processes;
    }

    private static @Nullable ProcessId process(String word, String bootId) {
        int pidEnd = word.indexOf('-', STARTING.length());
        int stampEnd = pidEnd < 0 ? -1 : word.indexOf('-', pidEnd + 1);
        if (stampEnd < 0 || !word.substring(stampEnd + 1).equals(bootId)) {
            return null;
        }
        try {
            long pid = Long.parseLong(word.substring(STARTING.length(), pidEnd));
            long stamp = Long.parseLong(word.substring(pidEnd + 1, stampEnd));
            return pid > 1 ? new ProcessId(pid, stamp) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Removes the guard's word of a process: it stands in a state file now, or is gone. */
    public void started(ProcessId process, String bootId) throws IOException {
        Files.deleteIfExists(directory.resolve(STARTING + process.pid() + "-" + process.startTime() + "-" + bootId));
    }

    /**
     * How long a server's files are: cheap to look at, and another one where somebody cut or removed them.
     *
     * @param server in bytes, -1 if there is no such file
     * @param clients in bytes, -1 if there is no such file
     */
    public record Lengths(long server, long clients) {}

    /** Returns how long a server's files are now. */
    public Lengths lengths(ServerName name) {
        return new Lengths(length(file(name, SERVER)), length(file(name, CLIENTS)));
    }

    private static long length(Path file) {
        try {
            return Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                    .size();
        } catch (IOException e) {
            return -1;
        }
    }

    /** Tells whether the directory is there. */
    public boolean exists() {
        return Files.isDirectory(directory);
    }

    /** Reads {@code <name>.server.json}. */
    public Found<ServerRecord> readServer(ServerName name) {
        return read(file(name, SERVER), text -> StateJson.readServer(name.value(), text));
    }

    /** Reads {@code <name>.clients.json}. */
    public Found<ClientsRecord> readClients(ServerName name) {
        return read(file(name, CLIENTS), StateJson::readClients);
    }

    /**
     * Returns in what a server's files differ from what should stand there; none of it is repaired.
     *
     * @param server null for no file
     * @param clients null for no file
     */
    public List<Damage> examine(ServerName name, @Nullable ServerRecord server, @Nullable ClientsRecord clients) {
        List<Damage> found = new ArrayList<>();
        examine(name, SERVER, server == null ? null : StateJson.write(server), readServer(name), found);
        examine(name, CLIENTS, clients == null ? null : StateJson.write(clients), readClients(name), found);
        return found;
    }

    private void examine(
            ServerName name, String ending, @Nullable String wanted, Found<?> there, List<Damage> damages) {
        Path file = file(name, ending);
        Damage.Kind kind = null;
        String detail = "";
        switch (there) {
            case Found.Absent<?> absent -> {
                if (wanted != null) {
                    kind = Damage.Kind.MISSING_FILE;
                    detail = "was missing";
                }
            }
            case Found.Unreadable<?> bad -> {
                kind = Damage.Kind.UNREADABLE_FILE;
                detail = "was unreadable: " + bad.reason();
            }
            case Found.Valid<?> valid -> {
                if (wanted == null) {
                    kind = Damage.Kind.UNEXPECTED_FILE;
                    detail = "stood there though nothing belongs in it";
                } else if (!text(file).equals(wanted)) {
                    boolean miscounts = ending.equals(CLIENTS) && StateJson.miscounts(text(file));
                    kind = miscounts ? Damage.Kind.REFCOUNT_MISMATCH : Damage.Kind.CHANGED_FILE;
                    detail = miscounts
                            ? "has a refcount that is not its number of clients"
                            : "was changed by somebody else";
                } else if (isExposed(file)) {
                    kind = Damage.Kind.UNSAFE_PERMISSIONS;
                    detail = "could be read or written by others";
                }
            }
        }
        if (kind != null) {
            damages.add(new Damage(name, kind, name.value() + ending + " " + detail, false));
        }
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static boolean isExposed(Path file) {
        try {
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
            return permissions.stream()
                    .anyMatch(one -> one != PosixFilePermission.OWNER_READ && one != PosixFilePermission.OWNER_WRITE);
        } catch (IOException e) {
            return false;
        }
    }

    /** Makes the directory its owner's alone again; returns the damage that there was, null if there was none. */
    public @Nullable Damage close() {
        try {
            Set<PosixFilePermission> wanted = PosixFilePermissions.fromString("rwx------");
            Set<PosixFilePermission> there = Files.getPosixFilePermissions(directory);
            if (there.equals(wanted)) {
                return null;
            }
            String detail = "the state directory had the permissions " + PosixFilePermissions.toString(there);
            try {
                Files.setPosixFilePermissions(directory, wanted);
                return new Damage(null, Damage.Kind.UNSAFE_PERMISSIONS, detail, true);
            } catch (IOException e) {
                return new Damage(null, Damage.Kind.UNSAFE_PERMISSIONS, detail + ": " + e, false);
            }
        } catch (IOException e) {
            return new Damage(null, Damage.Kind.UNREADABLE_FILE, "the state directory: " + e, false);
        }
    }

    private interface Parser<T> {
        T parse(String text) throws StateFileException;
    }

    private static <T> Found<T> read(Path file, Parser<T> parser) {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (!attributes.isRegularFile()) {
                // a FIFO would block its reader, a link lead anywhere
                return new Found.Unreadable<>("it is no regular file");
            }
            if (attributes.size() > LARGEST) {
                return new Found.Unreadable<>("it is larger than " + LARGEST + " bytes");
            }
            byte[] bytes = Files.readAllBytes(file);
            return new Found.Valid<>(parser.parse(new String(bytes, StandardCharsets.UTF_8)));
        } catch (NoSuchFileException e) {
            return new Found.Absent<>();
        } catch (IOException e) {
            return new Found.Unreadable<>(e.toString());
        } catch (StateFileException e) {
            return new Found.Unreadable<>(e.reason());
        }
    }

    /**
     * Makes the files of a server say this; null means no file. If it fails, the files are as they were: both new
     * contents are on disk under temporary names before the first of them is put into its place.
     *
     * @return how long they are now
     */
    public Lengths write(ServerName name, @Nullable ServerRecord server, @Nullable ClientsRecord clients)
            throws IOException {
        Path newServer = temporary(name, SERVER);
        Path newClients = temporary(name, CLIENTS);
        // looked at before anything is changed: nothing can be renamed over it, and the other file would be changed
        // already
        refuseDirectory(file(name, SERVER));
        refuseDirectory(file(name, CLIENTS));
        try {
            long serverLength = server == null ? -1 : write(newServer, StateJson.write(server));
            long clientsLength = clients == null ? -1 : write(newClients, StateJson.write(clients));
            // clients never stand beside another run of the server than their own: they go first and come last
            if (clients == null) {
                Files.deleteIfExists(file(name, CLIENTS));
            }
            if (server == null) {
                Files.deleteIfExists(file(name, SERVER));
            } else {
                Files.move(newServer, file(name, SERVER), StandardCopyOption.ATOMIC_MOVE);
            }
            if (clients != null) {
                Files.move(newClients, file(name, CLIENTS), StandardCopyOption.ATOMIC_MOVE);
            }
            return new Lengths(serverLength, clientsLength);
        } catch (IOException e) {
            discard(newServer);
            discard(newClients);
            throw e;
        }
    }

    private static void refuseDirectory(Path file) throws IOException {
        if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(file.toString(), null, file.getFileName() + " is a directory");
        }
    }

    private static void discard(Path temporary) throws IOException {
        if (Files.isRegularFile(temporary, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(temporary);
        }
    }

    /**
     * Makes {@code clients.json} alone say this: the cheaper way while the server stays what it is. Returns how long that file is
     * now, -1 if there is none.
     */
    public long writeClients(ServerName name, @Nullable ClientsRecord clients) throws IOException {
        if (clients == null) {
            Files.deleteIfExists(file(name, CLIENTS));
            return -1;
        }
        Path next = temporary(name, CLIENTS);
        try {
            long length = write(next, StateJson.write(clients));
            Files.move(next, file(name, CLIENTS), StandardCopyOption.ATOMIC_MOVE);
            return length;
        } catch (IOException e) {
            discard(next);
            throw e;
        }
    }

    /**
     * What the files of one server say, to be kept elsewhere than on disk.
     *
     * @param clients null for no file
     */
    public record Content(String server, @Nullable String clients) {

        /** Returns what {@link #write} would put into the files. */
        public static Content of(ServerRecord server, @Nullable ClientsRecord clients) {
            return new Content(StateJson.write(server), clients == null ? null : StateJson.write(clients));
        }
    }

    /**
     * Writes the files of a server again if somebody removed or changed them since they said this; tells whether that
     * was so. Files that speak of another run of the server are nobody's to overwrite.
     */
    public boolean restore(ServerName name, Content content) throws IOException {
        ServerRecord server;
        ClientsRecord clients;
        try {
            server = StateJson.readServer(name.value(), content.server());
            clients = content.clients() == null ? null : StateJson.readClients(content.clients());
        } catch (StateFileException e) {
            throw new IOException(e.reason(), e);
        }
        Found<ServerRecord> foundServer = readServer(name);
        Found<ClientsRecord> foundClients = readClients(name);
        if (foundServer instanceof Found.Valid<ServerRecord> valid) {
            ServerRecord found = valid.value();
            if (found.pid() != server.pid() || !Objects.equals(found.startTime(), server.startTime())) {
                return false;
            }
            boolean sameClients = foundClients instanceof Found.Valid<ClientsRecord> there
                    ? there.value().equals(clients)
                    : clients == null && foundClients instanceof Found.Absent;
            if (sameClients && found.equals(server)) {
                return false;
            }
        }
        write(name, server, clients);
        return true;
    }

    private long write(Path file, String text) throws IOException {
        byte[] whole = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.wrap(whole);
        try (FileChannel channel = FileChannel.open(file, CREATE, PRIVATE)) {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(false);
            }
        }
        return whole.length;
    }

    private Path file(ServerName name, String ending) {
        return directory.resolve(name.value() + ending);
    }

    private Path temporary(ServerName name, String ending) {
        return directory.resolve(TEMPORARY + name.value() + ending);
    }
}
