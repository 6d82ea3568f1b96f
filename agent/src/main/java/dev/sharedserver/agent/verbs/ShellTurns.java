package dev.sharedserver.agent.verbs;

import java.util.concurrent.locks.ReentrantLock;

/** Lets the calls of one shell's hook take turns. Two shells may share a turn, which costs nothing but time. */
final class ShellTurns {

    private final ReentrantLock[] turns = new ReentrantLock[64];

    ShellTurns() {
        for (int i = 0; i < turns.length; i++) {
            turns[i] = new ReentrantLock();
        }
    }

    ReentrantLock of(long pid) {
        return turns[(int) (pid % turns.length)];
    }
}
