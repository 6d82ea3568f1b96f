package dev.sharedserver.lsp.interpose;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process that gdb has stopped, and that makes our system calls by gdb's hand: the same steps as those of {@link Standstill}.
 * x86-64 only.
 *
 * <p>Every call puts back all registers before gdb reads its next command, and gdb lets go of its process when its input
 * ends: a hub that is killed leaves the server well. No function of the server is called and none of its symbols is needed; while
 * the one task makes a step, all others stay where they are.
 */
final class Gdb implements Halted {

    private static final int PAGE = 4096;
    private static final int EINTR = -4;
    private static final int SIG_SETMASK = 2;
    private static final long PATIENCE = 20_000;

    /** Nothing is read that a user or a directory has set up, nothing is fetched, and no symbols but those of the program. */
    private static final List<String> COMMAND = List.of(
            "gdb",
            "-nx",
            "-nh",
            "-q",
            "-iex",
            "set auto-load no",
            "-iex",
            "set debuginfod enabled off",
            "-iex",
            "set prompt",
            "-iex",
            "set confirm off",
            "-iex",
            "set pagination off",
            "-iex",
            "set width 0",
            "-iex",
            "set auto-solib-add off",
            "-iex",
            "set libthread-db-search-path /nowhere",
            "-iex",
            "set print thread-events off",
            "-iex",
            "set language c");

    /** One system call, as a command of gdb: its number and six arguments. */
    private static final List<String> CALL = List.of(
            "define sharedserver_call",
            "set $kept_rax = $rax",
            "set $kept_orig_rax = $orig_rax",
            "set $kept_rip = $rip",
            "set $kept_rdi = $rdi",
            "set $kept_rsi = $rsi",
            "set $kept_rdx = $rdx",
            "set $kept_r10 = $r10",
            "set $kept_r8 = $r8",
            "set $kept_r9 = $r9",
            "set $kept_rcx = $rcx",
            "set $kept_r11 = $r11",
            "set $orig_rax = -1",
            "set $rip = $instruction",
            "set $rax = $arg0",
            "set $rdi = $arg1",
            "set $rsi = $arg2",
            "set $rdx = $arg3",
            "set $r10 = $arg4",
            "set $r8 = $arg5",
            "set $r9 = $arg6",
            "stepi",
            "set $result = $rax",
            "set $rip = $kept_rip",
            "set $rdi = $kept_rdi",
            "set $rsi = $kept_rsi",
            "set $rdx = $kept_rdx",
            "set $r10 = $kept_r10",
            "set $r8 = $kept_r8",
            "set $r9 = $kept_r9",
            "set $rcx = $kept_rcx",
            "set $r11 = $kept_r11",
            "set $rax = $kept_rax",
            "set $orig_rax = $kept_orig_rax",
            "printf \"@result %ld\\n\", $result",
            "end");

    /** A task as gdb found it: what it was in, and what that has returned by being stopped. */
    private record Task(int number, int call, long result, long first, int fourth) {}

    private final Facts facts;
    private final Process gdb;
    private final LinkedBlockingQueue<String> said = new LinkedBlockingQueue<>();
    private final StringBuilder complaints = new StringBuilder();
    private final List<Task> tasks = new ArrayList<>();
    private long began;
    private long ended;
    private int calls;
    private long page;
    private long mask;
    private int marks;

    private Gdb(Facts facts, Process gdb) {
        this.facts = facts;
        this.gdb = gdb;
        Thread.ofVirtual().start(this::listen);
    }

    /** Stops all tasks of a process. */
    static Gdb of(Facts facts) throws Refusal {
        if (Machine.here() != Machine.X86_64) {
            throw new Refusal(Reason.FAILED, "gdb is asked on x86-64 only", "leave --via away");
        }
        Process process;
        try {
            process = new ProcessBuilder(COMMAND).redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new Refusal(
                    Reason.FAILED,
                    "gdb cannot be run",
                    "install it (Debian, Ubuntu: apt-get install gdb), or leave --via away");
        }
        Gdb gdb = new Gdb(facts, process);
        try {
            gdb.stop();
            return gdb;
        } catch (Refusal | RuntimeException | Error failed) {
            gdb.close();
            throw failed;
        }
    }

