package io.stemedb.engine;

import java.nio.file.Path;

/** Backs up or repairs in a process of its own, to be killed at it. */
public final class BackupChild {
    private BackupChild() {}

    /** Says how far it is, on each word of progress. */
    public static void main(final String[] arguments) {
        final Path directory = Path.of(arguments[1]);
        if ("backup".equals(arguments[0])) {
            final BackupReport report =
                    Backups.backup(
                            directory,
                            Path.of(arguments[2]),
                            done -> System.out.println("AT " + done));
            System.out.println("DONE " + report.lastSequence());
        } else {
            try (Repair repair = Repair.plan(directory, done -> {})) {
                System.out.println("AT plan");
                repair.run(error -> {}, done -> System.out.println("AT " + done));
                System.out.println("DONE");
            }
        }
    }
}
