package dev.sharedserver.e2e;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Opens sandboxes that end with the test. */
final class Sandboxes {
    private final List<Sandbox> opened = new CopyOnWriteArrayList<>();

    Sandbox open(Medium medium) {
        return add(new Sandbox(medium.newDirectory()));
    }

    /** Opens one whose state directory has that name (which may hold slashes) below a new directory. */
    Sandbox open(Medium medium, String lockdirName) {
        return add(new Sandbox(medium.newDirectory(), lockdirName));
    }

    Sandbox at(Path root) {
        return add(new Sandbox(root));
    }

    private Sandbox add(Sandbox sandbox) {
        opened.add(sandbox);
        return sandbox;
    }

    List<Sandbox> opened() {
        return opened;
    }
}
