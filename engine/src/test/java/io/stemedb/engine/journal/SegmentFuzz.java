package io.stemedb.engine.journal;

import io.stemedb.codecs.RecordHeader;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.faults.GuardedMemory;
import io.stemedb.engine.faults.Mutations;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Mutated segments walked through, as at a recovery. Whatever the bytes: the walk ends, what it
 * delivers lies inside them and in order, and a record whose checksum is right and was not repaired
 * is one that was written.
 */
final class SegmentFuzz implements JournalHandler {
    private static final int CORPUS = 64;

    private final SplittableRandom random;
    private final Mutations mutations;
    private final List<SegmentImage> corpus = new ArrayList<>();
    private final SegmentWalker walker = new SegmentWalker();
    private final GuardedMemory memory;
    private SegmentImage image;
    private boolean repaired;
    private long start;
    private int length;
    private long lastSequence;

    long delivered;
    long damages;
    long altered;

    SegmentFuzz(final long seed, final GuardedMemory memory) {
        random = new SplittableRandom(seed);
        mutations = new Mutations(random);
        this.memory = memory;
        final RecordMix mix = new RecordMix(new Random(seed), 20);
        for (int i = 0; i < CORPUS; i++) {
            final List<byte[]> records = new ArrayList<>();
            for (int n = 1 + random.nextInt(8); n > 0; n--) {
                records.add(mix.next());
            }
            corpus.add(new SegmentImage(records, random.nextInt(3) * 8));
        }
    }

    void one() {
        image = corpus.get(random.nextInt(CORPUS));
        final byte[] mutant =
                mutations.mutate(image.bytes, corpus.get(random.nextInt(CORPUS)).bytes);
        repaired = random.nextBoolean();
        if (repaired) {
            image.repair(mutant, random);
        }
        length = mutant.length;
        start = memory.put(mutant);
        lastSequence = 0;
        walker.wrap(
                start,
                length,
                SegmentImage.NUMBER,
                "fuzz",
                random.nextBoolean() ? 1 : SegmentWalker.ANY_SEQUENCE);
        final int max = 1 + random.nextInt(10);
        final boolean sealed = random.nextInt(4) > 0;
        int calls;
        int rounds = 0;
        do {
            calls = walker.walk(length, sealed, this, max);
            require(++rounds < 2 * length, "the walk does not end");
        } while (calls > 0);
        if (sealed) {
            walker.tellLost(length, this);
        }
        walker.headEnd(length);
        walker.isFrameDue(length);
    }

    @Override
    public void onRecord(
            final long sequence, final DirectBuffer buffer, final int offset, final int size) {
        delivered++;
        require(offset >= 0 && offset + size <= length && size >= 8, "record outside");
        require(sequence > lastSequence, "sequence goes back");
        lastSequence = sequence;
        if (RecordHeader.crc(buffer, offset) == RecordHeader.computeCrc(buffer, offset, size)) {
            if (!repaired) {
                final byte[] bytes = new byte[size];
                buffer.getBytes(offset, bytes);
                require(isWritten(bytes), "record that nobody wrote");
            }
        } else {
            altered++;
        }
    }

    private boolean isWritten(final byte[] bytes) {
        for (final SegmentImage written : corpus) { // a damage may have brought one of another's
            for (final byte[] record : written.records) {
                if (Arrays.equals(record, bytes)) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public void onDamage(
            final long firstSequence,
            final long last,
            final String reason,
            final DirectBuffer buffer,
            final int offset,
            final int size) {
        damages++;
        require(offset >= 0 && size >= 0 && offset + size <= length, "damage outside");
        require(last >= firstSequence - 1, "bounds " + firstSequence + "-" + last);
        require(reason.length() < 500, "reason of " + reason.length());
    }

    private static void require(final boolean condition, final String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /** Bytes one past the end of what a walk was given: what the control reads. */
    static byte past(final GuardedMemory memory) {
        return new UnsafeBuffer(memory.end() - 1, 2).getByte(1);
    }
}
