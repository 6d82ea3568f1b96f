package example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.sharedserver.client.Lease;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

@Postgres
class AccountsTest {

    @BeforeAll
    static void note(Lease postgres) throws IOException {
        Notes.of(AccountsTest.class, postgres);
    }

    @Test
    void anAccountIsKept(@Postgres int port) throws SQLException {
        try (Database database = new Database(port)) {
            database.execute("insert into account (owner) values ('Ada')");
            assertEquals(1, database.number("select count(*) from account where owner = 'Ada'"));
        }
    }

    @Test
    void theSchemaStoodBeforeThisTestBegan(@Postgres int port) throws SQLException {
        try (Database database = new Database(port)) {
            assertEquals(
                    1,
                    database.number(
                            "select case when max(at) < now() then 1 else 0 end from schema_applied"));
        }
    }
}
