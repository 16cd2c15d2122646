package io.stemedb.bench.rig;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;

/** Between two turns: nobody pays for what the one before left to be written or collected. */
final class Settle {
    private Settle() {}

    static void down() {
        System.gc();
        try {
            final Process sync =
                    new ProcessBuilder("sync")
                            .redirectOutput(Redirect.DISCARD)
                            .redirectError(Redirect.DISCARD)
                            .start();
            final int exit = sync.waitFor();
            if (exit != 0) {
                throw new IllegalStateException("sync: exit code " + exit);
            }
        } catch (final IOException e) {
            throw new IllegalStateException(
                    "sync: cannot be run, turns would disturb each other", e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the disk settled", e);
        }
    }
}
