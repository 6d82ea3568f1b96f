package dev.sharedserver.top;

import dev.sharedserver.os.Proc;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;

/** Does once what every start does, without showing anything: what the AOT cache is made of. */
final class Rehearsal {

    private Rehearsal() {}

    static void run() throws IOException {
        String json =
                "[{\"name\":\"web\",\"state\":\"active\",\"pid\":1,\"command\":[\"x y\"],\"started_at\":1,\"clients\":"
                        + "[{\"pid\":1,\"attached_at\":\"2026-01-01T00:00:00Z\",\"metadata\":null}]}]";
        View view = new View();
        view.show(Listing.parse(json));
        view.costs = new Load(Proc.ROOT).look(Set.of(1L), System.nanoTime());
        Screen screen = new Screen(new Colors(true), true, pid -> new Screen.Facts("/bin/x", "/"));
        List<AttributedString> lines = screen.lines(view, 80, 24, System.currentTimeMillis());
        Screen.plain(view.all(), Map.of(), System.currentTimeMillis());
        new Changes(Path.of("/")).close();
        // without a terminal, as in a build, this asks the system all the same and ends with a dumb one
        try (Terminal terminal = Main.terminal()) {
            terminal.handle(Terminal.Signal.WINCH, Terminal.SignalHandler.SIG_DFL);
            terminal.setAttributes(terminal.getAttributes());
            terminal.getSize();
            Live.canDraw(terminal);
            lines.forEach(line -> line.toAnsi(terminal));
        }
    }
}
