package dev.sharedserver.lsp.interpose;

/** The system calls that are made here, or that a task may be found in, by the names of their man pages. -1: there is none. */
enum Call {
    CLOSE(3, 57),
    DUP3(292, 24),
    EPOLL_CTL(233, 21),
    EPOLL_PWAIT(281, 22),
    EPOLL_PWAIT2(441, 441),
    EPOLL_WAIT(232, -1),
    FCNTL(72, 25),
    GETEUID(107, 175),
    IOCTL(16, 29),
    MMAP(9, 222),
    MUNMAP(11, 215),
    OPENAT(257, 56),
    PIDFD_GETFD(438, 438),
    PIDFD_OPEN(434, 434),
    PIDFD_SEND_SIGNAL(424, 424),
    POLL(7, -1),
    PPOLL(271, 73),
    PRCTL(157, 167),
    PREADV2(327, 286),
    PSELECT6(270, 72),
    PTRACE(101, 117),
    PWRITEV2(328, 287),
    READ(0, 63),
    READV(19, 65),
    RECVFROM(45, 207),
    RECVMSG(47, 212),
    RESTART_SYSCALL(219, 128),
    RT_SIGPROCMASK(14, 135),
    RT_SIGTIMEDWAIT(128, 137),
    SELECT(23, -1),
    SEMOP(65, 193),
    SEMTIMEDOP(220, 192),
    SENDMSG(46, 211),
    SENDTO(44, 206),
    WAIT4(61, 260),
    WRITE(1, 64),
    WRITEV(20, 66);

    private final int x86;
    private final int arm;

    Call(int x86, int arm) {
        this.x86 = x86;
        this.arm = arm;
    }

    /** Returns its number on that machine. */
    int on(Machine machine) {
        return switch (machine) {
            case X86_64 -> x86;
            case AARCH64 -> arm;
        };
    }
}
