package io.stemedb.engine.cli;

import io.stemedb.engine.Verification;
import io.stemedb.engine.Verifier;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Compares the stores with the journal. */
@Command(
        name = "verify",
        description = {
            "Checks journal and stores, each by itself and against each other, of a directory that"
                    + " no engine runs on.",
            "",
            "Prints counts, digest and the differences, the first 1,000 of them one by one: flipped bits, gaps, files cut off, missing"
                    + " or foreign stores, entries of no record. Records that the"
                    + " stores had not reached yet, as after a kill, are no differences: they are"
                    + " counted as not yet stored.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb verify --dry-run",
            "  stemedb verify --dir /srv/claims && echo sound",
            "",
            "The digest is the sum modulo 2^256 of BLAKE3(key, value) over all entries of the",
            "stores: two directories that took the same records in the same order have the same.",
            "Exit code 1 if there is any difference.",
        })
final class VerifyCommand extends DirectoryCommand {

    @Option(
            names = "--dry-run",
            description = "Says how many files and bytes it would read, and reads none.")
    private boolean dryRun;

    VerifyCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        final Path path = existingDirectory();
        final PrintWriter out =
                new PrintWriter(new OutputStreamWriter(console.out(), StandardCharsets.UTF_8));
        if (dryRun) {
            Verifier.plan(path).forEach(line -> out.println("would " + line));
            out.flush();
            console.out().flush();
            return ExitCode.OK;
        }
        final Verification verification;
        try (Progress progress = new Progress(console, "verify", "records", Progress.UNKNOWN)) {
            verification = Verifier.verify(path, progress::reached);
        }
        print(verification, out);
        out.flush();
        console.out().flush();
        return verification.isSound() ? ExitCode.OK : ExitCode.NO;
    }

    static void print(final Verification verification, final PrintWriter out) {
        out.println("journal records  " + verification.journalRecords());
        out.println("assertions       " + verification.assertions());
        out.println("votes            " + verification.votes());
        out.println("epochs           " + verification.epochs());
        out.println("subject entries  " + verification.subjectEntries());
        out.println("quarantined      " + verification.quarantined());
        out.println("not yet stored   " + verification.notYetStored());
        out.println("digest           " + verification.digest());
        out.println("differences      " + verification.differenceCount());
        for (final String difference : verification.differences()) {
            out.println("  " + difference);
        }
        final long more = verification.differenceCount() - verification.differences().size();
        if (more > 0) {
            out.println("  and " + more + " more");
        }
    }
}
