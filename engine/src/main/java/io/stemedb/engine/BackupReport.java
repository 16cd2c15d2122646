package io.stemedb.engine;

import java.nio.file.Path;
import java.util.List;

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
 * @param lossless how many of the differences found are damage of the journal that lost no record;
 *     the others are known gaps
 * @param missing what is missing in it and was not in the one before, in words; empty if nothing is
 * @param kept backups that are kept because a later one had lost something that they have: each can
 *     be restored by itself, and is only deleted by its owner
 */
public record BackupReport(
        Path directory,
        long number,
        long lastSequence,
        int files,
        long bytes,
        long bytesWritten,
        Verification verification,
        long lossless,
        List<String> missing,
        List<Path> kept) {}
