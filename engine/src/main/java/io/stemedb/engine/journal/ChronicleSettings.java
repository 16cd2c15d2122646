package io.stemedb.engine.journal;

/**
 * Switches of Chronicle that only system properties reach: without them it starts threads of its
 * own. What the host has set stays.
 */
final class ChronicleSettings {
    private ChronicleSettings() {}

    /**
     * Must run before the first Chronicle class is initialised; later it does no harm and no good.
     */
    static void apply() {
        setDefault("background.releaser", "false"); // release what is closed on the closing thread
        setDefault("chronicle.disk.monitor.disable", "true");
        setDefault("chronicle.analytics.disable", "true");
    }

    private static void setDefault(final String property, final String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
