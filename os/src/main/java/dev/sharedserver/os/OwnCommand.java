package dev.sharedserver.os;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * This product's own command, as its programs call it: with the environment that the user had, not the one that was
 * made for our JVM. Immutable.
 */
public final class OwnCommand {

    /** What the name of a variable begins with that was put aside because it would have changed our JVM. */
    public static final String ASIDE = "SHAREDSERVER_ASIDE_";

    /** How much of an answer is kept, in bytes: a list of thousands of servers. */
    private static final int LONGEST = 16 << 20;

    private final Path command;

    /** Makes it of the launcher's path. */
    public OwnCommand(Path command) {
        this.command = command;
    }

    /**
     * What a command said.
     *
     * @param out standard output; its last part if {@code cut}
     * @param err standard error
     * @param cut whether standard output was longer than what was asked for
     */
    public record Answer(int exit, String out, String err, boolean cut) {}

    /** A command that runs. */
    public static final class Running {
        private final Process process;
        private final int longest;

        private Running(Process process, int longest) {
            this.process = process;
            this.longest = longest;
        }

        /** Returns what it said, when it has ended. */
        public Answer await() throws IOException, InterruptedException {
            Tail err = new Tail(longest);
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    err.readAll(process.getErrorStream());
                } catch (IOException e) {
                    // what was read until then is what it said
                }
            });
            Tail out = new Tail(longest);
            out.readAll(process.getInputStream());
            reader.join();
            return new Answer(process.waitFor(), out.text(), err.text(), out.cut());
        }

        /** Ends the command: the launcher, not what it has asked for. */
        public void end() {
            process.destroy();
        }
    }

    /** Carries out a command, with more variables than ours, and returns what it said. */
    public Answer call(List<String> arguments, Map<String, String> more) throws IOException, InterruptedException {
        return run(arguments, more, LONGEST).await();
    }

    /** Starts a command without standard input, of whose output the last {@code longest} bytes are kept. */
    public Running run(List<String> arguments, Map<String, String> more, int longest) throws IOException {
        Process process = start(new ProcessBuilder(), arguments, more);
        process.getOutputStream().close();
        return new Running(process, longest);
    }

    /** Starts a command whose standard streams are those of {@code builder}. */
    public Process start(ProcessBuilder builder, List<String> arguments, Map<String, String> more) throws IOException {
        Map<String, String> environment = builder.environment();
        restore(environment);
        environment.putAll(more);
        List<String> argv = new ArrayList<>();
        argv.add(command.toString());
        argv.addAll(arguments);
        return builder.command(argv).start();
    }

    /** Makes the user's environment of ours. */
    public static void restore(Map<String, String> environment) {
        environment.remove("LC_ALL"); // ours
        for (String variable : List.copyOf(environment.keySet())) {
            if (variable.startsWith(ASIDE)) {
                environment.put(variable.substring(ASIDE.length()), environment.remove(variable));
            }
        }
    }

    /** The last bytes of a stream. */
    static final class Tail {
        private final int longest;
        private byte[] bytes = new byte[8192];
        private int length;
        private boolean cut;

        Tail(int longest) {
            this.longest = longest;
        }

        void readAll(InputStream in) throws IOException {
            for (int read = 0; read >= 0; read = in.read(bytes, length, bytes.length - length)) {
                length += read;
                if (length == bytes.length) {
                    makeRoom();
                }
            }
            if (length > longest) {
                dropAllBut(longest);
            }
        }

        private void makeRoom() {
            if (length >= 2 * longest) {
                dropAllBut(longest);
            } else {
                byte[] larger = new byte[2 * length];
                System.arraycopy(bytes, 0, larger, 0, length);
                bytes = larger;
            }
        }

        private void dropAllBut(int kept) {
            System.arraycopy(bytes, length - kept, bytes, 0, kept);
            length = kept;
            cut = true;
        }

        boolean cut() {
            return cut;
        }

        String text() {
            return new String(bytes, 0, length, StandardCharsets.UTF_8);
        }
    }
}
