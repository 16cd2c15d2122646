package io.stemedb.engine.cli;

import io.stemedb.engine.Backups;
import io.stemedb.engine.Verification;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes a directory of a backup. */
@Command(
        name = "restore",
        description = {
            "Makes a data directory of a backup.",
            "",
            "The directory must not exist: nothing is overwritten. It appears once every file has"
                    + " the checksum it had at the backup, and verification has found it sound,"
                    + " but for gaps that were known at the backup, and damage of the journal that"
                    + " lost no record; these are printed.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb restore /mnt/backup/claims --dir /srv/claims",
            "",
            "Prints what verify prints. Exit code 0 also where the backup has known gaps or such",
            "damage, for which verify of the same directory ends with 1.",
        })
final class RestoreCommand extends DirectoryCommand {

    @Parameters(paramLabel = "BACKUP", description = "Directory of the backup.")
    private Path target;

    RestoreCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        final Verification verification;
        try (Progress progress = new Progress(console, "restore", "done", Progress.UNKNOWN)) {
            verification = Backups.restore(target, directory(), progress::reached);
        }
        final PrintWriter out =
                new PrintWriter(new OutputStreamWriter(console.out(), StandardCharsets.UTF_8));
        VerifyCommand.print(verification, out);
        out.flush();
        console.out().flush();
        return ExitCode.OK;
    }
}
