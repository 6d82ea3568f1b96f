package dev.sharedserver.lsp.infer;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.sharedserver.lsp.protocol.Json;
import dev.sharedserver.lsp.protocol.MalformedMessage;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers to initialize, by {@link Identity}, in a directory that only its user can write to. What somebody else could have put
 * there, or what is no such answer, is not believed. A cache: what cannot be kept is asked for again.
 */
public final class Answers {

    /** How many there are at most; the oldest go. */
    static final int MOST = 64;

    /** How large one may be, in bytes. */
    static final int LARGEST = 1 << 20;

    /** How long one is believed. */
    static final Duration VALID = Duration.ofDays(30);

    private static final Set<PosixFilePermission> OTHERS_WRITE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private final @Nullable Path directory;

    /** @param directory made when it is needed; null if nothing can be kept */
    public Answers(@Nullable Path directory) {
        this.directory = directory;
    }

    /** Returns where they are for a user of whom these variables tell; null if they do not. */
    public static @Nullable Path directory(@Nullable String cacheHome, @Nullable String home) {
        if (cacheHome != null && cacheHome.startsWith("/")) {
            return Path.of(cacheHome, "sharedserver", "lsp");
        }
        return home == null || !home.startsWith("/") ? null : Path.of(home, ".cache", "sharedserver", "lsp");
    }

    /** Returns what was kept; null if nothing was that can be believed. */
    public @Nullable String find(String identity) {
        if (directory == null) {
            return null;
        }
        Path file = file(directory, identity);
        try {
            // of what is opened without following links, in a directory that is ours, nobody else can have a part
            if (!isOurs(directory, true)
                    || !isOurs(file, false)
                    || Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                            .toInstant()
                            .isBefore(Instant.now().minus(VALID))) {
                return null;
            }
            if (!(Json.parse(text(file)) instanceof JsonObject kept)
                    || !(kept.get("identity") instanceof JsonPrimitive said)
                    || !said.getAsString().equals(identity)
                    || !(kept.get("answer") instanceof JsonPrimitive answer)) {
                return null;
            }
            return checked(answer.getAsString());
        } catch (IOException e) {
            return null; // as good as nothing
        }
    }

    /** Keeps an answer. */
    public void keep(String identity, String answer) {
        if (directory == null || answer.length() > LARGEST / 2) {
            return;
        }
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            if (!isOurs(directory, true)) {
                return;
            }
            JsonObject kept = new JsonObject();
            kept.addProperty("identity", identity);
            kept.addProperty("answer", answer);
            Path made = Files.createTempFile(directory, ".new", ".json");
            try {
                Files.write(made, Json.bytes(Json.text(kept)));
                Files.move(made, file(directory, identity), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(made);
            }
            clear(directory);
        } catch (IOException e) {
            System.out.println("what a language server can do is not kept: " + e.getMessage());
        }
    }

    private static void clear(Path directory) throws IOException {
        record Aged(Path file, FileTime since) {}
        List<Aged> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.json")) {
            for (Path file : files) {
                all.add(new Aged(file, Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)));
            }
        }
        all.sort(Comparator.comparing(Aged::since));
        for (int i = 0; i < all.size() - MOST; i++) {
            Files.deleteIfExists(all.get(i).file());
        }
    }

    private static Path file(Path directory, String identity) {
        return directory.resolve(identity + ".json");
    }

    private static boolean isOurs(Path path, boolean folder) throws IOException {
        PosixFileAttributes is = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        UserPrincipal we = Files.getOwner(Proc.ROOT.resolve("self"));
        return (folder ? is.isDirectory() : is.isRegularFile() && is.size() <= LARGEST)
                && is.owner().equals(we)
                && is.permissions().stream().noneMatch(OTHERS_WRITE::contains);
    }

    // ---- an answer that a user has ----

    /**
     * Reads an answer from a file that the user names: the {@code result} of initialize, an object with {@code capabilities}.
     *
     * @throws IOException it cannot be read, or is no such answer; the message is for the user
     */
    public static String read(Path file) throws IOException {
        try {
            String answer = checked(text(file));
            if (answer == null) {
                throw new IOException(
                        file + " is no answer to initialize: an object with \"capabilities\" is expected");
            }
            return answer;
        } catch (MalformedMessage e) {
            throw new IOException(file + " is not JSON", e);
        } catch (FileSystemException e) {
            throw new IOException(file + " cannot be read", e);
        }
    }

    private static String text(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(LARGEST + 1);
            if (bytes.length > LARGEST) {
                throw new IOException(file + " is larger than " + LARGEST / 1024 + " KiB");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    /** Returns an answer as one line of JSON; null if it is none. */
    private static @Nullable String checked(String answer) throws MalformedMessage {
        return Json.parse(answer) instanceof JsonObject object && object.get("capabilities") instanceof JsonObject
                ? Json.text(object)
                : null;
    }
}
