package io.stemedb.codecs;

import static io.stemedb.codecs.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Each rule once: golden bytes with one change, their checksum repaired. Offsets: see the golden
 * files.
 */
class ValidatorRulesTest {
    private static final String FULL = "assertion-text-full";

    private final RecordValidator validator = new RecordValidator();

    private void validate(final byte[] record) {
        validator.validate(new UnsafeBuffer(record), 0, record.length);
    }

    private static byte[] changed(final String golden, final int offset, final String hex) {
        final byte[] record = Bytes.golden(golden);
        final byte[] bytes = HexFormat.of().parseHex(hex);
        System.arraycopy(bytes, 0, record, offset, bytes.length);
        Bytes.repairCrc(record);
        return record;
    }

    @ParameterizedTest
    @CsvSource({
        // header
        "assertion-text-full,   0, 03,               type",
        "assertion-text-full,   0, ff,               type",
        "assertion-text-full,   1, 00,               version",
        "assertion-text-full,   1, 02,               version",
        "assertion-text-full,   2, 7f00,             blockLength",
        "assertion-text-full,   2, 8100,             blockLength",
        "assertion-text-full,   0, 01,               blockLength",
        "vote-full,             2, 9100,             blockLength",
        "epoch-full,            2, 0000,             blockLength",
        // assertion, fixed fields
        "assertion-text-full,  15, 80,               timestamp",
        "assertion-text-full,  16, 0000c07f,         confidence",
        "assertion-text-full,  16, 0000807f,         confidence",
        "assertion-text-full,  16, 0100803f,         confidence",
        "assertion-text-full,  16, 00000080,         confidence",
        "assertion-text-full,  16, 01000080,         confidence",
        "assertion-text-full,  20, 05,               lifecycle",
        "assertion-text-full,  20, ff,               lifecycle",
        "assertion-text-full,  21, 06,               sourceClass",
        "assertion-text-full,  21, fe,               sourceClass",
        "assertion-text-full,  22, 04,               objectType",
        "assertion-text-full,  22, 01,               objectText",
        "assertion-text-full,  22, 02,               objectText",
        "assertion-number-bare,22, 03,               objectNumber",
        "assertion-boolean,    22, 03,               flags",
        "assertion-boolean,    22, 01,               flags",
        "assertion-text-full,  23, 2f,               flags",
        "assertion-text-full,  23, 8f,               flags",
        "assertion-text-full,  23, 1f,               flags",
        "assertion-text-full,  23, 0e,               sourceHash",
        "assertion-text-full,  23, 0d,               parentHash",
        "assertion-text-full,  23, 0b,               visualHash",
        "assertion-text-full,  23, 07,               epoch",
        "assertion-number-bare,63, 01,               sourceHash",
        "assertion-number-bare,64, 80,               parentHash",
        "assertion-number-bare,103, 01,              visualHash",
        "assertion-number-bare,135, ff,              epoch",
        "assertion-text-full,  24, 01,               objectNumber",
        "assertion-text-full,  31, 80,               objectNumber",
        "assertion-number-bare,24, 0000000000000080, objectNumber",
        "assertion-number-bare,24, 000000000000f07f, objectNumber",
        "assertion-number-bare,24, 000000000000f0ff, objectNumber",
        "assertion-number-bare,24, 010000000000f87f, objectNumber",
        // signatures
        "assertion-text-full, 136, 6f00,             signatures",
        "assertion-text-full, 138, 0300,             signatures",
        "assertion-text-full, 138, 4100,             signatures",
        "assertion-text-full, 138, ffff,             signatures",
        "assertion-text-full, 138, 0100,             vector",
        "assertion-text-full, 140, 01,               signatures",
        "assertion-text-full, 143, 80,               signatures",
        "assertion-text-full, 144, 81,               signatures.agentId",
        "assertion-text-full, 144, 80,               signatures.agentId",
        "assertion-text-full, 247, 80,               signatures.timestamp",
        "assertion-text-full, 359, ff,               signatures.timestamp",
        "assertion-text-full, 249, 01,               signatures.padding",
        "assertion-text-full, 367, 01,               signatures.padding",
        // vector
        "assertion-text-full, 368, 0800,             vector",
        "assertion-text-full, 370, 0110,             vector",
        "assertion-text-full, 370, 4000,             vector",
        "assertion-text-full, 375, 01,               vector",
        "assertion-text-full, 376, 0000c07f,         vector[0]",
        "assertion-text-full, 380, 000080ff,         vector[1]",
        "assertion-text-full, 384, 00000080,         vector[2]",
        // texts
        "assertion-text-full, 388, 0000,             subject",
        "assertion-text-full, 388, 0101,             subject",
        "assertion-text-full, 388, ffff,             subject",
        "assertion-text-full, 388, 3a00,             subject",
        "assertion-text-full, 390, 00,               subject",
        "assertion-text-full, 391, 1f,               subject",
        "assertion-text-full, 414, 7f,               subject",
        "assertion-text-full, 414, c3,               subject",
        "assertion-text-full, 415, 0000,             predicate",
        "assertion-text-full, 415, 8100,             predicate",
        "assertion-text-full, 417, 0a,               predicate",
        "assertion-text-full, 425, 72,               predicate",
        "assertion-text-full, 427, 01000100,         objectText",
        "assertion-text-full, 427, ffffffff,         objectText",
        "assertion-text-full, 427, 00000080,         objectText",
        "assertion-text-full, 427, 10000000,         objectText",
        "assertion-text-full, 427, 0e000000,         length",
        "assertion-text-full, 431, 80,               objectText",
        "assertion-text-full, 431, c080,             objectText",
        "assertion-text-full, 431, c1bf,             objectText",
        "assertion-text-full, 431, e08080,           objectText",
        "assertion-text-full, 431, eda080,           objectText",
        "assertion-text-full, 431, f0808080,         objectText",
        "assertion-text-full, 431, f4908080,         objectText",
        "assertion-text-full, 431, f5808080,         objectText",
        "assertion-text-full, 445, c3,               objectText",
        // vote
        "vote-full,            15, 80,               timestamp",
        "vote-full,            16, 0000c07f,         weight",
        "vote-full,            16, 0000807f,         weight",
        "vote-full,            16, 000080ff,         weight",
        "vote-full,            16, 00000080,         weight",
        "vote-full,            20, 03,               flags",
        "vote-full,            20, 81,               flags",
        "vote-full,            20, 00,               signature",
        "vote-bare,           151, 01,               signature",
        "vote-full,            21, 01,               padding",
        "vote-full,            23, 01,               padding",
        // epoch
        "epoch-full,           15, 80,               start",
        "epoch-full,           16, 04,               supersessionType",
        "epoch-full,           16, 00,               supersedes",
        "epoch-bare,           16, 01,               supersedes",
        "epoch-full,           17, 03,               flags",
        "epoch-full,           17, 00,               supersedes",
        "epoch-bare,           17, 01,               supersedes",
        "epoch-full,           18, 01,               padding",
        "epoch-full,           23, 01,               padding",
        "epoch-bare,           56, 01,               supersedes",
        "epoch-full,           88, 0000,             name",
        "epoch-full,           88, 0101,             name",
        "epoch-full,           88, 5000,             name",
        "epoch-full,           90, ff,               name",
        "epoch-full,          100, 01000100,         description",
        "epoch-full,          100, ffffffff,         description",
        "epoch-full,          104, ff,               description",
    })
    void refuses(final String golden, final int offset, final String hex, final String field) {
        assertRefused(field, () -> validate(changed(golden, offset, hex)));
    }

