package io.stemedb.bench.rig;

import io.stemedb.bench.Claims;
import io.stemedb.bench.DataDirectory;
import io.stemedb.bench.Engines;
import io.stemedb.bench.peers.RocksPeer;
import io.stemedb.engine.Engine;
import io.stemedb.engine.status.Counter;
import io.stemedb.engine.store.SubjectIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Sustained append until STORED, against RocksDB alone at the same logical work on the same claims.
 * Engine and peer take turns in one process; each turn starts in an empty directory.
 */
public final class ThroughputRig {
    private static final int[] PEER_THREADS = {1, 2};
    private static final double TARGET_RATIO = 2;

    private final Session session;
    private final int records;
    private final int calibrationRecords;
    private final int pairs;
    private final Table raw =
            new Table(
                    "subjects",
                    "pair",
                    "who",
                    "records",
                    "seconds",
                    "records_per_s",
                    "append_seconds",
                    "ingest_stalls",
                    "flushes",
                    "flush_seconds",
                    "syncs",
                    "sync_seconds");

    private enum Who {
        ENGINE_LMDB,
        PEER,
        ENGINE_ROCKSDB
    }

    private record PeerKind(RocksPeer.Memtable memtable, int threads) {
        @Override
        public String toString() {
            return memtable + "x" + threads;
        }
    }

    /**
     * A rig.
     *
     * @param session where results go
     * @param records records of one turn
     * @param calibrationRecords records of one turn when choosing the kind of peer, and of warming
     *     up
     * @param pairs how often all take turns
     */
    public ThroughputRig(
            final Session session,
            final int records,
            final int calibrationRecords,
            final int pairs) {
        this.session = session;
        this.records = records;
        this.calibrationRecords = calibrationRecords;
        this.pairs = pairs;
    }

    /**
     * Measures.
     *
     * @param subjectCounts each measured by itself
     */
    public void run(final List<Integer> subjectCounts) {
        session.section(
                "Sustained append to STORED",
                String.format(
                        Locale.ROOT,
                        "%,d assertions of %d bytes a turn, one producing thread, GROUP, default"
                                + " settings, from the first append until STORED has reached the last."
                                + " Peer: RocksDB alone, best of the kinds below, until its last write"
                                + " has returned (own log, not forced). Turns alternate in one process;"
                                + " the ratio is taken within a pair; median [min..max] of %d pairs.",
                        records,
                        Claims.LENGTH,
                        pairs));
        // What the JIT has not seen yet is not the engine's speed.
        for (final Who who : Who.values()) {
            turn(who, new PeerKind(RocksPeer.Memtable.SKIP_LIST, 1), 1_000, calibrationRecords);
        }
        for (final int subjects : subjectCounts) {
            measure(subjects, choosePeer(subjects));
        }
        session.raw("throughput.csv", raw);
    }

    private PeerKind choosePeer(final int subjects) {
        final Table table = new Table("peer at " + subjects + " subjects", "records/s");
        PeerKind best = null;
        double bestRate = 0;
        for (final RocksPeer.Memtable memtable : RocksPeer.Memtable.values()) {
            for (final int threads : PEER_THREADS) {
                final PeerKind kind = new PeerKind(memtable, threads);
                final double rate = turn(Who.PEER, kind, subjects, calibrationRecords);
                table.row(kind, String.format(Locale.ROOT, "%,.0f", rate));
                if (rate > bestRate) {
                    bestRate = rate;
                    best = kind;
                }
            }
        }
        session.table(table);
        return best;
    }

