package io.stemedb.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;

/** A real part, one method of which does what a test wants. */
public final class Overridden {
    private Overridden() {}

    /** What is called in place of the method, with its arguments. */
    public interface Replacement {
        Object call(Object... arguments) throws Exception;
    }

    /**
     * The part behind its interface: all calls go through to it but those of one method, by name.
     */
    public static <T> T method(
            final Class<T> type, final T part, final String name, final Replacement replacement) {
        if (Arrays.stream(type.getMethods()).noneMatch(method -> method.getName().equals(name))) {
            throw new IllegalArgumentException(type + " has no method " + name);
        }
        return type.cast(
                Proxy.newProxyInstance(
                        type.getClassLoader(),
                        new Class<?>[] {type},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals(name)) {
                                return replacement.call(arguments);
                            }
                            try {
                                return method.invoke(part, arguments);
                            } catch (final InvocationTargetException e) {
                                throw e.getCause();
                            }
                        }));
    }
}
