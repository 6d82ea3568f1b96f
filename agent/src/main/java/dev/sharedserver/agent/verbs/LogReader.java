package dev.sharedserver.agent.verbs;

import dev.sharedserver.core.wire.LauncherConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Sends a log file to a launcher, and what is added to it if the launcher stays. */
final class LogReader {

    private static final int CHUNK = 64 << 10;

    /** The longest line a pattern is tried on, in bytes; a longer one is taken in pieces. */
    private static final int LONGEST_LINE = 1 << 20;

    private final Path file;
    private final LauncherConnection launcher;
    private final @Nullable Pattern pattern;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long position;
    private @Nullable Object fileKey;

    LogReader(Path file, LauncherConnection launcher, @Nullable Pattern pattern) {
        this.file = file;
        this.launcher = launcher;
        this.pattern = pattern;
    }

    /** Goes to the beginning of the last {@code lines} lines. */
    void skipTo(int lines) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            long size = channel.size();
            long end = size;
            int left = lines;
            while (end > 0 && left >= 0) {
                long start = Math.max(0, end - CHUNK);
                chunk.clear().limit((int) (end - start));
                while (chunk.hasRemaining() && channel.read(chunk, start + chunk.position()) > 0) {
                    // until the chunk is full
                }
                for (int i = chunk.position() - 1; i >= 0; i--) {
                    // the newline at the very end closes the last line, it does not begin another one
                    if (chunk.get(i) == '\n' && start + i != size - 1 && --left < 0
                            || chunk.get(i) == '\n' && left == 0) {
                        position = start + i + 1;
                        return;
                    }
                }
                end = start;
            }
            position = lines == 0 ? size : 0;
        }
    }

    /** Sends what is there from the position on. */
    void send() throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            Object key = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                    .fileKey();
            if (fileKey != null && !fileKey.equals(key) || channel.size() < position) {
                position = 0;
            }
            fileKey = key;
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            channel.position(position);
            while (channel.read(chunk.clear()) > 0) {
                position += chunk.position();
                send(chunk.array(), chunk.position());
                launcher.flush();
            }
        } catch (NoSuchFileException e) {
            position = 0;
        }
    }

    /** Sends the rest of a last line without a newline. */
    void finish() throws IOException {
        if (line.size() > 0) {
            sendLine();
        }
    }

    private void send(byte[] bytes, int length) throws IOException {
        if (pattern == null) {
            launcher.stdout(java.util.Arrays.copyOf(bytes, length));
            return;
        }
        int start = 0;
        for (int i = 0; i < length; i++) {
            if (bytes[i] == '\n') {
                line.write(bytes, start, i + 1 - start);
                start = i + 1;
                sendLine();
            }
        }
        line.write(bytes, start, length - start);
        if (line.size() > LONGEST_LINE) {
            sendLine();
        }
    }

    private void sendLine() throws IOException {
        byte[] bytes = line.toByteArray();
        line.reset();
        if (pattern != null
                && pattern.matcher(new String(bytes, StandardCharsets.UTF_8)).find()) {
            launcher.stdout(bytes);
        }
    }

    /** Goes on with what is added, across new runs of the server, until the launcher hangs up. */
    void follow() throws IOException, InterruptedException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) {
            return;
        }
        try (WatchService changes = directory.getFileSystem().newWatchService()) {
            directory.register(changes, StandardWatchEventKinds.ENTRY_MODIFY, StandardWatchEventKinds.ENTRY_CREATE);
            Thread.ofVirtual().start(() -> closeAtHangup(changes));
            send();
            for (WatchKey key = changes.take(); key.isValid(); key = changes.take()) {
                boolean concerned = key.pollEvents().stream()
                        .anyMatch(e -> e.context() == null || file.getFileName().equals(e.context()));
                key.reset();
                if (concerned) {
                    send();
                }
            }
        } catch (ClosedWatchServiceException e) {
            // the launcher hung up
        }
    }

    private void closeAtHangup(WatchService changes) {
        try (changes) {
            launcher.awaitHangup();
        } catch (IOException e) {
            // hung up, less politely
        }
    }
}
