package dev.sharedserver.lsp.interpose;

/** Who stops a target and has it make system calls. */
public enum Via {
    /** We do, by ptrace. */
    INJECT,
    /** gdb does, which needs the same right and takes longer. */
    GDB
}
