package dev.sharedserver.dev.build;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which files make a plugin's back end: all of {@code pkg}, Go's own files and embedded ones elsewhere in the plugin, and the
 * {@code pkg} trees of the modules of its workspace. A picture of one moment: {@link #outdatedBy} says when to take another.
 */
public final class GoSources implements Sources {

    private static final Set<String> OF_ROOT = Set.of("go.mod", "go.sum", GoWork.FILE, "go.work.sum", "plugin.yaml");
    private static final Set<String> NEVER = Set.of("vendor", "node_modules");

    /** Directories of the plugin that are no sources of its back end: the front end, and what is built. */
    private static final Set<String> NOT_OF_BACK_END = Set.of("ui", "build");

    private static final String PACKAGES = "pkg";
    private static final String EMBED = "//go:embed ";

    private final Path plugin;
    private final @Nullable Path work;
    private final List<Path> trees = new ArrayList<>();
    private final List<Path> embedded = new ArrayList<>();

    /** Looks at a plugin. */
    public GoSources(Path plugin) {
        this.plugin = plugin.toAbsolutePath().normalize();
        work = GoWork.find(this.plugin);
        trees.add(this.plugin.resolve(PACKAGES));
        if (work != null) {
            for (Path module : GoWork.modules(work)) {
                Path tree = module.resolve(PACKAGES);
                if (!trees.contains(tree) && Files.isDirectory(tree)) {
                    trees.add(tree);
                }
            }
        }
        findEmbedded();
    }

    /** Files of the root that its Go files embed; what those below pkg embed lies below pkg, too. */
    private void findEmbedded() {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(plugin, "*.go")) {
            for (Path file : files) {
                for (String line : Files.readAllLines(file)) {
                    if (line.startsWith(EMBED)) {
                        for (String pattern :
                                line.substring(EMBED.length()).strip().split("\\s+", -1)) {
                            embedded.add(plugin.resolve(fixedPart(pattern)).normalize());
                        }
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            // gone or no text: a change of it is a change of a Go file
        }
    }

    /** Returns the directory or file of a pattern, up to its first wildcard. */
    private static String fixedPart(String pattern) {
        String bare = pattern.replace("\"", "").replace("`", "");
        bare = bare.startsWith("all:") ? bare.substring(4) : bare;
        int wild = 0;
        while (wild < bare.length() && "*?[".indexOf(bare.charAt(wild)) < 0) {
            wild++;
        }
        return wild == bare.length() ? bare : bare.substring(0, bare.lastIndexOf('/', wild) + 1);
    }

    @Override
    public List<Path> roots() {
        Set<Path> roots = new LinkedHashSet<>(List.of(plugin));
        trees.stream().filter(tree -> !tree.startsWith(plugin)).forEach(roots::add);
        if (work != null && work.getParent() != null) {
            roots.add(work.getParent());
        }
        return List.copyOf(roots);
    }

    @Override
    public boolean entered(Path directory) {
        Path name = directory.getFileName();
        if (name == null || name.toString().startsWith(".") || NEVER.contains(name.toString())) {
            return false;
        }
        if (directory.startsWith(plugin)) {
            return !(plugin.equals(directory.getParent()) && NOT_OF_BACK_END.contains(name.toString()));
        }
        // a directory on the way from a go.work to what it uses is looked at by itself
        return trees.stream().anyMatch(directory::startsWith);
    }

    @Override
    public boolean relevant(Path file) {
        Path fileName = file.getFileName();
        if (fileName == null || file.equals(plugin)) {
            return false;
        }
        String name = fileName.toString();
        if (Sources.isEditors(name)) {
            return false;
        }
        if (file.equals(work) || trees.stream().anyMatch(file::startsWith)) {
            return !ignoredBelow(file);
        }
        if (!file.startsWith(plugin) || ignoredBelow(file)) {
            return false;
        }
        return plugin.equals(file.getParent()) && OF_ROOT.contains(name)
                || name.endsWith(".go")
                || embedded.stream().anyMatch(file::startsWith);
    }

    private boolean ignoredBelow(Path file) {
        Path base = file.startsWith(plugin)
                ? plugin
                : trees.stream().filter(file::startsWith).findFirst().orElse(file.getParent());
        Path relative = base == null ? file : base.relativize(file);
        if (base != null
                && base.equals(plugin)
                && NOT_OF_BACK_END.contains(relative.getName(0).toString())) {
            return true;
        }
        for (Path part : relative) {
            if (part.toString().startsWith(".") || NEVER.contains(part.toString())) {
                return true;
            }
        }
        return false;
    }

    /** Tells whether there may be other files to watch after a change of that one. */
    public boolean outdatedBy(Path file) {
        Path name = file.getFileName();
        return name != null
                && (name.toString().equals(GoWork.FILE)
                        || name.toString().endsWith(".go") && plugin.equals(file.getParent()));
    }

    @Override
    public boolean sameWatch(Sources other) {
        return other instanceof GoSources that && roots().equals(that.roots()) && trees.equals(that.trees);
    }
}
