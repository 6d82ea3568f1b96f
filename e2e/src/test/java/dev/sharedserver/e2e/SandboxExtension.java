package dev.sharedserver.e2e;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives a test its {@link Sandbox} (on tmpfs) or {@link Sandboxes}, and stops everything after it.
 *
 * <p>That nothing is left is looked at in the background, up to 10 s later, and reported for the class as a whole: a
 * test that left something is named in the failure of its class. Of a test that failed, everything is killed.
 */
final class SandboxExtension implements ParameterResolver, AfterEachCallback, AfterAllCallback {
    private static final Namespace HERE = Namespace.create(SandboxExtension.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Sandbox.class || type == Sandboxes.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        Sandboxes sandboxes =
                context.getStore(HERE).getOrComputeIfAbsent("sandboxes", key -> new Sandboxes(), Sandboxes.class);
        return parameter.getParameter().getType() == Sandboxes.class ? sandboxes : sandboxes.open(Medium.TMPFS);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        Sandboxes sandboxes = context.getStore(HERE).get("sandboxes", Sandboxes.class);
        if (sandboxes == null) {
            return;
        }
        for (Sandbox sandbox : sandboxes.opened()) {
            sandbox.stopEverything();
            if (context.getExecutionException().isPresent()) {
                // its failure is reported; what it left half-way, such as a suspended agent, is no finding
                sandbox.removeAll(context.getDisplayName());
                continue;
            }
            checks(context).begin(context.getDisplayName(), sandbox);
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        checks(context).report();
    }

    private static Checks checks(ExtensionContext context) {
        ExtensionContext ofClass = context;
        while (ofClass.getTestMethod().isPresent()) {
            ofClass = ofClass.getParent().orElseThrow();
        }
        return ofClass.getStore(HERE).getOrComputeIfAbsent("checks", key -> new Checks(), Checks.class);
    }

    /** What is looked at behind the tests' backs. */
    private static final class Checks {
        private final List<FutureTask<@Nullable String>> running = new CopyOnWriteArrayList<>();

        void begin(String test, Sandbox sandbox) {
            FutureTask<@Nullable String> check = new FutureTask<>(() -> {
                String problem = sandbox.awaitNothingLeft();
                return problem == null ? null : test + " left something in " + sandbox.root() + ":\n" + problem;
            });
            running.add(check);
            Thread.ofVirtual().start(check);
        }

        void report() throws InterruptedException, ExecutionException {
            StringBuilder problems = new StringBuilder();
            for (FutureTask<@Nullable String> check : running) {
                String problem = check.get();
                if (problem != null) {
                    problems.append(problem).append('\n');
                }
            }
            if (!problems.isEmpty()) {
                throw new AssertionError(problems.toString());
            }
        }
    }
}