    private void stop() throws Refusal {
        List<String> begin = new ArrayList<>(CALL);
        // before it stands still, since that takes its time
        begin.add("file /proc/" + facts.pid() + "/exe");
        ask(begin);
        began = System.nanoTime();
        List<String> found = ask(List.of(
                "attach " + facts.pid(),
                "set scheduler-locking on",
                "thread apply all -q -s printf \"@task %d %ld %ld %ld %ld\\n"
                        + "\", $_thread, $orig_rax, $rax, $rdi, $r10"));
        for (String line : found) {
            String[] words = line.split(" ", 6);
            if (words[0].equals("@task")) {
                tasks.add(new Task(
                        Integer.parseInt(words[1]),
                        (int) Long.parseLong(words[2]),
                        Long.parseLong(words[3]),
                        Long.parseLong(words[4]),
                        (int) Long.parseLong(words[5])));
            }
        }
        if (tasks.isEmpty()) {
            if (complaints.indexOf("not permitted") >= 0) {
                throw Checks.refused(facts.pid(), Facts.yamaScope());
            }
            throw new Refusal(Reason.FAILED, "gdb cannot stop process " + facts.pid() + ": " + complaint());
        }
        long instruction = instruction();
        ask(List.of("thread 1", "set $instruction = " + instruction));
        long readWrite = 3;
        long privateAnonymous = 0x22;
        page = call(Call.MMAP, 0, PAGE, readWrite, privateAnonymous, -1, 0);
        if (page < 0) {
            long failed = page;
            page = 0;
            throw failed("mmap", failed);
        }
        // no handler of the program may begin in the middle of what we do
        write(ByteBuffer.allocate(8).putLong(0, -1));
        call(Call.RT_SIGPROCMASK, SIG_SETMASK, page, page + 8, 8);
        mask = number("printf \"@number %ld\\n\", *(long *)" + (page + 8));
    }

    private long instruction() throws Refusal {
        for (long[] range : facts.code()) {
            for (String line : ask(List.of("find /b1 " + range[0] + ", " + (range[1] - 1) + ", 0x0f, 0x05"))) {
                if (line.startsWith("0x")) {
                    int end = line.indexOf(' ');
                    return Long.parseUnsignedLong(line, 2, end < 0 ? line.length() : end, 16);
                }
            }
        }
        throw new Refusal(Reason.FAILED, "no system call is in the memory of process " + facts.pid());
    }

    @Override
    public List<Facts.InCall> inCalls() {
        List<Facts.InCall> all = new ArrayList<>();
        for (Task task : tasks) {
            if (task.call() >= 0) {
                all.add(new Facts.InCall(task.call(), task.first()));
            }
        }
        return all;
    }

    @Override
    public long call(Call call, long... arguments) throws Refusal {
        StringBuilder words = new StringBuilder("sharedserver_call ").append(call.on(Machine.X86_64));
        for (int i = 0; i < 6; i++) {
            words.append(' ').append(i < arguments.length ? arguments[i] : 0);
        }
        calls++;
        for (String line : ask(List.of(words.toString()))) {
            if (line.startsWith("@result ")) {
                return Long.parseLong(line, 8, line.length(), 10);
            }
        }
        throw new Refusal(Reason.FAILED, "gdb cannot go on in process " + facts.pid() + ": " + complaint());
    }

    private long number(String command) throws Refusal {
        for (String line : ask(List.of(command))) {
            if (line.startsWith("@number ")) {
                return Long.parseLong(line, 8, line.length(), 10);
            }
        }
        throw new Refusal(Reason.FAILED, "gdb cannot read the memory of process " + facts.pid() + ": " + complaint());
    }

    @Override
    public long bytes(ByteBuffer bytes) throws Refusal {
        if (bytes.remaining() > PAGE - 8) {
            throw new Refusal(Reason.FAILED, "a path is too long");
        }
        write(bytes);
        return page;
    }

