package io.stemedb.engine.cli;

import io.stemedb.engine.Engine;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** Where the JVM enters the command line. */
public final class Main {

    /** Held, since the JDK forgets a logger that nobody holds, and what was set in it. */
    private static final Logger LOGGER = Logger.getLogger(Engine.class.getName());

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments the command and its options, see {@code stemedb --help}
     */
    public static void main(final String[] arguments) {
        final Console console = Console.system();
        LOGGER.setUseParentHandlers(false);
        LOGGER.addHandler(new Saying(console));
        System.exit(StemeDbCommand.run(console, arguments));
    }

    /** What the engine logs, in one line like everything else that is said. */
    private static final class Saying extends Handler {
        private final Console console;

        Saying(final Console console) {
            this.console = console;
        }

        @Override
        public void publish(final LogRecord line) {
            console.say(line.getMessage());
        }

        @Override
        public void flush() {} // each line is flushed

        @Override
        public void close() {} // the console stays open
    }
}
