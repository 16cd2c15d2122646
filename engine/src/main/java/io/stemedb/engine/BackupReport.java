package io.stemedb.engine;

import java.nio.file.Path;

/**
 * What a backup is made of.
 *
 * @param directory where its files are, below the backup's directory
 * @param number 1 for the first backup there, then one more each time
 * @param lastSequence newest record in it
 * @param files how many files it has
 * @param bytes their length
 * @param bytesWritten what of it was copied now; the rest was there from the backup before
 * @param verification what verification of it found
 */
public record BackupReport(
        Path directory,
        long number,
        long lastSequence,
        int files,
        long bytes,
        long bytesWritten,
        Verification verification) {}
