package dev.sharedserver.client;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many leases of each server this JVM has. Outside it counts once, being one process: the reference is given back with the last
 * lease. The counts belong to the JVM, not to this class, which may be loaded more than once (a test runner, a web
 * container): they stand in the system properties, and are made of the JDK's classes only.
 */
final class Leases {

    private static final String PROPERTY = "dev.sharedserver.client.leases";

    private Leases() {}

    /** One server's: hold the lock to look at the count, or to change it, and while attaching or detaching. */
    static final class Count {

        private final ReentrantLock lock;
        private final AtomicInteger leases;

        private Count(ReentrantLock lock, AtomicInteger leases) {
            this.lock = lock;
            this.leases = leases;
        }

        ReentrantLock lock() {
            return lock;
        }

        void increase() {
            leases.incrementAndGet();
        }

        /** Returns whether that was the last one. */
        boolean decrease() {
            return leases.decrementAndGet() == 0;
        }

        boolean isEmpty() {
            return leases.get() == 0;
        }
    }

    /** Returns the count of a server; {@code directory} tells servers of the same name apart. */
    static Count of(String directory, String name) {
        Object[] pair = all().computeIfAbsent(
                        directory + '\0' + name, key -> new Object[] {new ReentrantLock(), new AtomicInteger()});
        return new Count((ReentrantLock) pair[0], (AtomicInteger) pair[1]);
    }

    @SuppressWarnings("unchecked") // nobody else has a reason to use this property
    private static ConcurrentMap<String, Object[]> all() {
        return (ConcurrentMap<String, Object[]>)
                System.getProperties().computeIfAbsent(PROPERTY, key -> new ConcurrentHashMap<String, Object[]>());
    }
}
