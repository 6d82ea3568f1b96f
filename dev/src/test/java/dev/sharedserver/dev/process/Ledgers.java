package dev.sharedserver.dev.process;

import dev.sharedserver.core.OsText;
import dev.sharedserver.os.Proc;
import dev.sharedserver.os.ProcStat;
import java.io.IOException;
import java.nio.file.Path;

/** What tests of processes share. */
public final class Ledgers {

    /** The machine's. */
    public static final Proc PROC = new Proc(OsText::decode);

    private Ledgers() {}

    /** Opens a ledger. */
    public static GroupLedger open(Path directory) throws IOException {
        return GroupLedger.open(directory, PROC);
    }

    /** Tells whether a process runs. */
    public static boolean alive(long pid) {
        ProcStat stat = PROC.stat(pid);
        return stat != null && stat.alive();
    }

    /** Returns the stamp of a process that lives. */
    public static long stamp(long pid) {
        ProcStat stat = PROC.stat(pid);
        if (stat == null) {
            throw new AssertionError("no process " + pid);
        }
        return stat.startTime();
    }
}
