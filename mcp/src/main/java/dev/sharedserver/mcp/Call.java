package dev.sharedserver.mcp;

import dev.sharedserver.os.OwnCommand;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A tool's call. It is over once: with what the tool answers, or abandoned, because the client wants no answer any more or
 * because its time is over. Thread-safe.
 */
final class Call {

    /** How it came to be over. */
    private enum End {
        ANSWERED,
        ABANDONED
    }

    private final CompletableFuture<End> end = new CompletableFuture<>();
    private final Consumer<Result> reply;

    /** The command it waits for. */
    private volatile OwnCommand.@Nullable Running running;

    /** Makes one whose answer goes to {@code reply}. */
    Call(Consumer<Result> reply) {
        this.reply = reply;
    }

    /** Ends it with the tool's answer, unless it was abandoned. */
    void answer(Result result) {
        if (isWanted()) {
            reply.accept(result);
        }
    }

    /** Tells whether its answer is wanted; from then on it cannot be abandoned. */
    boolean isWanted() {
        end.complete(End.ANSWERED);
        return end.join() == End.ANSWERED;
    }

    /** Ends it without an answer, unless it is over. */
    void abandon() {
        end.complete(End.ABANDONED);
    }

    /** Ends it with an answer that is not the tool's, unless it is over. */
    void giveUp(Result result) {
        if (end.complete(End.ABANDONED)) {
            reply.accept(result);
        }
    }

    /** Does something, on a thread of its own, if the call is abandoned. */
    void whenAbandoned(Runnable action) {
        CompletableFuture<Void> unused = end.thenAccept(how -> {
            if (how == End.ABANDONED) {
                Thread.ofVirtual().start(action);
            }
        });
    }

    /** Waits until it is over; false if the time was too short for that. */
    boolean isOverIn(Duration time) throws InterruptedException {
        try {
            end.get(time.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("an end cannot fail", e);
        }
    }

    /** Remembers what it waits for. */
    OwnCommand.Running waitingFor(OwnCommand.Running command) {
        running = command;
        return command;
    }

    /** Ends the command that it waits for. */
    void endCommand() {
        OwnCommand.Running command = running;
        if (command != null) {
            command.end();
        }
    }
}
