package io.stemedb.engine.cli;

import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.Limits;
import io.stemedb.engine.Reader;
import java.io.IOException;
import org.agrona.concurrent.UnsafeBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints one epoch. */
@Command(
        name = "epoch",
        description = "Prints the epoch with an id.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb epoch 0123...cdef",
            "",
            "Exit code 1 if there is no such epoch.",
        })
final class EpochCommand extends ReadCommand {

    @Parameters(paramLabel = "ID", description = "Id of an epoch, 64 hex digits.")
    private String id;

    EpochCommand(final Console console) {
        super(console);
    }

    @Override
    void checkParameters() {
        hash("ID", id);
    }

    @Override
    String print(final Reader reader, final JsonRecordWriter json) throws IOException {
        final EpochView view = new EpochView();
        if (!reader.epoch(hash("ID", id), 0, view)) {
            return "no epoch with the id " + id;
        }
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[Limits.HASH_LENGTH]);
        new ContentHash().ofRecord(view.buffer(), view.offset(), view.length(), hash);
        json.write(
                JsonRecordWriter.NO_SEQUENCE, hash, 0, view.buffer(), view.offset(), view.length());
        return null;
    }
}
