package io.stemedb.engine.journal;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.EpochView;
import io.stemedb.codecs.InvalidRecordException;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.RecordValidator;
import io.stemedb.codecs.RecordView;
import io.stemedb.codecs.VoteView;
import io.stemedb.engine.RecordMix;
import io.stemedb.engine.faults.GuardedMemory;
import io.stemedb.engine.faults.Mutations;
import io.stemedb.engine.hash.Blake3;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import java.util.SplittableRandom;
import org.agrona.BufferUtil;
import org.agrona.UnsafeApi;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Reads bad input that ends where the memory ends, without Agrona's bounds checks: in a JVM of its
 * own, as a read past the end may be the end of it.
 */
final class BadInputChild {
    private static final int CORPUS = 300;
    private static final int PAGES = 70; // a segment image of some large records fits

    private final SplittableRandom random;
    private final Mutations mutations;
    private final GuardedMemory memory;
    private final RecordValidator validator = new RecordValidator();
    private final AssertionView assertion = new AssertionView();
    private final VoteView vote = new VoteView();
    private final EpochView epoch = new EpochView();
    private final UnsafeBuffer record = new UnsafeBuffer(0, 0);
    private final UnsafeBuffer hashes =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(2 * Blake3.HASH_LENGTH, 64));
    private final UnsafeBuffer descriptors =
            new UnsafeBuffer(BufferUtil.allocateDirectAligned(2 * Blake3.DESCRIPTOR_LENGTH, 64));
    private final Blake3 blake3 = Blake3.newInstance();
    private final byte[][] corpus = new byte[CORPUS][];
    private int valid;
    private int behindTheChecksum;

    private BadInputChild(final long seed, final GuardedMemory memory) {
        random = new SplittableRandom(seed);
        mutations = new Mutations(random);
        this.memory = memory;
        final RecordMix mix = new RecordMix(new Random(seed), 20);
        for (int i = 0; i < CORPUS; i++) {
            corpus[i] = mix.next();
        }
    }

    public static void main(final String[] arguments) throws IOException {
        final GuardedMemory memory = new GuardedMemory(Path.of(arguments[1]), PAGES);
        final long seed = Long.parseLong(arguments[2]);
        final int inputs = Integer.parseInt(arguments[3]);
        final BadInputChild child = new BadInputChild(seed, memory);
        switch (arguments[0]) {
            case "records" -> {
                for (int i = 0; i < inputs; i++) {
                    child.record();
                }
                System.out.println(
                        "RECORDS " + inputs + ' ' + child.valid + ' ' + child.behindTheChecksum);
            }
            case "segments" -> {
                final SegmentFuzz fuzz = new SegmentFuzz(seed, memory);
                for (int i = 0; i < inputs; i++) {
                    fuzz.one();
                }
                System.out.println(
                        "SEGMENTS "
                                + inputs
                                + ' '
                                + fuzz.delivered
                                + ' '
                                + fuzz.damages
                                + ' '
                                + fuzz.altered);
            }
            default -> System.out.println("PAST " + SegmentFuzz.past(memory));
        }
    }

    /** Validates, looks at every field, hashes: alone and in a batch of two. */
    private void record() {
        final byte[] mutant =
                mutations.mutate(corpus[random.nextInt(CORPUS)], corpus[random.nextInt(CORPUS)]);
        if (random.nextInt(4) > 0 && mutant.length >= 8) {
            final UnsafeBuffer bytes = new UnsafeBuffer(mutant);
            bytes.putInt(4, RecordHeader.computeCrc(bytes, 0, mutant.length));
        }
        final long address = memory.put(mutant);
        record.wrap(address, mutant.length);
        String refusal = "";
        try {
            validator.validate(record, 0, mutant.length);
            valid++;
        } catch (final InvalidRecordException e) {
            refusal = e.getMessage();
            if (!refusal.startsWith("crc32c")) {
                behindTheChecksum++;
            }
        }
        try {
            view(mutant);
        } catch (final InvalidRecordException e) {
            if (refusal.isEmpty()) {
                throw new AssertionError("valid, and its view refuses it", e);
            }
        }
        final int body = Math.min(8, mutant.length);
        blake3.hash(address + body, mutant.length - body, hashes.addressOffset());
        for (int i = 0; i < 2; i++) {
            final int at = i * Blake3.DESCRIPTOR_LENGTH;
            final int from = Math.min(mutant.length, body + i * random.nextInt(80));
            descriptors.putLong(at, address + from);
            descriptors.putLong(at + 8, mutant.length - from);
            descriptors.putLong(at + 16, hashes.addressOffset() + (long) i * Blake3.HASH_LENGTH);
        }
        blake3.hashBatch(descriptors.addressOffset(), 2);
        if (UnsafeApi.getLong(hashes.addressOffset()) == 0) {
            throw new AssertionError("hash of zeros");
        }
    }

    private RecordView view(final byte[] mutant) {
        switch (mutant[0]) {
            case 0 -> {
                assertion.wrap(record, 0, mutant.length);
                assertion.subject();
                assertion.predicate();
                assertion.objectText();
                for (int i = 0; i < assertion.vectorLength(); i++) {
                    assertion.vectorElement(i);
                }
                for (int i = 0; i < assertion.signatureCount(); i++) {
                    record.getByte(assertion.signatureOffset(i) + 63);
                    assertion.signatureTimestamp(i);
                }
                return assertion;
            }
            case 1 -> {
                vote.wrap(record, 0, mutant.length).weight();
                return vote;
            }
            default -> {
                epoch.wrap(record, 0, mutant.length);
                epoch.name();
                epoch.description();
                return epoch;
            }
        }
    }
}
