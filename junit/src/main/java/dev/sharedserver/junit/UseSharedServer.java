package dev.sharedserver.junit;

import dev.sharedserver.client.ServerSpec;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A server that tests need. It is started unless it runs already, and is ready before the first of them begins. All test
 * classes of this JVM, other forks, the next run and whoever else uses its name share it: it runs on until the last of them has
 * ended, and for its grace period after that.
 *
 * {@snippet file="JUnitExamples.java" region="class"}
 *
 * <p>On a test class (its {@code @Nested} classes and its subclasses have it, too), on a method, on a parameter of a
 * constructor, test or lifecycle method, or on an annotation of your own:
 *
 * {@snippet file="JUnitExamples.java" region="composed"}
 *
 * <p>A parameter of type {@link dev.sharedserver.client.Lease} is given the only server that its test has. One that is annotated
 * may be a {@code Lease}, an {@code int} (the server's port) or a {@link java.net.URI} (its endpoint); with nothing but a name it
 * means the server of that name on its test or class, and where there is none, that of the config file.
 *
 * <p>The leases belong to the test run, whose end gives them back, and do not have to be closed.
 *
 * <p>The command {@code sharedserver} is looked for as {@link dev.sharedserver.client.SharedServers#connect()} does it. The
 * configuration parameters of JUnit (the file {@code junit-platform.properties}, system properties) {@code sharedserver.bin} and
 * {@code sharedserver.lockdir} name another one, and another directory for the state.
 *
 * <p>Strings of time are as on the command line: {@code 10m}, {@code 1h30m}, {@code 500ms}.
 */
@Target({ElementType.TYPE, ElementType.METHOD, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@Repeatable(UseSharedServers.class)
@ExtendWith(SharedServerExtension.class)
public @interface UseSharedServer {

    /**
     * Its name, which all who share it call it by.
     *
     * @see ServerSpec#named
     */
    String name();

    /** The program, which is looked for in {@code PATH}, and its arguments. Without it and {@link #shell}, as the config file has it. */
    String[] command() default {};

    /** A line of {@code /bin/sh} instead of {@link #command}; {@code $PORT} is the server's port. Begin it with {@code exec}. */
    String shell() default "";

    /** The port that it finds in {@code $PORT}: a number, or {@code auto} for a free one, the same every time. */
    String port() default "";

    /** When it is ready; at once, if nothing is said. */
    Ready ready() default @Ready;

    /** Variables, each {@code NAME=value}, beside those of this JVM. */
    String[] env() default {};

    /** Where it runs; this JVM's working directory if nothing is said. */
    String workingDir() default "";

    /** How long it stays when nobody holds it; 5 minutes if nothing is said. */
    String gracePeriod() default "";

    /** Where its output goes, appended; a log of its own if nothing is said. */
    String logFile() default "";

    /** The config file to look for the name in, instead of the nearest one. */
    String config() default "";

    /** What to do when it fails while it is held. */
    ServerSpec.Restart restart() default ServerSpec.Restart.NEVER;

    /** What to do when it runs with another command, directory or environment. */
    ServerSpec.OnMismatch onMismatch() default ServerSpec.OnMismatch.WARN;

    /** What asks it to end; {@code TERM} if nothing is said. */
    String stopSignal() default "";

    /** How long it may take to end before it is killed; 5 seconds if nothing is said. */
    String stopTimeout() default "";
}
