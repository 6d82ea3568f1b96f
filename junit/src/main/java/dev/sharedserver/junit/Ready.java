package dev.sharedserver.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** When a server is ready: one of these probes, or none. A test begins after it has succeeded. */
@Target({})
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface Ready {

    /** When somebody listens there: {@code PORT} or {@code HOST:PORT}; <code>${PORT}</code> is the server's port. */
    String tcp() default "";

    /** When a GET of this URL is answered by a status from 200 to 399; <code>${PORT}</code> is the server's port. */
    String http() default "";

    /** When a line of its log matches this regular expression. */
    String log() default "";

    /** When this line of {@code /bin/sh} exits with 0, in the server's directory and environment. */
    String exec() default "";

    /** When it says so itself, as {@code sd_notify(3)} does. */
    boolean sdNotify() default false;

    /** How long it may take; 30 seconds if nothing is said. */
    String timeout() default "";
}
