package dev.sharedserver.top;

import dev.sharedserver.core.OsText;
import dev.sharedserver.core.Quote;
import dev.sharedserver.os.Proc;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.Curses;
import org.jline.utils.InfoCmp.Capability;
import org.jspecify.annotations.Nullable;

/**
 * The view on a terminal. One thread draws and reacts; others only put an {@link Input} into its queue. The terminal is left as it
 * was found, however the program ends (but for SIGKILL).
 */
final class Live {

    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final long LOOK_NANOS = 1_900_000_000L;
    private static final int SMALLEST = 2;
    private static final int PAGE = 10;
    private static final int CTRL_C = 3;

    /** DECSTR (DEC STD 070): what a log may have left behind, such as another character set. */
    private static final String SOFT_RESET = "\u001b[!p";

    private final Terminal terminal;
    private final Product product;
    private final boolean keys;
    private final View view = new View();
    private final Screen screen;
    private final Load load = new Load(Proc.ROOT);
    private final BlockingQueue<Input> inputs = new LinkedBlockingQueue<>();
    private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
    private final Attributes found;

    /** What stands on the terminal; empty if nobody knows. */
    private List<String> drawn = List.of();

    /** The log that is followed on our terminal, which is not ours to draw on meanwhile. */
    private @Nullable Process log;

    private Set<Long> lookedAt = Set.of();
    private long lastLook;
    private boolean over;
    private boolean entered;
    private boolean closed;

    Live(Terminal terminal, Product product, boolean keys, Colors colors) {
        this.terminal = terminal;
        this.product = product;
        this.keys = keys;
        this.found = terminal.getAttributes();
        this.screen = new Screen(colors, keys, Live::facts);
    }

    private static Screen.Facts facts(long pid) {
        Proc proc = new Proc(OsText::decode);
        String exe = proc.exe(pid);
        String cwd = proc.cwd(pid);
        return new Screen.Facts(exe == null ? "" : exe, cwd == null ? "" : cwd);
    }

    /** Tells whether a terminal can be drawn on. */
    static boolean canDraw(Terminal terminal) {
        return terminal.getStringCapability(Capability.cursor_address) != null
                && terminal.getStringCapability(Capability.clr_eol) != null
                && terminal.getStringCapability(Capability.clear_screen) != null;
    }

    /** Shows the view until it is left. */
    void run(Changes changes) throws InterruptedException {
        Thread restore = Thread.ofPlatform().name("restore").unstarted(this::close);
        Runtime.getRuntime().addShutdownHook(restore);
        terminal.handle(Terminal.Signal.WINCH, s -> inputs.add(new Input.Resized()));
        terminal.handle(Terminal.Signal.INT, s -> inputs.add(new Input.Interrupted()));
        terminal.handle(Terminal.Signal.TSTP, s -> inputs.add(new Input.Suspended()));
        terminal.handle(Terminal.Signal.CONT, s -> inputs.add(new Input.Resumed()));
        try {
            enter();
            start(
                    "changes",
                    new Watching(
                            product,
                            changes,
                            servers -> inputs.add(new Input.Listed(servers)),
                            text -> inputs.add(new Input.Failed(text))));
            start("keys", this::readKeys);
            loop();
        } finally {
            close();
        }
        if (!keys) {
            write(Screen.plain(view.all(), view.costs, System.currentTimeMillis()));
        }
    }

    private static void start(String name, Runnable task) {
        Thread.ofPlatform().name(name).daemon().start(task);
    }

    private void say(String text) {
        inputs.add(new Input.Told(text));
    }

