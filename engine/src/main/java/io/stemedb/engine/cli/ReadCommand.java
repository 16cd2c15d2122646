package io.stemedb.engine.cli;

import io.stemedb.engine.ClaimHandler;
import io.stemedb.engine.Reader;
import io.stemedb.engine.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A command that prints records of a directory, whether its engine is running or not. */
abstract class ReadCommand extends DirectoryCommand {

    ReadCommand(final Console console) {
        super(console);
    }

    @Override
    public final Integer call() throws CommandException, IOException {
        checkParameters();
        try (Snapshot snapshot = Snapshot.open(existingDirectory(), this::complain)) {
            final JsonRecordWriter json = new JsonRecordWriter(console.out());
            final String missing;
            try {
                missing = print(snapshot.newReader(), json);
            } finally {
                console.out().flush(); // what could be read
            }
            if (missing != null) {
                throw new CommandException(ExitCode.NO, missing);
            }
            return ExitCode.OK;
        }
    }

    /** Refuses what is no hash or no number before anything is opened. */
    abstract void checkParameters();

    /**
     * Prints what was asked for.
     *
     * @return null, or what to say when there is nothing
     */
    abstract String print(Reader reader, JsonRecordWriter json) throws IOException;

    /** Prints each claim with its sequence. */
    static ClaimHandler printing(final JsonRecordWriter json) {
        return (sequence, hash, record, offset, length) -> {
            try {
                json.write(sequence, hash, 0, record, offset, length);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }
}
