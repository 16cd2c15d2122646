package io.stemedb.engine.ingest;

import io.stemedb.engine.journal.Journal;
import org.agrona.concurrent.Agent;

/** Keeps the journal's blocks prepared ahead of the appenders. */
final class PrepareAgent implements Agent {
    private final Journal journal;

    PrepareAgent(final IngestParts parts) {
        journal = parts.journal();
    }

    @Override
    public int doWork() {
        return journal.prepare();
    }

    @Override
    public String roleName() {
        return "prepare";
    }
}
