package dev.sharedserver.agent.verbs;

import dev.sharedserver.agent.supervise.Server;
import dev.sharedserver.agent.supervise.Supervisor;
import dev.sharedserver.cli.Messages;
import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.Period;
import dev.sharedserver.core.Quote;
import dev.sharedserver.core.ServerName;
import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Removes logs and event files of servers that nobody has seen for long. Nothing of a server that runs is removed, nor what any
 * process has open: servers of another state directory may log into the same one.
 */
final class Pruning {

    /** The longest first: of two that fit, the first is meant. */
    private static final List<String> ENDINGS =
            List.of(".invocations.log.1", ".invocations.log", ".log.times", ".log.1", ".log");

    private static final String ASIDE = ".tmp-pruned-";

    private final Supervisor supervisor;
    private final Proc proc;
    private final Set<Path> directories = new LinkedHashSet<>();

    /** What one server has left. */
    private static final class Left {
        private final List<Path> files = new ArrayList<>();
        private long bytes;
        private long lastMillis;
    }

    Pruning(Supervisor supervisor, Proc proc, Path stateDirectory, Path logDirectory) {
        this.supervisor = supervisor;
        this.proc = proc;
        directories.add(stateDirectory);
        directories.add(logDirectory);
    }

    /**
     * Removes, or only says what would be removed.
     *
     * @param report gets a line for each server
     * @param trouble gets a line for each file that stays against our will
     */
    void prune(Period olderThan, boolean dryRun, Messages messages, StringBuilder report, StringBuilder trouble)
            throws IOException, InterruptedException {
        long now = System.currentTimeMillis();
        long latest = now - olderThan.nanos() / 1_000_000L;
        Map<ServerName, Left> old = new TreeMap<>((a, b) -> a.value().compareTo(b.value()));
        for (Map.Entry<ServerName, Left> entry : all().entrySet()) {
            if (entry.getValue().lastMillis <= latest && isGone(supervisor.known(entry.getKey()))) {
                old.put(entry.getKey(), entry.getValue());
            }
        }
        Set<Path> open = old.isEmpty() ? Set.of() : proc.openFiles();
        for (Map.Entry<ServerName, Left> entry : old.entrySet()) {
            Left left = entry.getValue();
            left.files.removeIf(open::contains);
            int removed = 0;
            for (Path file : left.files) {
                String why = dryRun ? null : remove(file, entry.getKey());
                if (why == null) {
                    removed++;
                } else {
                    trouble.append(messages.error("cannot remove " + Quote.of(file.toString()) + ": " + why));
                }
            }
            if (removed > 0) {
                report.append(
                        messages.pruned(entry.getKey().value(), dryRun, removed, left.bytes, now - left.lastMillis));
            }
        }
    }

    private static boolean isGone(Server server) {
        return server.state().forgettable() && server.foreign() == null;
    }

    private Map<ServerName, Left> all() throws IOException {
        Map<ServerName, Left> all = new TreeMap<>((a, b) -> a.value().compareTo(b.value()));
        for (Path directory : directories) {
            if (!Files.isDirectory(directory)) {
                continue;
            }
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
                for (Path file : files) {
                    ServerName name = nameOf(file.getFileName().toString());
                    if (name != null) {
                        add(all, name, file);
                    }
                }
            }
        }
        return all;
    }

    private static void add(Map<ServerName, Left> all, ServerName name, Path file) {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            if (attributes.isRegularFile()) {
                Left left = all.computeIfAbsent(name, n -> new Left());
                left.files.add(file);
                left.bytes += attributes.size();
                left.lastMillis =
                        Math.max(left.lastMillis, attributes.lastModifiedTime().toMillis());
            }
        } catch (IOException e) {
            // gone in between, or not ours to look at
        }
    }

    private static @Nullable ServerName nameOf(String file) {
        for (String ending : ENDINGS) {
            if (file.endsWith(ending)) {
                try {
                    return ServerName.existing(file.substring(0, file.length() - ending.length()));
                } catch (InvalidInput e) {
                    return null; // a file that is none of ours
                }
            }
        }
        return null;
    }

    /** Removes a file unless its server has been started meanwhile; returns null, or why not. */
    private @Nullable String remove(Path file, ServerName name) {
        Path aside = file.resolveSibling(ASIDE + file.getFileName());
        try {
            Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
            // a start that we do not see here will not find the file
            if (isGone(supervisor.server(name))) {
                Files.delete(aside);
                return null;
            }
            if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
            } else {
                Files.delete(aside);
            }
            return "its server has just been started";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
