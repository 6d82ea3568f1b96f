package dev.sharedserver.dev.project;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.dev.build.Sources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The files that a builder's globs mean. Hidden ones, those of editors, and what lies in {@code node_modules}, {@code __pycache__} or a
 * hidden directory is meant only by a glob that names it.
 */
public final class GlobSources implements Sources {

    private static final Set<String> NEVER = Set.of("node_modules", "__pycache__");

    private final Path directory;
    private final List<Glob> watch;
    private final List<Glob> ignore;

    /** Takes the globs of a builder. */
    public GlobSources(Path directory, BuilderSpec builder) {
        this.directory = directory;
        this.watch = globs(builder.watch());
        this.ignore = globs(builder.ignore());
    }

    private static List<Glob> globs(List<String> texts) {
        List<Glob> globs = new ArrayList<>();
        for (String text : texts) {
            try {
                globs.add(Glob.of(text));
            } catch (InvalidInput e) {
                throw new IllegalArgumentException("the globs of a project were read before", e);
            }
        }
        return globs;
    }

    @Override
    public List<Path> roots() {
        return List.of(directory);
    }

    @Override
    public boolean entered(Path below) {
        if (!below.startsWith(directory)) {
            return false;
        }
        Path relative = directory.relativize(below);
        Path last = relative.getFileName();
        String name = last == null ? "" : last.toString();
        boolean special = name.startsWith(".") || NEVER.contains(name);
        return watch.stream().anyMatch(glob -> special ? glob.names(relative) : glob.leadsInto(relative))
                && ignore.stream().noneMatch(glob -> glob.matches(relative));
    }

    @Override
    public boolean relevant(Path file) {
        if (!file.startsWith(directory) || file.equals(directory)) {
            return false;
        }
        Path relative = directory.relativize(file);
        return watch.stream().anyMatch(glob -> glob.matches(relative) && !isSpecial(relative, glob))
                && !isIgnored(relative);
    }

    private boolean isIgnored(Path relative) {
        for (Path part = relative; part != null; part = part.getParent()) {
            Path one = part;
            if (ignore.stream().anyMatch(glob -> glob.matches(one))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSpecial(Path relative, Glob glob) {
        Path way = Path.of("");
        for (Path name : relative) {
            way = way.resolve(name);
            boolean special = Sources.isEditors(name.toString()) || NEVER.contains(name.toString());
            if (special && !glob.names(way)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public boolean sameWatch(Sources other) {
        return true; // globs do not change while a project runs
    }
}
