package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sharedserver.client.Lease;
import dev.sharedserver.junit.UseSharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Another class, in another fork: the same PostgreSQL, and a Redis. */
@Postgres
@Redis
class OwnersTest {

    private final int postgres;

    OwnersTest(@UseSharedServer(name = "example-postgres") int postgres) {
        this.postgres = postgres;
    }

    @BeforeAll
    static void note(@Postgres Lease postgres) throws IOException {
        Notes.of(OwnersTest.class, postgres);
    }

    @Test
    void anotherForksRowsAreNotSeen() throws SQLException {
        try (Database database = new Database(postgres)) {
            assertEquals(0, database.number("select count(*) from account"));
        }
    }

    @Test
    void redisAnswers(@Redis URI redis) throws IOException {
        try (Socket socket = new Socket(redis.getHost(), redis.getPort());
                InputStream answer = socket.getInputStream()) {
            socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            assertEquals("+PONG", new String(answer.readNBytes(5), StandardCharsets.US_ASCII));
        }
    }
}
