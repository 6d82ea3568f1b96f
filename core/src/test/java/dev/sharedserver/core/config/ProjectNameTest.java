package dev.sharedserver.core.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.sharedserver.core.InvalidInput;
import dev.sharedserver.core.ServerName;
import org.junit.jupiter.api.Test;

class ProjectNameTest {

    private static ServerName name(String text) throws InvalidInput {
        return ServerName.of(text);
    }

    @Test
    void theDirectoryIsEightDigitsOfItsHash() throws InvalidInput {
        // printf /home/me/project | sha256sum
        assertEquals(
                "web@225df309", ProjectName.of(name("web"), "/home/me/project").value());
        assertNotEquals(ProjectName.of(name("web"), "/a"), ProjectName.of(name("web"), "/b"));
        assertEquals(ProjectName.of(name("a@b"), "/a").value().indexOf("a@b@"), 0);
    }

    @Test
    void aNameTellsWhoseItIs() throws InvalidInput {
        ServerName web = ProjectName.of(name("web"), "/a");
        assertTrue(ProjectName.isOne(web));
        assertTrue(ProjectName.isOf(web, name("web")));
        assertFalse(ProjectName.isOf(web, name("we")));
        assertFalse(ProjectName.isOf(web, name("wob")));
        for (String other :
                new String[] {"web", "web@", "web@1234567", "web@123456789", "web@1234567g", "web@1234567A"}) {
            assertFalse(ProjectName.isOne(other), other);
        }
        assertTrue(ProjectName.isOne("a@b@12345678"));
    }

    @Test
    void theNameLeavesRoomForIt() throws InvalidInput {
        assertTrue(ProjectName.fits(name("x".repeat(119))));
        assertFalse(ProjectName.fits(name("x".repeat(120))));
        assertEquals(128, ProjectName.of(name("x".repeat(119)), "/").value().length());
    }
}
