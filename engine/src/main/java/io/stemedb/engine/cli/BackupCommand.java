package io.stemedb.engine.cli;

import io.stemedb.engine.BackupReport;
import io.stemedb.engine.Backups;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Backs a directory up. */
@Command(
        name = "backup",
        description = {
            "Backs a directory up, also while an engine runs on it.",
            "",
            "Everything that was appended before is in the backup, and verification has found it"
                    + " sound, but for gaps that are known and set aside, and damage of the journal that"
                    + " lost no record; these are printed. Done"
                    + " again on the same TARGET it copies only what changed, and replaces the"
                    + " backup there once the new one is complete. One that lacks what the backup"
                    + " before had does not replace it: that one stays in TARGET/kept-NNNNNNNN,"
                    + " can be restored from there, and is never deleted by a backup.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb backup /mnt/backup/claims",
            "  stemedb backup --dir /srv/claims /mnt/backup/claims",
            "  stemedb restore /mnt/backup/claims --dir /srv/claims-again",
            "",
            "Exit code 1 if something is missing that was not missing in the backup before.",
        })
final class BackupCommand extends DirectoryCommand {

    @Parameters(
            paramLabel = "TARGET",
            description = "Directory of the backup: new, empty, or with an earlier one.")
    private Path target;

    BackupCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        final Path path = existingDirectory();
        final BackupReport report;
        try (Progress progress = new Progress(console, "backup", "done", Progress.UNKNOWN)) {
            report = Backups.backup(path, target, progress::reached);
        }
        final PrintStream out = new PrintStream(console.out(), false, StandardCharsets.UTF_8);
        out.println("backup           " + target + " number " + report.number());
        out.println("last sequence    " + report.lastSequence());
        out.println("files            " + report.files());
        out.println("bytes            " + report.bytes());
        out.println("bytes written    " + report.bytesWritten());
        out.println("digest           " + report.verification().digest());
        final long found = report.verification().differenceCount();
        out.println("known gaps       " + (found - report.lossless()));
        out.println("damage, no loss  " + report.lossless());
        report.verification().differences().forEach(gap -> out.println("  " + gap));
        report.missing().forEach(what -> out.println("newly missing    " + what));
        report.kept().forEach(kept -> out.println("kept             " + kept));
        out.flush();
        console.out().flush();
        return report.missing().isEmpty() ? ExitCode.OK : ExitCode.NO;
    }
}