    private void measure(final int subjects, final PeerKind peer) {
        final double[][] rates = new double[Who.values().length][pairs];
        for (int pair = 0; pair < pairs; pair++) {
            final List<Who> order = new ArrayList<>(List.of(Who.values()));
            if (pair % 2 == 1) {
                Collections.reverse(order);
            }
            for (final Who who : order) {
                rates[who.ordinal()][pair] = turn(who, peer, subjects, records, pair);
            }
        }
        final Table table =
                new Table(
                        String.format(Locale.ROOT, "at %,d subjects", subjects),
                        "records/s",
                        "ratio to the peer");
        final double[] peerRates = rates[Who.PEER.ordinal()];
        table.row("RocksDB " + peer, Spread.of(peerRates).text(0), "1");
        final List<Spread> ratios = new ArrayList<>();
        for (final SubjectIndex index : SubjectIndex.values()) {
            final double[] own = rates[engine(index).ordinal()];
            final double[] ratio = new double[pairs];
            for (int pair = 0; pair < pairs; pair++) {
                ratio[pair] = own[pair] / peerRates[pair];
            }
            ratios.add(Spread.of(ratio));
            table.row("engine, S: in " + index, Spread.of(own).text(0), Spread.of(ratio).text(2));
        }
        session.table(table);
        for (final SubjectIndex index : SubjectIndex.values()) {
            final Spread ratio = ratios.get(index.ordinal());
            session.verdict(
                    String.format(
                            Locale.ROOT,
                            "append to STORED at least %.0fx RocksDB alone, %,d subjects, S: in %s",
                            TARGET_RATIO,
                            subjects,
                            index),
                    ratio.text(2) + "x",
                    ratio.median() >= TARGET_RATIO);
        }
    }

    private static Who engine(final SubjectIndex index) {
        return index == SubjectIndex.LMDB ? Who.ENGINE_LMDB : Who.ENGINE_ROCKSDB;
    }

    private double turn(final Who who, final PeerKind peer, final int subjects, final int count) {
        return turn(who, peer, subjects, count, -1);
    }

    /** One turn; records a second. The pair is -1 when warming up or choosing. */
    private double turn(
            final Who who,
            final PeerKind peer,
            final int subjects,
            final int count,
            final int pair) {
        Settle.down();
        try (DataDirectory directory = DataDirectory.make()) {
            final double rate =
                    who == Who.PEER
                            ? peerTurn(directory, peer, subjects, count, pair)
                            : engineTurn(directory, who, subjects, count, pair);
            session.say(
                    String.format(
                            Locale.ROOT,
                            "%,9d subjects  pair %2d  %-28s %,10.0f records/s",
                            subjects,
                            pair + 1,
                            who == Who.PEER ? "RocksDB " + peer : who,
                            rate));
            return rate;
        }
    }

    private double peerTurn(
            final DataDirectory directory,
            final PeerKind kind,
            final int subjects,
            final int count,
            final int pair) {
        try (RocksPeer peer = RocksPeer.open(directory.path(), kind.memtable())) {
            final double seconds = peer.run(count, subjects, kind.threads()) / 1e9;
            final double rate = count / seconds;
            raw.row(
                    subjects,
                    pair,
                    "peer-" + kind,
                    count,
                    f(seconds),
                    f(rate),
                    f(seconds),
                    "",
                    "",
                    "",
                    "",
                    "");
            return rate;
        }
    }

    private double engineTurn(
            final DataDirectory directory,
            final Who who,
            final int subjects,
            final int count,
            final int pair) {
        final SubjectIndex index =
                who == Who.ENGINE_LMDB ? SubjectIndex.LMDB : SubjectIndex.ROCKSDB;
        final Claims claims = new Claims(subjects);
        try (Engine engine = Engine.launch(Engines.context(directory.path()).subjectIndex(index))) {
            final long startNs = System.nanoTime();
            Engines.append(engine, claims, 0, count);
            final double appendSeconds = (System.nanoTime() - startNs) / 1e9;
            Engines.store(engine);
            final double seconds = (System.nanoTime() - startNs) / 1e9;
            final double rate = count / seconds;
            raw.row(
                    subjects,
                    pair,
                    who,
                    count,
                    f(seconds),
                    f(rate),
                    f(appendSeconds),
                    engine.counters().get(Counter.INGEST_STALLS),
                    engine.counters().get(Counter.FLUSHES),
                    f(engine.counters().get(Counter.FLUSH_TIME_NS) / 1e9),
                    engine.counters().get(Counter.SYNCS),
                    f(engine.counters().get(Counter.SYNC_TIME_NS) / 1e9));
            return rate;
        }
    }

    private static String f(final double value) {
        return String.format(Locale.ROOT, "%.3f", value);
    }
}
