package dev.sharedserver.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ServerSpecTest {

    @Test
    void aSpecificationIsACommandLine() {
        ServerSpec spec = ServerSpec.named("web")
                .command("python3", "-m", "http.server", "-p")
                .autoPort()
                .readyTcp("1")
                .readyHttp("http://127.0.0.1:" + ServerSpec.PORT + "/")
                .readyTimeout(Duration.ofSeconds(3))
                .gracePeriod(Duration.ZERO)
                .env("A", "b=c")
                .env("A", "")
                .workingDir(Path.of("/w"))
                .restart(ServerSpec.Restart.ON_FAILURE)
                .onMismatch(ServerSpec.OnMismatch.FAIL);
        assertEquals(
                List.of(
                        "web",
                        "--pid",
                        "7",
                        "--json",
                        "--port=auto",
                        "--ready-http=http://127.0.0.1:${PORT}/",
                        "--ready-timeout=3000ms",
                        "--grace-period=0ms",
                        "--working-dir=/w",
                        "--restart=on-failure",
                        "--on-mismatch=fail",
                        "--env=A=b=c",
                        "--env=A=",
                        "--",
                        "python3",
                        "-m",
                        "http.server",
                        "-p"),
                spec.words(7));
    }

    @Test
    void theLastCommandCountsAndEachSpecificationStaysWhatItIs() {
        ServerSpec shell = ServerSpec.named("web").shell("exec sleep 1").readyNotify();
        ServerSpec plain = shell.command("sleep", "1");
        assertEquals(
                List.of("web", "--pid", "7", "--json", "--shell", "--ready-notify", "--", "exec sleep 1"),
                shell.words(7));
        assertEquals(List.of("web", "--pid", "7", "--json", "--ready-notify", "--", "sleep", "1"), plain.words(7));
        assertEquals(List.of("x", "--pid", "7", "--json"), ServerSpec.named("x").words(7));
    }
}
