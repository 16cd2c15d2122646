package io.stemedb.engine.cli;

import io.stemedb.engine.Repair;
import io.stemedb.engine.Verification;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Mends a directory from what is right in it. */
@Command(
        name = "repair",
        description = {
            "Mends a directory that no engine runs on.",
            "",
            "Looks first and prints what it will do. A manifest that is missing is made anew"
                    + " from the stores. Damaged records of the journal are put back"
                    + " from the stores, sound ones whose frame or seal was altered are written"
                    + " anew; a store that is missing, damaged or of another engine is rebuilt"
                    + " from the journal, and the old one is moved to DIR/aside. Only bytes whose content hash is right are used: what nobody"
                    + " has stays a gap, and is told. Damage where no record stood is told too, and needs"
                    + " no repair. Verifies at the end.",
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb repair --dry-run",
            "  stemedb repair --dir /srv/claims && rm -r /srv/claims/aside",
            "",
            "Exit code 1 if something is left, or --dry-run has something to do.",
        })
final class RepairCommand extends DirectoryCommand {

    @Option(names = "--dry-run", description = "Says what it would do, and changes nothing.")
    private boolean dryRun;

    RepairCommand(final Console console) {
        super(console);
    }

    @Override
    public Integer call() throws CommandException, IOException {
        final Path path = existingDirectory();
        final PrintWriter out =
                new PrintWriter(new OutputStreamWriter(console.out(), StandardCharsets.UTF_8));
        try (Repair repair = plan(path)) {
            out.println("differences      " + repair.found().differenceCount());
            repair.steps().forEach(step -> out.println((dryRun ? "would " : "will ") + step));
            repair.impossible().forEach(line -> out.println("cannot repair: " + line));
            repair.lossless().forEach(line -> out.println("needs no repair: " + line));
            if (repair.steps().isEmpty()) {
                out.println("nothing to do");
            }
            out.flush();
            console.out().flush();
            if (dryRun || repair.steps().isEmpty()) {
                return repair.found().isSound() && repair.steps().isEmpty()
                        ? ExitCode.OK
                        : ExitCode.NO;
            }
            final Verification after = run(repair);
            VerifyCommand.print(after, out);
            out.flush();
            console.out().flush();
            return after.isSound() ? ExitCode.OK : ExitCode.NO;
        }
    }

    private Repair plan(final Path path) {
        try (Progress progress = new Progress(console, "look", "records", Progress.UNKNOWN)) {
            return Repair.plan(path, progress::reached);
        }
    }

    private Verification run(final Repair repair) {
        try (Progress progress = new Progress(console, "repair", "records", Progress.UNKNOWN)) {
            return repair.run(this::complain, progress::reached);
        }
    }
}
