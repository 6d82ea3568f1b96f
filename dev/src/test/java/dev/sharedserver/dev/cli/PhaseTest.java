package dev.sharedserver.dev.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sharedserver.dev.DevProcessStatus;
import dev.sharedserver.dev.DevServerMode;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.ProjectState;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PhaseTest {

    /** A process that a builder starts, and two builders. */
    private static DevServerState state(DevProcessStatus run, DevProcessStatus first, DevProcessStatus second) {
        ProjectState project = new ProjectState(
                "custom",
                List.of(new ProjectState.OfProcess("run", run, 0, 0, "", null, "")),
                List.of(builder("first", first), builder("second", second)));
        return new DevServerState(
                "shop",
                DevServerMode.MANAGED,
                "/shop",
                0,
                "",
                run,
                first,
                0,
                DevServerState.NEVER,
                "",
                false,
                new DevServerState.Extra(null, 1, project));
    }

    private static ProjectState.OfBuilder builder(String name, DevProcessStatus status) {
        return new ProjectState.OfBuilder(name, status, "", 0, DevServerState.NEVER, 1, 0, "");
    }

    @ParameterizedTest
    @CsvSource({
        "IDLE, IDLE, IDLE, UNDER_WAY, starting run+starting first+starting second",
        "IDLE, BUILDING, IDLE, UNDER_WAY, starting run+building first+starting second",
        "IDLE, ERROR, BUILDING, UNDER_WAY, starting run+building second",
        "IDLE, ERROR, READY, FAILED, ''",
        "IDLE, ERROR, ERROR, FAILED, ''",
        "IDLE, READY, READY, UNDER_WAY, starting run",
        "STARTING, ERROR, READY, UNDER_WAY, starting run",
        "RUNNING, ERROR, READY, FAILED, ''",
        "RUNNING, READY, READY, READY, ''"
    })
    void aProcessThatWaitsForAGoodBuildIsNotUnderWayOnceThatHasFailed(
            DevProcessStatus run, DevProcessStatus first, DevProcessStatus second, Phase phase, String underWay) {
        DevServerState state = state(run, first, second);
        assertEquals(phase, Phase.of(state));
        assertEquals(underWay, String.join("+", Phase.underWay(state)));
    }
}
