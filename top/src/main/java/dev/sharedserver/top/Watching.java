package dev.sharedserver.top;

import dev.sharedserver.core.Quote;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.util.List;
import java.util.function.Consumer;

/**
 * Asks the product for its servers, now and whenever something changed. A burst of changes costs two questions at most: one
 * that is being answered, and one for all that came meanwhile.
 */
final class Watching implements Runnable {

    /** How long to wait after a question that was not answered. */
    private static final long RETRY_MS = 500;

    private final Product product;
    private final Changes changes;
    private final Consumer<List<Served>> listed;
    private final Consumer<String> failed;

    Watching(Product product, Changes changes, Consumer<List<Served>> listed, Consumer<String> failed) {
        this.product = product;
        this.changes = changes;
        this.listed = listed;
        this.failed = failed;
    }

    @Override
    public void run() {
        try {
            while (true) {
                try {
                    listed.accept(product.list());
                } catch (IOException e) {
                    failed.accept("cannot list: " + Quote.escape(String.valueOf(e.getMessage())));
                    Thread.sleep(RETRY_MS);
                    continue;
                }
                changes.await();
            }
        } catch (IOException e) {
            failed.accept("cannot see changes any more: " + Quote.escape(String.valueOf(e.getMessage())));
        } catch (ClosedWatchServiceException e) {
            Thread.currentThread().interrupt(); // the view was left
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