    private void readKeys() {
        Keys reader = new Keys(new FileInputStream(FileDescriptor.in));
        try {
            for (Key key = reader.next(); key != null; key = reader.next()) {
                inputs.add(new Input.Pressed(key));
            }
        } catch (IOException e) {
            // said below: the terminal is gone
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        inputs.add(new Input.HungUp());
    }

    private void loop() throws InterruptedException {
        long tick = System.nanoTime();
        while (!over) {
            long wait = tick + SECOND_NANOS - System.nanoTime();
            // nobody sees the clock while a log has the terminal, and without a server there is nothing to measure
            boolean ticking = log == null && !view.all().isEmpty();
            Input input = ticking ? inputs.poll(wait, TimeUnit.NANOSECONDS) : inputs.take();
            while (input != null && !over) {
                react(input);
                input = inputs.poll();
            }
            if (System.nanoTime() - tick >= SECOND_NANOS) {
                tick = System.nanoTime();
            }
            if (!over && log == null) {
                look();
                draw();
            }
        }
    }

    private void react(Input input) throws InterruptedException {
        switch (input) {
            case Input.Pressed pressed -> {
                if (log != null) {
                    leaveLog(pressed.key());
                } else {
                    press(pressed.key());
                }
            }
            case Input.Listed listed -> {
                view.show(listed.servers());
                if (view.subject != null && view.find(view.subject) == null) {
                    view.mode = View.Mode.BROWSE;
                    view.subject = null;
                }
            }
            case Input.Told told -> view.message = told.text();
            case Input.Failed failed -> view.trouble = failed.text();
            case Input.Resized resized -> drawn = List.of();
            case Input.Interrupted interrupted -> over = true;
            case Input.Suspended suspended -> suspend();
            case Input.Resumed resumed -> {
                if (log == null) {
                    enter();
                }
            }
            case Input.LogClosed closedLog -> {
                log = null;
                write(SOFT_RESET);
                enter();
            }
            case Input.HungUp hungUp -> over = true;
        }
    }

    // Keys

    private void press(Key key) {
        if (!keys) {
            over = key.character() == 'q';
            return;
        }
        view.message = "";
        switch (view.mode) {
            case BROWSE -> browse(key);
            case FILTER -> edit(key);
            case HELP -> view.mode = View.Mode.BROWSE;
            case CONFIRM_STOP -> confirm(key, "stop");
            case CONFIRM_RESTART -> confirm(key, "restart");
        }
    }

    private void browse(Key key) {
        switch (key.kind()) {
            case UP -> view.move(-1);
            case DOWN -> view.move(1);
            case PAGE_UP -> view.move(-PAGE);
            case PAGE_DOWN -> view.move(PAGE);
            case HOME -> view.move(-view.all().size());
            case END -> view.move(view.all().size());
            case ESCAPE -> view.filter("");
            case CHARACTER -> letter(key.character());
            default -> {}
        }
    }

    private void letter(int character) {
        Served selected = view.selection();
        switch (character) {
            case 'q' -> over = true;
            case 'k' -> view.move(-1);
            case 'j' -> view.move(1);
            case '?' -> view.mode = View.Mode.HELP;
            case '/' -> view.mode = View.Mode.FILTER;
            case 's' -> {
                if (selected != null) {
                    ask(View.Mode.CONFIRM_STOP, selected);
                }
            }
            case 'r' -> {
                if (selected != null && selected.holders().isEmpty()) {
                    carryOut("restart", selected);
                } else if (selected != null) {
                    ask(View.Mode.CONFIRM_RESTART, selected);
                }
            }
            case 'l' -> {
                if (selected != null) {
                    openLog(selected);
                }
            }
            default -> {}
        }
    }

    private void ask(View.Mode question, Served about) {
        view.mode = question;
        view.subject = about.name();
    }

    private void confirm(Key key, String verb) {
        boolean yes = key.character() == 'y' || key.character() == 'Y';
        Served about = view.find(view.subject);
        view.mode = View.Mode.BROWSE;
        view.subject = null;
        if (yes && about != null) {
            carryOut(verb, about);
        } else {
            view.message = "not done";
        }
    }

    /** Lets the product stop or restart; those who hold it were named in the question, or there were none. */
    private void carryOut(String verb, Served server) {
        List<String> arguments = new ArrayList<>(List.of(verb, server.name()));
        if (!server.holders().isEmpty()) {
            arguments.add("--even-if-used");
        }
        // a restart may heed the config, which must not mean another server than the one that is selected
        Product.Names names =
                verb.equals("restart") && !view.hasNamesake(server) ? Product.Names.BY_CONFIG : Product.Names.EXACT;
        view.message = verb + " " + Quote.escape(server.name()) + " …";
        start(verb, () -> {
            try {
                say(product.tell(arguments, names));
            } catch (IOException e) {
                say(verb + ": " + Quote.escape(String.valueOf(e.getMessage())));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void edit(Key key) {
        switch (key.kind()) {
            case ENTER -> view.mode = View.Mode.BROWSE;
            case ESCAPE -> {
                view.filter("");
                view.mode = View.Mode.BROWSE;
            }
            case BACKSPACE -> {
                String text = view.filter();
                view.filter(text.isEmpty() ? "" : text.substring(0, text.offsetByCodePoints(text.length(), -1)));
            }
            case CHARACTER -> view.filter(view.filter() + Character.toString(key.character()));
            case UP -> view.move(-1);
            case DOWN -> view.move(1);
            default -> {}
        }
    }

    // The log

    private void openLog(Served server) {
        terminal.setAttributes(forLog()); // first: whoever sees the other screen may press Ctrl-C
        leaveScreen();
        write("── log of " + Quote.escape(server.name()) + ", q goes back ──\n");
        try {
            Process follower = product.followLog(server.name(), Math.max(10, terminal.getHeight()));
            log = follower;
            start("log", () -> {
                try {
                    follower.waitFor();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                inputs.add(new Input.LogClosed());
            });
        } catch (IOException e) {
            view.message = "logs: " + Quote.escape(String.valueOf(e.getMessage()));
            enter();
        }
    }

    private void leaveLog(Key key) {
        if (log != null && (key.character() == 'q' || key.character() == CTRL_C || key.kind() == Key.Kind.ESCAPE)) {
            log.destroy();
        }
    }

    // The terminal

    /** Like the terminal was found, but keys come one by one and unseen; Ctrl-C and Ctrl-Z stay signals. */
    private Attributes unbuffered() {
        Attributes attributes = new Attributes(found);
        attributes.setLocalFlags(EnumSet.of(LocalFlag.ICANON, LocalFlag.ECHO, LocalFlag.IEXTEN), false);
        attributes.setInputFlags(EnumSet.of(InputFlag.IXON), false);
        attributes.setControlChar(ControlChar.VMIN, 1);
        attributes.setControlChar(ControlChar.VTIME, 0);
        return attributes;
    }

    /**
     * For a log: Ctrl-C is a key and no signal, which would reach the follower and us in any order and end both. So is
     * Ctrl-Z, and means nothing.
     */
    private Attributes forLog() {
        Attributes attributes = unbuffered();
        attributes.setLocalFlag(LocalFlag.ISIG, false);
        return attributes;
    }

    private synchronized void enter() {
        if (closed) {
            return;
        }
        terminal.setAttributes(unbuffered());
        // not twice: the cursor's place on the screen that was found would be forgotten
        write((entered ? "" : capability(Capability.enter_ca_mode))
                + capability(Capability.cursor_invisible)
                + capability(Capability.clear_screen));
        entered = true;
        drawn = List.of();
    }

    /** Gives the terminal back as it was found. */
    private synchronized void leave() {
        leaveScreen();
        terminal.setAttributes(found);
    }

    private synchronized void leaveScreen() {
        if (entered) {
            entered = false;
            write("\u001b[0m"
                    + capability(Capability.cursor_normal)
                    + (terminal.getStringCapability(Capability.exit_ca_mode) == null
                            ? capability(Capability.clear_screen)
                            : capability(Capability.exit_ca_mode)));
        }
    }

    private synchronized void close() {
        if (!closed) {
            closed = true;
            Process follower = log;
            if (follower != null) {
                follower.destroy();
            }
            leave();
        }
    }

    /**
     * Stops this process as Ctrl-Z does, with the terminal as it was found; goes on when it is continued. Where no shell
     * could continue it ({@code ssh host sharedserver top}), the kernel ignores this signal, unlike SIGSTOP.
     */
    private void suspend() throws InterruptedException {
        if (log != null) {
            return;
        }
        leave();
        terminal.handle(Terminal.Signal.TSTP, Terminal.SignalHandler.SIG_DFL);
        try {
            String self = Long.toString(ProcessHandle.current().pid());
            new ProcessBuilder("sh", "-c", "kill -TSTP \"$0\"", self).start().waitFor();
        } catch (IOException e) {
            view.message = "cannot suspend: " + Quote.escape(String.valueOf(e.getMessage()));
        }
        terminal.handle(Terminal.Signal.TSTP, s -> inputs.add(new Input.Suspended()));
        enter();
    }

    private String capability(Capability capability, Object... parameters) {
        String text = terminal.getStringCapability(capability);
        return text == null ? "" : Curses.tputs(text, parameters);
    }

    private void look() {
        Set<Long> pids = new HashSet<>();
        for (Served server : view.all()) {
            if (server.pid() != null) {
                pids.add(server.pid());
            }
        }
        // not with every key and not with every second: it reads a file of each process of the machine
        long now = System.nanoTime();
        if (!pids.equals(lookedAt) || now - lastLook >= LOOK_NANOS) {
            lookedAt = pids;
            lastLook = now;
            view.costs = load.look(pids, now);
        }
    }

    /** Draws the lines that differ from what stands there. */
    private synchronized void draw() {
        if (closed || !entered) {
            return;
        }
        Size size = terminal.getSize();
        int columns = size.getColumns() > 0 ? size.getColumns() : 80;
        int rows = Math.max(SMALLEST, size.getRows() > 0 ? size.getRows() : 24);
        List<String> wanted = new ArrayList<>();
        for (AttributedString line : screen.lines(view, columns, rows, System.currentTimeMillis())) {
            wanted.add(line.toAnsi(terminal));
        }
        StringBuilder update = new StringBuilder();
        if (drawn.size() != wanted.size()) {
            update.append(capability(Capability.clear_screen));
            drawn = List.of();
        }
        for (int i = 0; i < wanted.size(); i++) {
            if (drawn.isEmpty() || !drawn.get(i).equals(wanted.get(i))) {
                update.append(capability(Capability.cursor_address, i, 0));
                update.append(capability(Capability.clr_eol));
                update.append(wanted.get(i));
            }
        }
        drawn = wanted;
        write(update.toString());
    }

    private void write(String text) {
        try {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            over = true; // the terminal is gone
        }
    }
}
