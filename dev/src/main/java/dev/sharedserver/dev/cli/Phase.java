package dev.sharedserver.dev.cli;

import dev.sharedserver.dev.DevProcessStatus;
import dev.sharedserver.dev.DevServerState;
import dev.sharedserver.dev.ProjectState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How far a project is, as a whole. */
enum Phase {
    /** Something is being installed, started or built. */
    UNDER_WAY,
    /** All that it has is up and built. */
    READY,
    /** Something has failed. */
    FAILED;

    static Phase of(DevServerState state) {
        boolean failed = !state.lastError().isEmpty();
        for (DevProcessStatus status : parts(state).values()) {
            if (of(status) == UNDER_WAY) {
                return UNDER_WAY;
            }
            failed |= of(status) == FAILED;
        }
        return failed ? FAILED : READY;
    }

    /** Returns what is under way: the words for it. */
    static List<String> underWay(DevServerState state) {
        List<String> names = new ArrayList<>();
        parts(state).forEach((name, status) -> {
            if (of(status) == UNDER_WAY) {
                names.add((status == DevProcessStatus.BUILDING ? "building " : "starting ") + name);
            }
        });
        return names;
    }

    /** Tells whether processes that wait for a good build wait for a person: it has failed, and no other one is to come by itself. */
    private static boolean needsMending(ProjectState project) {
        return project.builders().stream().anyMatch(builder -> of(builder.status()) == FAILED)
                && project.builders().stream().noneMatch(builder -> of(builder.status()) == UNDER_WAY);
    }

    private static Map<String, DevProcessStatus> parts(DevServerState state) {
        Map<String, DevProcessStatus> parts = new LinkedHashMap<>();
        DevServerState.Extra extra = state.extra();
        ProjectState project = extra == null ? null : extra.project();
        if (project == null) {
            parts.put("the front end", state.viteStatus());
            parts.put("the back end", state.goStatus());
        } else {
            boolean waits = needsMending(project);
            project.processes().stream()
                    .filter(process -> !waits || process.status() != DevProcessStatus.IDLE)
                    .forEach(process -> parts.put(process.name(), process.status()));
            project.builders().forEach(builder -> parts.put(builder.name(), builder.status()));
        }
        return parts;
    }

    private static Phase of(DevProcessStatus status) {
        return switch (status) {
            case NONE, RUNNING, READY -> READY;
            case IDLE, STARTING, BUILDING -> UNDER_WAY;
            case ERROR, STOPPED -> FAILED;
        };
    }
}
