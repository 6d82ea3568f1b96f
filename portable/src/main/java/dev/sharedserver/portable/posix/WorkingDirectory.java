package dev.sharedserver.portable.posix;

/**
 * The working directory that native calls see, and children begin in; Java's own notion of it does not change. There is one for
 * the whole process: whoever needs another one has it for a moment, one at a time.
 */
public final class WorkingDirectory {

    private WorkingDirectory() {}

    /**
     * What is to be done elsewhere.
     *
     * @param <T> what comes of it
     * @param <E> how it fails
     */
    public interface Action<T, E extends Exception> {
        /** Does it; {@code errno} is 0, or why we are not there. */
        T act(int errno) throws E;
    }

    /** Does something in {@code there}, and comes back to {@code back}. */
    public static synchronized <T, E extends Exception> T in(String there, String back, Action<T, E> action) throws E {
        int errno = -LibC.chdir(there);
        try {
            return action.act(errno);
        } finally {
            LibC.chdir(back);
        }
    }
}
