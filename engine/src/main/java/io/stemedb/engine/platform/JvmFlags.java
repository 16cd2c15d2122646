package io.stemedb.engine.platform;

import java.util.ArrayList;
import java.util.List;

/** The JVM flags without which the libraries below fail in ways that do not name them. */
public final class JvmFlags {
    /** Packages of java.base; a test compares them with the build and the README. */
    static final List<String> OPENS =
            List.of("jdk.internal.misc", "java.util.zip", "sun.nio.ch", "java.lang.reflect");

    static final List<String> EXPORTS = List.of("jdk.internal.ref");

    private JvmFlags() {}

    /**
     * Checks the flags that can be checked.
     *
     * @throws IllegalStateException naming each missing flag
     */
    public static void check() {
        final Module base = Object.class.getModule();
        final Module own = JvmFlags.class.getModule();
        final List<String> missing = new ArrayList<>();
        for (final String name : OPENS) {
            if (!base.isOpen(name, own)) {
                missing.add("--add-opens java.base/" + name + "=ALL-UNNAMED");
            }
        }
        for (final String name : EXPORTS) {
            if (!base.isExported(name, own)) {
                missing.add("--add-exports java.base/" + name + "=ALL-UNNAMED");
            }
        }
        if (!missing.isEmpty()) {
            throw new IllegalStateException(
                    "JVM flags missing: "
                            + String.join(" ", missing)
                            + " (to be given to java before the main class)");
        }
    }
}
