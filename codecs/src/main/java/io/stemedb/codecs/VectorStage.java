package io.stemedb.codecs;

import static io.stemedb.codecs.AssertionLayout.DIMENSION_LENGTH;
import static io.stemedb.codecs.AssertionLayout.VECTOR_ENTRY;
import static io.stemedb.codecs.Limits.VECTOR_MAX;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Objects;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** The vector of an assertion, as it will stand in the record. */
final class VectorStage {
    private static final int INITIAL_CAPACITY = 16;

    private final UnsafeBuffer elements =
            new UnsafeBuffer(new byte[INITIAL_CAPACITY * VECTOR_ENTRY]);
    private int count;

    void clear() {
        count = 0;
    }

    void set(final float[] values, final int offset, final int length) {
        count = 0;
        Objects.checkFromIndexSize(offset, length, values.length);
        if (length > VECTOR_MAX) {
            throw Refusal.range("vector", 0, VECTOR_MAX, length);
        }
        if (length * VECTOR_ENTRY > elements.capacity()) {
            final int doubled = Math.max(length * VECTOR_ENTRY, 2 * elements.capacity());
            elements.wrap(new byte[Math.min(doubled, VECTOR_MAX * VECTOR_ENTRY)]);
        }
        for (int i = 0; i < length; i++) {
            final float value = values[offset + i];
            if (!Float.isFinite(value)) {
                throw Refusal.of("vector[" + i + "]", Refusal.FINITE, value);
            }
            // Adding 0.0 turns -0.0 into 0.0 and changes nothing else.
            final int bits = Float.floatToRawIntBits(value + 0.0f);
            elements.putInt(i * VECTOR_ENTRY, bits, LITTLE_ENDIAN);
        }
        count = length;
    }

    int length() {
        return DIMENSION_LENGTH + count * VECTOR_ENTRY;
    }

    int write(final MutableDirectBuffer target, final int offset) {
        target.putLong(offset, AssertionLayout.dimension(VECTOR_ENTRY, count), LITTLE_ENDIAN);
        if (count > 0) {
            target.putBytes(offset + DIMENSION_LENGTH, elements, 0, count * VECTOR_ENTRY);
        }
        return offset + length();
    }
}
