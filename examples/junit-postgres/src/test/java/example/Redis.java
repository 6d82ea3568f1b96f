package example;

import dev.sharedserver.junit.Ready;
import dev.sharedserver.junit.UseSharedServer;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A Redis that keeps nothing on disk. */
@Target({ElementType.TYPE, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@UseSharedServer(
        name = "example-redis",
        shell = "exec redis-server --port $PORT --bind 127.0.0.1 --save ''",
        port = "auto",
        ready = @Ready(tcp = "${PORT}"))
public @interface Redis {}
