package io.stemedb.engine;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.AssertionWriter;
import io.stemedb.codecs.EpochWriter;
import io.stemedb.codecs.Limits;
import io.stemedb.codecs.RecordHeader;
import io.stemedb.codecs.SupersessionType;
import io.stemedb.codecs.VoteView;
import io.stemedb.codecs.VoteWriter;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.agrona.concurrent.UnsafeBuffer;

/** Bytes that are no valid record, each with the field that is wrong with it. */
final class BadRecords {
    /** Bytes that are refused for a field. */
    record Bad(String name, String field, byte[] bytes) {
        @Override
        public String toString() {
            return name;
        }
    }

    private BadRecords() {}

    static byte[] assertion() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final int length =
                new AssertionWriter()
                        .subject("BTCUSD@bitstamp")
                        .predicate("trade_price")
                        .number(912.44)
                        .confidence(1.0f)
                        .timestamp(1)
                        .encode(buffer, 0);
        return TestEngines.copy(buffer, 0, length);
    }

    static byte[] vote() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final int length =
                new VoteWriter()
                        .assertion(TestEngines.id(1))
                        .agentId(TestEngines.id(2))
                        .weight(0.5f)
                        .timestamp(1)
                        .encode(buffer, 0);
        return TestEngines.copy(buffer, 0, length);
    }

    static byte[] epoch() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
        final int length =
                new EpochWriter()
                        .id(TestEngines.id(3))
                        .name("day")
                        .description("UTC day")
                        .start(0)
                        .supersessionType(SupersessionType.None)
                        .encode(buffer, 0);
        return TestEngines.copy(buffer, 0, length);
    }

    /** Puts the right checksum on bytes that were changed. */
    private static byte[] seal(final byte[] record) {
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        buffer.putInt(
                4, RecordHeader.computeCrc(buffer, 0, record.length), ByteOrder.LITTLE_ENDIAN);
        return record;
    }

    private static byte[] with(final byte[] record, final int at, final int... values) {
        for (int i = 0; i < values.length; i++) {
            record[at + i] = (byte) values[i];
        }
        return seal(record);
    }

    /** The bytes of the assertion's subject, behind its u16 length. */
    private static int subjectOffset(final byte[] record) {
        return new AssertionView().wrap(new UnsafeBuffer(record), 0, record.length).subjectOffset();
    }

    /** All of them; the journal takes each, as their length is one that a record may have. */
    static List<Bad> all(final Random random) {
        final List<Bad> all = new ArrayList<>();
        header(all);
        values(all);
        texts(all);
        for (int i = 0; i < 20; i++) {
            final byte[] garbage = new byte[8 + random.nextInt(500)];
            random.nextBytes(garbage);
            garbage[0] = (byte) (3 + random.nextInt(200)); // never a type
            all.add(new Bad("garbage-" + i, "type", garbage));
            final byte[] body = assertion();
            for (int at = 8 + random.nextInt(8); at < body.length; at += 8) {
                body[at] ^= (byte) (1 + random.nextInt(255));
            }
            all.add(new Bad("body-" + i, "crc32c", body));
        }
        return all;
    }

    private static void header(final List<Bad> all) {
        all.add(new Bad("type 3", "type", with(assertion(), 0, 3)));
        all.add(new Bad("type 255", "type", with(assertion(), 0, 255)));
        all.add(new Bad("version 0", "version", with(vote(), 1, 0)));
        all.add(new Bad("version + 1", "version", with(epoch(), 1, epoch()[1] + 1)));
        all.add(new Bad("block length", "blockLength", with(assertion(), 2, 1)));
        final byte[] crc = vote();
        crc[5] ^= 1;
        all.add(new Bad("crc", "crc32c", crc));
        final byte[] flipped = epoch();
        flipped[flipped.length - 1] ^= 0x10;
        all.add(new Bad("bit flipped", "crc32c", flipped));
        all.add(new Bad("header only", "length", Arrays.copyOf(assertion(), 8)));
        all.add(new Bad("cut in the block", "length", Arrays.copyOf(vote(), 40)));
        final byte[] whole = assertion();
        all.add(new Bad("cut, old crc", "crc32c", Arrays.copyOf(whole, whole.length - 3)));
        all.add(new Bad("a byte more", null, seal(Arrays.copyOf(vote(), vote().length + 1))));
        all.add(new Bad("largest", "type", new byte[Limits.RECORD_MAX]));
        all.get(all.size() - 1).bytes()[0] = 9;
        all.add(new Bad("zeros", null, new byte[64]));
    }

    private static void values(final List<Bad> all) {
        final UnsafeBuffer nan = new UnsafeBuffer(assertion());
        final AssertionView view = new AssertionView().wrap(nan, 0, nan.capacity());
        final int number = indexOf(nan, Double.doubleToRawLongBits(view.number()));
        nan.putLong(number, Double.doubleToRawLongBits(Double.NaN), ByteOrder.LITTLE_ENDIAN);
        all.add(new Bad("NaN", "objectNumber", seal(nan.byteArray())));
        final UnsafeBuffer infinite = new UnsafeBuffer(assertion());
        infinite.putLong(
                number,
                Double.doubleToRawLongBits(Double.NEGATIVE_INFINITY),
                ByteOrder.LITTLE_ENDIAN);
        all.add(new Bad("infinite", "objectNumber", seal(infinite.byteArray())));
        final UnsafeBuffer weight = new UnsafeBuffer(vote());
        final int weightOffset = 16; // behind header and timestamp
        if (new VoteView().wrap(weight, 0, weight.capacity()).weight()
                != weight.getFloat(weightOffset, ByteOrder.LITTLE_ENDIAN)) {
            throw new AssertionError("weight is not at " + weightOffset);
        }
        weight.putFloat(weightOffset, Float.NaN, ByteOrder.LITTLE_ENDIAN);
        all.add(new Bad("weight NaN", "weight", seal(weight.byteArray())));
        final UnsafeBuffer confidence = new UnsafeBuffer(assertion());
        confidence.putFloat(16, 1.5f, ByteOrder.LITTLE_ENDIAN);
        all.add(new Bad("confidence 1.5", "confidence", seal(confidence.byteArray())));
        final UnsafeBuffer time = new UnsafeBuffer(epoch());
        time.putLong(8, -1, ByteOrder.LITTLE_ENDIAN);
        all.add(new Bad("start < 0", "start", seal(time.byteArray())));
    }

    private static int indexOf(final UnsafeBuffer buffer, final long bits) {
        for (int i = 8; ; i++) {
            if (buffer.getLong(i, ByteOrder.LITTLE_ENDIAN) == bits) {
                return i;
            }
        }
    }

    private static void texts(final List<Bad> all) {
        final int subject = subjectOffset(assertion());
        all.add(new Bad("bad UTF-8", "subject", with(assertion(), subject, 0xC0, 0x80)));
        all.add(new Bad("lone surrogate", "subject", with(assertion(), subject, 0xED, 0xA0, 0x80)));
        all.add(new Bad("control character", "subject", with(assertion(), subject + 3, 0x1F)));
        all.add(new Bad("0x00", "subject", with(assertion(), subject + 1, 0)));
        final byte[] name = "BTCUSD@bitstamp".getBytes(StandardCharsets.UTF_8);
        final byte[] whole = assertion();
        final byte[] empty = new byte[whole.length - name.length];
        System.arraycopy(whole, 0, empty, 0, subject);
        System.arraycopy(
                whole, subject + name.length, empty, subject, whole.length - subject - name.length);
        int lengthAt = subject - 1; // the length before it, however wide it is
        while (empty[lengthAt] != name.length) {
            lengthAt--;
        }
        all.add(new Bad("empty subject", "subject", with(empty, lengthAt, 0)));
        all.add(new Bad("subject too long", null, with(assertion(), lengthAt, 255)));
    }
}
