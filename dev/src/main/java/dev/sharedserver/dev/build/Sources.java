package dev.sharedserver.dev.build;

import java.nio.file.Path;
import java.util.List;

/** Which files a build is made of. A picture of one moment: what it says may depend on files that change. */
public interface Sources {

    /** Returns the directories to watch. */
    List<Path> roots();

    /** Tells whether a directory below a root is watched, too. */
    boolean entered(Path directory);

    /** Tells whether a change of that file asks for a build. */
    boolean relevant(Path file);

    /** Tells whether another picture asks for the same watch. */
    boolean sameWatch(Sources other);

    /** Tells whether that is a file that editors make beside the one that is edited. */
    static boolean isEditors(String name) {
        return name.startsWith(".") || name.startsWith("#") || name.endsWith("~") || name.equals("4913");
    }
}
