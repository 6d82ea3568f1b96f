package dev.sharedserver.lsp.interpose;

import com.google.gson.Gson;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A hub that attaches, writes down what it does before it is done, and is killed some time later: {@code DoomedHub PID STDIN
 * STDOUT}.
 */
final class DoomedHub {

    private DoomedHub() {}

    static void main(String[] args) throws Exception {
        Interposed interposed = new Interposer()
                .interpose(
                        Long.parseLong(args[0]),
                        0,
                        Path.of(args[1]),
                        Path.of(args[2]),
                        Duration.ofMinutes(1),
                        Via.INJECT,
                        attachment -> System.out.println(new Gson().toJson(attachment)));
        System.out.println("done " + interposed.pause());
        Thread.sleep(Duration.ofMinutes(5));
    }
}
