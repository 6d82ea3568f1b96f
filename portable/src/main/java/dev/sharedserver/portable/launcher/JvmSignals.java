package dev.sharedserver.portable.launcher;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** sun.misc.Signal, the only way of Java to a signal; by reflection, since javac has no leave to know it. */
final class JvmSignals {

    private static final String SIGNAL = "sun.misc.Signal";
    private static final String HANDLER = "sun.misc.SignalHandler";

    private JvmSignals() {}

    /** Has {@code action} run when the signal comes; leaves it ignored if it was. */
    static void handle(String name, Runnable action) {
        try {
            Class<?> handler = Class.forName(HANDLER);
            Object mine = Proxy.newProxyInstance(
                    handler.getClassLoader(), new Class<?>[] {handler}, (proxy, method, args) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            Object before = set(name, mine);
            Object ignored = handler.getField("SIG_IGN").get(null);
            if (ignored.equals(before)) {
                set(name, ignored);
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM has no " + SIGNAL, e);
        }
    }

    /** Has the signal do what it does in any program. */
    static void reset(String name) {
        try {
            set(name, Class.forName(HANDLER).getField("SIG_DFL").get(null));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM has no " + SIGNAL, e);
        }
    }

    private static Object set(String name, Object handler) throws ReflectiveOperationException {
        Class<?> signal = Class.forName(SIGNAL);
        try {
            return signal.getMethod("handle", signal, Class.forName(HANDLER))
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
        } catch (InvocationTargetException e) {
            return handler; // the JVM keeps this signal to itself
        }
    }
}