    @ParameterizedTest
    @CsvSource({
        "assertion-text-full,   8, ffffffffffffff7f",
        "assertion-text-full,  16, 0000803f",
        "assertion-text-full,  20, 04",
        "assertion-text-full,  21, ff",
        "assertion-text-full,  22, 03",
        "assertion-text-full, 144, 00",
        "assertion-text-full, 248, ff",
        "assertion-text-full, 431, efbfbf",
        "assertion-text-full, 431, f48fbfbf",
        "assertion-text-full, 431, 007f1f",
        "assertion-boolean,    23, 01",
        "vote-full,            16, ffff7fff",
        "epoch-full,           16, 03",
    })
    void takes(final String golden, final int offset, final String hex) {
        final byte[] record = changed(golden, offset, hex);
        validate(record);
        assertEquals(Bytes.hex(record), Bytes.hex(new Reencoder().reencode(record)));
    }

    @Test
    void anEmptyReferenceIsRefusedAndAnEmptyTextIsNot() {
        final AssertionWriter writer =
                new AssertionWriter().subject("s").predicate("p").confidence(1).timestamp(1);
        final byte[] record = Bytes.encode(writer.text(""));
        validate(record);
        record[AssertionLayout.OBJECT_TYPE] = (byte) ObjectType.Reference.id();
        Bytes.repairCrc(record);
        assertRefused("objectText", "1 to 65536 bytes", "0 bytes", () -> validate(record));
    }

    @ParameterizedTest
    @CsvSource({
        "assertion-number-bare,63, 01,         sourceHash, 0x01 at byte 31",
        "assertion-number-bare,64, 8001,       parentHash, 0x80 at byte 0",
        "assertion-text-full,  24, 0000000001, objectNumber, 2.121995791E-314",
        "vote-full,            22, fe,         padding,    0xfe at byte 1",
    })
    void bytesThatMustBeZeroAreNamed(
            final String golden,
            final int offset,
            final String hex,
            final String field,
            final String value) {
        final InvalidRecordException refused =
                assertThrows(
                        InvalidRecordException.class, () -> validate(changed(golden, offset, hex)));
        assertEquals(field, refused.field());
        assertEquals(value, refused.value());
    }

