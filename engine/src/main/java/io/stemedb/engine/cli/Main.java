package io.stemedb.engine.cli;

/** Where the JVM enters the command line. */
public final class Main {

    private Main() {}

    /**
     * Runs one command and ends the process with its exit code.
     *
     * @param arguments the command and its options, see {@code stemedb --help}
     */
    public static void main(final String[] arguments) {
        System.exit(StemeDbCommand.run(Console.system(), arguments));
    }
}