    private void write(ByteBuffer bytes) throws Refusal {
        ByteBuffer whole = ByteBuffer.allocate(bytes.remaining() + 8).order(ByteOrder.nativeOrder());
        int words = (bytes.remaining() + 7) / 8;
        whole.put(bytes.duplicate());
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < words; i++) {
            commands.add("set var *(long *)" + (page + 8L * i) + " = " + whole.getLong(8 * i));
        }
        ask(commands);
    }

    @Override
    public Refusal failed(String name, long result) {
        return new Refusal(Reason.FAILED, name + " in process " + facts.pid() + " failed (errno " + -result + ")");
    }

    @Override
    public Pause pause() {
        return new Pause(ended - began, tasks.size(), calls);
    }

    @Override
    public void close() {
        try {
            if (gdb.isAlive() && !tasks.isEmpty()) {
                putBack();
                ask(List.of("detach"));
            }
        } catch (Refusal e) {
            // it ended, or gdb did: then the kernel has let go of it
        } finally {
            ended = System.nanoTime();
            end();
        }
    }

    private void putBack() throws Refusal {
        if (page != 0) {
            write(ByteBuffer.allocate(8).order(ByteOrder.nativeOrder()).putLong(0, mask));
            call(Call.RT_SIGPROCMASK, SIG_SETMASK, page, 0, 8);
            call(Call.MUNMAP, page, PAGE);
        }
        for (Task task : tasks) {
            boolean waits = task.call() == Call.EPOLL_WAIT.on(Machine.X86_64)
                    || task.call() == Call.EPOLL_PWAIT.on(Machine.X86_64);
            // the kernel does not begin these again by itself, and not every program does
            if (waits && task.result() == EINTR && task.fourth() == -1) {
                ask(List.of(
                        "thread " + task.number(),
                        "set $rip = $rip - 2",
                        "set $rax = $orig_rax",
                        "set $orig_rax = -1"));
            }
        }
    }

    /** Closes its input, at which it lets go of what it holds and ends. */
    private void end() {
        try {
            gdb.getOutputStream().close();
            if (!gdb.waitFor(PATIENCE, TimeUnit.MILLISECONDS)) {
                gdb.destroyForcibly();
            }
        } catch (IOException e) {
            gdb.destroyForcibly();
        } catch (InterruptedException e) {
            gdb.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    // ---- the conversation ----

    private void listen() {
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(gdb.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                said.add(line);
            }
        } catch (IOException e) {
            // the end, as well
        }
        said.add("@end");
    }

    /** Has gdb carry out commands; returns what it has said, line by line. */
    private List<String> ask(List<String> commands) throws Refusal {
        String mark = "@mark " + ++marks;
        StringBuilder text = new StringBuilder();
        commands.forEach(command -> text.append(command).append('\n'));
        text.append("echo \\n").append(mark).append("\\n\n");
        List<String> answer = new ArrayList<>();
        try {
            OutputStream to = gdb.getOutputStream();
            to.write(text.toString().getBytes(StandardCharsets.UTF_8));
            to.flush();
            while (true) {
                String line = said.poll(PATIENCE, TimeUnit.MILLISECONDS);
                if (line == null || line.equals("@end")) {
                    throw new Refusal(Reason.FAILED, "gdb has ended or says nothing more: " + complaint());
                }
                if (line.equals(mark)) {
                    return answer;
                }
                answer.add(line);
                if (!line.isBlank() && !line.startsWith("@") && complaints.length() < 400) {
                    complaints.append(complaints.isEmpty() ? "" : "; ").append(line.strip());
                }
            }
        } catch (IOException e) {
            throw new Refusal(Reason.FAILED, "gdb has ended: " + complaint());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Refusal(Reason.FAILED, "gdb was not waited for");
        }
    }

    private String complaint() {
        return complaints.isEmpty() ? "it does not say why" : complaints.toString();
    }
}
