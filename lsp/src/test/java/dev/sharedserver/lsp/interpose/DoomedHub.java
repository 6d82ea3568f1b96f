package dev.sharedserver.lsp.interpose;

import com.google.gson.Gson;
import java.nio.file.Path;
import java.time.Duration;

/** A hub that attaches, writes down what it did, and is killed: {@code DoomedHub PID STDIN STDOUT}. */
final class DoomedHub {

    private DoomedHub() {}

    static void main(String[] args) throws Exception {
        Interposed interposed = new Interposer()
                .interpose(Long.parseLong(args[0]), 0, Path.of(args[1]), Path.of(args[2]), Duration.ofSeconds(20));
        System.out.println(new Gson().toJson(interposed.attachment()));
        Thread.sleep(Duration.ofMinutes(5));
    }
}
