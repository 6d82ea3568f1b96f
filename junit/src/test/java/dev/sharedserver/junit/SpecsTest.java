package dev.sharedserver.junit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.client.ServerSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpecsTest {

    @UseSharedServer(
            name = "all",
            command = {"serve", "--quick", ""},
            port = "8080",
            ready = @Ready(http = "http://127.0.0.1:${PORT}/", timeout = "1h2m3s4ms"),
            env = {"A=b=c", "B="},
            workingDir = "/w",
            logFile = "/l",
            config = "/c",
            gracePeriod = "1d",
            stopSignal = "INT",
            stopTimeout = "250ms",
            restart = ServerSpec.Restart.ON_FAILURE,
            onMismatch = ServerSpec.OnMismatch.FAIL)
    private static final class All {}

    @UseSharedServer(name = "x", shell = "exec serve", port = "auto", ready = @Ready(tcp = "1"))
    private static final class Tcp {}

    @UseSharedServer(name = "x", ready = @Ready(log = "up"))
    private static final class Log {}

    @UseSharedServer(name = "x", ready = @Ready(exec = "true"))
    private static final class Exec {}

    @UseSharedServer(name = "x", ready = @Ready(sdNotify = true))
    private static final class Notify {}

    @UseSharedServer(name = "x")
    private static final class NameOnly {}

    @UseSharedServer(name = " ")
    private static final class NoName {}

    @UseSharedServer(name = "x", command = "a", shell = "b")
    private static final class TwoCommands {}

    @UseSharedServer(name = "x", ready = @Ready(tcp = "1", exec = "b"))
    private static final class TwoProbes {}

    @UseSharedServer(name = "x", env = "=b")
    private static final class BadVariable {}

    @UseSharedServer(name = "x", port = "65536")
    private static final class BadPort {}

    @UseSharedServer(name = "x", gracePeriod = "5 minutes")
    private static final class BadTime {}

    @UseSharedServer(name = "x", workingDir = "a\0b")
    private static final class BadPath {}

    private static UseSharedServer on(Class<?> type) {
        return Objects.requireNonNull(type.getAnnotation(UseSharedServer.class), "it is annotated");
    }

    /** What it comes to, all of it: {@link ServerSpec} shows its words to its own package only. */
    private static String words(ServerSpec spec) throws ReflectiveOperationException {
        var words = ServerSpec.class.getDeclaredMethod("words", long.class);
        words.setAccessible(true);
        return String.valueOf(words.invoke(spec, 1));
    }

    @Test
    void allThatAnAnnotationSaysReachesTheSpecification() throws ReflectiveOperationException {
        ServerSpec expected = ServerSpec.named("all")
                .command("serve", "--quick", "")
                .port(8080)
                .readyHttp("http://127.0.0.1:${PORT}/")
                .readyTimeout(Duration.ofHours(1).plusMinutes(2).plusSeconds(3).plusMillis(4))
                .env("A", "b=c")
                .env("B", "")
                .workingDir(Path.of("/w"))
                .logFile(Path.of("/l"))
                .config(Path.of("/c"))
                .gracePeriod(Duration.ofDays(1))
                .stopTimeout(Duration.ofMillis(250))
                .stopSignal("INT")
                .restart(ServerSpec.Restart.ON_FAILURE)
                .onMismatch(ServerSpec.OnMismatch.FAIL);
        assertEquals(words(expected), words(Specs.of(on(All.class))));
    }

    @Test
    void eachProbeOfTheProductCanBeAskedFor() throws ReflectiveOperationException {
        ServerSpec x = ServerSpec.named("x");
        assertEquals(words(x.shell("exec serve").autoPort().readyTcp("1")), words(Specs.of(on(Tcp.class))));
        assertEquals(words(x.readyLog("up")), words(Specs.of(on(Log.class))));
        assertEquals(words(x.readyExec("true")), words(Specs.of(on(Exec.class))));
        assertEquals(words(x.readyNotify()), words(Specs.of(on(Notify.class))));
        assertEquals(words(x), words(Specs.of(on(NameOnly.class))));
    }

    @Test
    void nothingButANameIsAReference() {
        assertTrue(Specs.isReference(on(NameOnly.class)));
        assertFalse(Specs.isReference(on(Log.class)));
        assertFalse(Specs.isReference(on(All.class)));
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                NoName.class,
                TwoCommands.class,
                TwoProbes.class,
                BadVariable.class,
                BadPort.class,
                BadTime.class,
                BadPath.class
            })
    void aMistakeIsToldWithItsPlaceAndWhatIsExpected(Class<?> type) {
        String said = String.valueOf(assertThrows(ExtensionConfigurationException.class, () -> Specs.of(on(type)))
                .getMessage());
        assertTrue(
                said.matches("(?s)@UseSharedServer\\(name = \"[x ]\"\\): [a-zA-Z.]+: .* expected.*, found .*"), said);
    }
}
