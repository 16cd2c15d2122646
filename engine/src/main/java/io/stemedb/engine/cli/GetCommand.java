package io.stemedb.engine.cli;

import io.stemedb.codecs.AssertionView;
import io.stemedb.engine.Reader;
import java.io.IOException;
import org.agrona.DirectBuffer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Prints one assertion. */
@Command(
        name = "get",
        description = "Prints the assertion with a content hash.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  stemedb get 0123...cdef",
            "  stemedb get --dir /srv/claims 0123...cdef | jq .object.value",
            "",
            "Exit code 1 if there is no such assertion.",
        })
final class GetCommand extends ReadCommand {

    @Parameters(paramLabel = "HASH", description = "Content hash of an assertion, 64 hex digits.")
    private String hash;

    GetCommand(final Console console) {
        super(console);
    }

    @Override
    void checkParameters() {
        hash("HASH", hash);
    }

    @Override
    String print(final Reader reader, final JsonRecordWriter json) throws IOException {
        final DirectBuffer wanted = hash("HASH", hash);
        final AssertionView view = new AssertionView();
        if (!reader.assertion(wanted, 0, view)) {
            return "no assertion with the hash " + hash;
        }
        json.write(
                JsonRecordWriter.NO_SEQUENCE,
                wanted,
                0,
                view.buffer(),
                view.offset(),
                view.length());
        return null;
    }
}
