package dev.sharedserver.agent;

import dev.sharedserver.core.ProcessId;
import dev.sharedserver.core.wire.Sender;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the build of a launcher takes over: the younger one of two, so that two which are used in turn do not
 * take over from each other for ever, and any that stands where this one stood. What a launcher says of itself is only
 * the occasion; what counts is the file that its process executes. Thread-safe.
 */
final class Succession {

    private final Build own;
    private final Path ownBinary;
    private final ProcessId guard;
    private final Proc proc;
    private final Set<Candidate> unfit = ConcurrentHashMap.newKeySet();

    /** A binary as it was when it was refused: what is put in its place gets its chance, even with the same inode. */
    private record Candidate(Object file, FileTime changed) {
        static Candidate of(BasicFileAttributes attributes) {
            return new Candidate(
                    Objects.requireNonNull(attributes.fileKey(), "a file without an inode"),
                    attributes.lastModifiedTime());
        }
    }

    /**
     * Makes the judge of an agent.
     *
     * @param home the product's directory that it runs from
     */
    Succession(String version, Path home, ProcessId guard, Proc proc) {
        this.own = new Build(version);
        this.ownBinary = home.resolve("bin/sharedserver");
        this.guard = guard;
        this.proc = proc;
    }

    /** Tells whether a launcher is of the build that the agent is of; asked in every request. */
    boolean sameBuild(String version) {
        return version.equals(own.name());
    }

    /** Returns the version of the agent. */
    String version() {
        return own.name();
    }

    /** Returns the product's command that the agent belongs to. */
    Path binary() {
        return ownBinary;
    }

    /** Returns the binary of the launcher's build if that is to take over, null if this agent is to serve. */
    @Nullable
    Path heir(Sender sender) {
        ProcStat stat = proc.stat(sender.pid());
        if (stat == null || stat.startTime() != sender.stamp()) {
            return null; // gone, or in another pid namespace
        }
        try {
            return heir(new Build(sender.version()), executable(sender.pid()));
        } catch (IOException | RuntimeException e) {
            return null; // not ours to look at, or no product around it: it is served
        }
    }

    private @Nullable Path heir(Build theirs, Path executable) throws IOException {
        Path binary = Files.readSymbolicLink(executable);
        BasicFileAttributes running = Files.readAttributes(executable, BasicFileAttributes.class);
        BasicFileAttributes found = Files.readAttributes(binary, BasicFileAttributes.class);
        Candidate candidate = Candidate.of(running);
        // in another mount namespace the path means something else, or nothing
        if (!candidate.equals(Candidate.of(found)) || unfit.contains(candidate)) {
            return null;
        }
        Path home = binary.resolve("../..").normalize();
        if (!Files.readString(home.resolve("lib/version")).strip().equals(theirs.name())) {
            return null;
        }
        if (binary.equals(ownBinary)) {
            return binary; // the tree that this agent came from is no more
        }
        int order = theirs.compareTo(own);
        if (order == 0) {
            order = running.lastModifiedTime().compareTo(Files.getLastModifiedTime(executable(guard.pid())));
        }
        return order > 0 ? binary : null;
    }

    /** Remembers a binary that cannot take over, for as long as this agent lives. */
    void refuse(Path binary) {
        try {
            unfit.add(Candidate.of(Files.readAttributes(binary, BasicFileAttributes.class)));
        } catch (IOException e) {
            // gone by itself
        }
    }

    private Path executable(long pid) {
        return proc.program(pid);
    }
}
