package example;

import dev.sharedserver.junit.Ready;
import dev.sharedserver.junit.UseSharedServer;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A PostgreSQL with this project's schema. It is ready when the schema stands, so no test has to make it. */
@Target({ElementType.TYPE, ElementType.PARAMETER})
@Retention(RetentionPolicy.RUNTIME)
@UseSharedServer(
        name = "example-postgres",
        command = {"sh", "src/test/servers/postgres.sh"},
        port = "auto",
        ready =
                @Ready(
                        exec = "psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p $PORT -U test -d postgres"
                                + " -f src/test/servers/schema.sql",
                        timeout = "2m"),
        gracePeriod = "30m",
        stopSignal = "INT") // PostgreSQL's "fast shutdown"; TERM would wait for connections
public @interface Postgres {}
