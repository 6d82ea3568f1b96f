package dev.sharedserver.portable.launcher;

import dev.sharedserver.core.Errno;
import dev.sharedserver.portable.FileLock;
import dev.sharedserver.portable.Sockets;
import dev.sharedserver.portable.StateHome;
import dev.sharedserver.portable.posix.Descriptors;
import dev.sharedserver.portable.posix.LibC;
import dev.sharedserver.portable.posix.Spawn;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import jdk.net.ExtendedSocketOptions;

/** Connects to the agent, and starts it together with its guard where there is none. */
final class Connector {

    static final String SOCKET = ".agent.sock";
    static final long PATIENCE = 15_000_000_000L;

    private static final int LOG_LIMIT = 1 << 20;
    private static final int FAILED_STARTS = 3;
    private static final int ABOVE = 16;
    private static final List<String> KEPT =
            List.of("USER", "LOGNAME", "XDG_CACHE_HOME", "SHAREDSERVER_DEBUG", "SHAREDSERVER_SLEEP_AFTER");

    private final Self self;
    private final Say say;
    private final int uid;
    private StateHome state;
    private String why = "";
    private int failedStarts;

    Connector(Self self, Say say) throws Trouble {
        this.self = self;
        this.say = say;
        this.uid = Descriptors.euid();
        this.state = open();
        say.trace("state directory " + state.path());
    }

    private StateHome open() throws Trouble {
        try {
            return StateHome.open(self::variable, self.cwd(), uid);
        } catch (StateHome.Unusable e) {
            throw new Trouble(String.valueOf(e.getMessage()));
        }
    }

    Path directory() {
        return state.path();
    }

    /** 0.5 to 8 ms, so that many launchers do not come back at the same moment. */
    static void pauseALittle() throws InterruptedException {
        pauseALittle(0);
    }

    /** The same, up to 64 ms the more often it was in vain: many launchers leave the guard that they wait for no processor to start with. */
    private static void pauseALittle(int tries) throws InterruptedException {
        Thread.sleep(0, 500_000);
        Thread.sleep(ThreadLocalRandom.current().nextInt(Math.min(64, 8 << Math.min(tries / 16, 3))));
    }

    /** Connects to a socket of the directory whose owner is our own user. */
    SocketChannel connect(String socket) throws IOException {
        SocketChannel channel = Sockets.connect(state.path(), socket, self.cwd());
        if (!socket.equals(SOCKET)
                && !channel.getOption(ExtendedSocketOptions.SO_PEERCRED).user().equals(Files.getOwner(state.path()))) {
            channel.close();
            throw new IOException("the socket is another user's");
        }
        return channel;
    }

    /** Connects to the agent. */
    SocketChannel connectAgent(long deadline) throws Trouble, InterruptedException {
        for (int tries = 0; ; tries++) {
            try {
                return connect(SOCKET);
            } catch (IOException e) {
                String reason = String.valueOf(e.getMessage());
                boolean missing = reason.contains("No such file");
                if (missing) {
                    state = open();
                }
                if (missing || reason.contains("refused") || reason.contains("reset")) {
                    if (ensureGuard()) {
                        continue; // it listens, however long that took
                    }
                } else if (!reason.contains("temporarily")) {
                    throw new Trouble("cannot connect to " + state.path() + "/" + SOCKET + ": " + reason);
                }
            }
            if (System.nanoTime() - deadline > 0) {
                throw new Trouble("no answer from the agent of " + state.path() + " within 15 s"
                        + (why.isEmpty() ? "" : ": " + why) + "; see " + state.path() + "/.agent.log");
            }
            pauseALittle(tries);
        }
    }

    /** Starts a guard if the directory has none; tells whether it listens now. */
    private boolean ensureGuard() throws Trouble {
        Path file = state.path().resolve(".agent.lock");
        try {
            FileLock lock = FileLock.take(file);
            if (lock == null) {
                // somebody has it, or the directory is being removed: it is made again before the next try
                return false;
            }
            try {
                if ((lock.created() || state.created()) && FileLock.isNameTaken(FileLock.nameOf(state.path(), uid))) {
                    say.trace("a guard of a removed directory makes it again");
                    return false;
                }
                return start(lock);
            } finally {
                LibC.close(lock.fd()); // the guard has a copy of it, and the lock with that
            }
        } catch (IOException e) {
            throw new Trouble("cannot lock " + file + ": " + e.getMessage());
        }
    }