    @Test
    void theChecksumCoversEveryBit() {
        for (final String golden : new String[] {FULL, "vote-bare", "epoch-full"}) {
            final byte[] record = Bytes.golden(golden);
            for (int bit = 0; bit < record.length * 8; bit++) {
                record[bit >> 3] ^= (byte) (1 << (bit & 7));
                final String field = bit >= 32 ? "crc32c" : null;
                final int flipped = bit;
                final InvalidRecordException ex =
                        assertThrows(
                                InvalidRecordException.class,
                                () -> validate(record),
                                () -> golden + " bit " + flipped);
                assertTrue(field == null || field.equals(ex.field()), ex.getMessage());
                record[bit >> 3] ^= (byte) (1 << (bit & 7));
            }
            validate(record);
        }
    }

    @Test
    void everyBitIsUnderARule() {
        // With the checksum repaired a flipped bit is either refused, or it says something else
        // that
        // the writer would write in the same way: no bit is without a meaning.
        final Reencoder reencoder = new Reencoder();
        int taken = 0;
        for (final String golden :
                new String[] {
                    FULL,
                    "assertion-number-bare",
                    "assertion-boolean",
                    "assertion-reference",
                    "vote-full",
                    "vote-bare",
                    "epoch-full",
                    "epoch-bare"
                }) {
            final byte[] original = Bytes.golden(golden);
            for (int bit = 0; bit < original.length * 8; bit++) {
                final byte[] record = original.clone();
                record[bit >> 3] ^= (byte) (1 << (bit & 7));
                Bytes.repairCrc(record);
                if (Arrays.equals(record, original)) {
                    continue; // a bit of the checksum itself
                }
                try {
                    validate(record);
                } catch (final InvalidRecordException ex) {
                    continue;
                }
                taken++;
                assertEquals(
                        Bytes.hex(record),
                        Bytes.hex(reencoder.reencode(record)),
                        golden + " bit " + bit);
            }
        }
        assertTrue(taken > 2000, "only " + taken + " flipped bits were taken");
    }

    @Test
    void everyOtherLengthIsRefused() {
        for (final String golden : new String[] {FULL, "vote-bare", "epoch-full"}) {
            final byte[] record = Bytes.golden(golden);
            for (int length = 0; length < record.length; length++) {
                final byte[] cut = Arrays.copyOf(record, length);
                Bytes.repairCrc(cut);
                final int at = length;
                assertThrows(
                        InvalidRecordException.class, () -> validate(cut), () -> "length " + at);
            }
            final byte[] longer = Arrays.copyOf(record, record.length + 1);
            Bytes.repairCrc(longer);
            assertRefused("length", () -> validate(longer));
        }
    }

    @Test
    void rangesOutsideTheBufferAreRefused() {
        final byte[] record = Bytes.golden("vote-bare");
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        assertRefused("length", () -> validator.validate(buffer, 0, record.length + 1));
        assertRefused("length", () -> validator.validate(buffer, 1, record.length));
        assertRefused("length", () -> validator.validate(buffer, -1, record.length));
        assertRefused("length", () -> validator.validate(buffer, 0, -1));
        assertRefused("length", () -> validator.validate(buffer, Integer.MAX_VALUE, 8));
        assertRefused("length", () -> validator.validate(buffer, 8, Integer.MAX_VALUE));
        assertRefused(
                "length", () -> validator.validate(buffer, Integer.MIN_VALUE, Integer.MAX_VALUE));
        final byte[] huge = new byte[Limits.RECORD_MAX + 1];
        assertRefused("length", () -> validate(huge));
    }

    @Test
    void aRecordMayStandAnywhereInABuffer() {
        final byte[] record = Bytes.golden(FULL);
        for (int i = 0; i < 9; i++) {
            final int offset = i;
            final byte[] larger = new byte[offset + record.length + 5];
            Arrays.fill(larger, (byte) 0xFF);
            System.arraycopy(record, 0, larger, offset, record.length);
            validator.validate(new UnsafeBuffer(larger), offset, record.length);
            assertRefused(
                    "crc32c",
                    () -> validator.validate(new UnsafeBuffer(larger), offset, record.length + 1));
        }
    }

    @Test
    void aCrcRefusalSaysBoth() {
        final byte[] record = Bytes.golden("vote-bare");
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        final int crc = buffer.getInt(4, ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(4, 0x01234567, ByteOrder.LITTLE_ENDIAN);
        assertRefused("crc32c", String.format("0x%08X", crc), "0x01234567", () -> validate(record));
    }
}
