package dev.sharedserver.top;

import dev.sharedserver.os.Proc;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** Prints the table now and again at every change: for pipes, files, and terminals that cannot do better. */
final class Plain {

    private final Product product;
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Load load = new Load(Proc.ROOT);
    private final CountDownLatch over = new CountDownLatch(1);
    private String last = "";
    private String complaint = "";

    Plain(Product product) {
        this.product = product;
    }

    /** Returns when nobody reads any more. */
    void run(Changes changes) throws InterruptedException {
        start("changes", new Watching(product, changes, this::print, this::complain));
        start("reader", () -> {
            if (Poll.awaitReaderGone()) {
                over.countDown();
            }
        });
        over.await();
    }

    private static void start(String name, Runnable task) {
        Thread.ofPlatform().name(name).daemon().start(task);
    }

    /** Says once what is tried again and again. */
    private void complain(String text) {
        if (!text.equals(complaint)) {
            complaint = text;
            System.err.println(text);
        }
    }

    private void print(List<Served> servers) {
        complaint = "";
        Set<Long> pids = new HashSet<>();
        StringBuilder all = new StringBuilder("servers:");
        for (Served server : servers) {
            if (server.pid() != null) {
                pids.add(server.pid());
            }
            // what counts as a change: not the time, which always passes
            all.append(server.endingAt(null));
        }
        String state = all.toString();
        if (state.equals(last)) {
            return;
        }
        String table = Screen.plain(servers, load.look(pids, System.nanoTime()), System.currentTimeMillis());
        try {
            out.write((last.isEmpty() ? table : "\n" + table).getBytes(StandardCharsets.UTF_8));
            last = state;
        } catch (IOException e) {
            over.countDown(); // nobody reads any more
        }
    }
}