    private boolean start(FileLock lock) throws IOException, Trouble {
        say.trace("starting a guard");
        int[] report = LibC.pipe();
        int readEnd = LibC.duplicate(report[0], ABOVE);
        LibC.close(report[0]);
        List<Integer> given = new ArrayList<>();
        try {
            int nowhere = keep(LibC.open("/dev/null", LibC.O_RDWR | LibC.O_CLOEXEC, 0), given);
            int log = keep(openLog(), given);
            int lockEnd = LibC.duplicate(lock.fd(), ABOVE);
            given.add(lockEnd);
            int writeEnd = keep(report[1], given);
            Spawn spawn = new Spawn(List.of(nowhere, log, log, lockEnd, writeEnd));
            // in the background of a shell that ends at once: a command that this process becomes must not find a
            // child that it never made. PWD: a shell makes it, of the caller's directory
            List<String> argv = new ArrayList<>(List.of("sh", "-c", "cd /; unset PWD OLDPWD; \"$@\" &", "sh"));
            argv.addAll(command());
            int mask = LibC.umask(077);
            long pid = spawn.start("/bin/sh", argv, environment());
            LibC.umask(mask);
            if (pid < 0) {
                throw new Trouble("cannot start the guard: " + Errno.text((int) -pid));
            }
            LibC.reap(pid);
        } finally {
            given.forEach(LibC::close);
        }
        return awaitStart(readEnd);
    }

    private static int keep(int fd, List<Integer> given) throws IOException {
        int above = fd < 0 ? fd : LibC.duplicate(fd, ABOVE);
        if (above < 0) {
            throw new IOException(Errno.text(-above));
        }
        LibC.close(fd);
        given.add(above);
        return above;
    }

    private int openLog() throws IOException {
        Path log = state.path().resolve(".agent.log");
        int fd = LibC.open(
                log.toString(), LibC.O_WRONLY | LibC.O_APPEND | LibC.O_CREAT | LibC.O_CLOEXEC | LibC.O_NOFOLLOW, 0600);
        if (fd >= 0 && Files.size(log) > LOG_LIMIT) {
            Files.write(log, new byte[0]);
        }
        return fd >= 0 ? fd : LibC.open("/dev/null", LibC.O_WRONLY | LibC.O_CLOEXEC, 0);
    }

    /** The options of guard and agent: a line each of lib/portable.options, %h the product's home, %d the state directory. */
    private List<String> command() throws IOException {
        String home = self.home().toString();
        List<String> argv = new ArrayList<>(List.of(home + "/lib/runtime/bin/java"));
        for (String line : Files.readAllLines(self.home().resolve("lib/portable.options"))) {
            boolean suspect = failedStarts == 1 && line.startsWith("-XX:AOTCache=");
            if (!line.isEmpty() && line.charAt(0) != '#' && !suspect) {
                argv.add(line.replace("%h", home).replace("%d", state.path().toString()));
            }
        }
        argv.addAll(List.of(state.path().toString(), state.logs(), home));
        return argv;
    }

    private List<String> environment() {
        List<String> environment = new ArrayList<>();
        environment.add("PATH=" + self.environment().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
        environment.add("HOME=" + self.environment().getOrDefault("HOME", "/"));
        environment.add("LANG=C.UTF-8");
        for (String name : KEPT) {
            String value = self.variable(name);
            if (value != null && !value.isEmpty()) {
                environment.add(name + "=" + value);
            }
        }
        return environment;
    }

    /** Waits until the guard listens or cannot: its end of the pipe is closed. */
    private boolean awaitStart(int readEnd) throws IOException, Trouble {
        byte[] said;
        try (InputStream in = new FileInputStream(Descriptors.path(readEnd).toFile())) {
            LibC.close(readEnd);
            said = in.readAllBytes();
        }
        if (said.length > 0) {
            why = "cannot start the guard: " + new String(said, 1, said.length - 1, StandardCharsets.UTF_8);
            say.trace(why);
            if (said[0] == 0) {
                throw new Trouble(why);
            }
        } else if (!Files.exists(state.path().resolve(SOCKET))) {
            failedStarts++;
            if (failedStarts >= FAILED_STARTS) {
                throw new Trouble("the agent cannot start: " + lastWords() + " (see " + state.path() + "/.agent.log)");
            }
        } else {
            return true;
        }
        return false;
    }

    private String lastWords() throws IOException {
        List<String> lines = Files.readAllLines(state.path().resolve(".agent.log"), StandardCharsets.ISO_8859_1);
        for (String line : lines.reversed()) {
            if (!line.isBlank()) {
                return line.replaceAll("\\p{Cntrl}", "?");
            }
        }
        return "it said nothing";
    }
}
