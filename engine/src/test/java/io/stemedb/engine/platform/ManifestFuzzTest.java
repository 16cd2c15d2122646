package io.stemedb.engine.platform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.stemedb.engine.faults.Allocation;
import io.stemedb.engine.faults.Mutations;
import io.stemedb.engine.faults.Scale;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * P12: an altered manifest is refused by its CRC; one whose CRC was made to fit is read as it says
 * or refused by a reason; nothing else.
 */
@Tag("faults")
class ManifestFuzzTest {
    private static final int INPUTS = 150_000;
    private static final UUID ID = new UUID(1, 2);
    private static final Path FILE = Path.of("manifest");

    @Test
    void alteredManifests() {
        alteredManifests(text -> Manifest.parse(FILE, text), Scale.of(INPUTS));
    }

    /** The control: one whose CRC is not looked at. */
    @Test
    void aCrcThatIsIgnoredIsCaught() {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () ->
                                alteredManifests(
                                        text -> {
                                            final int end = text.lastIndexOf("crc");
                                            final String body = text.substring(0, end);
                                            return Manifest.parse(
                                                    FILE, body + Manifest.crcLine(body));
                                        },
                                        INPUTS / 100));
        assertTrue(
                String.valueOf(caught.getCause()).contains("altered and taken"),
                caught::getMessage);
    }

    private static void alteredManifests(
            final Function<String, Manifest> parser, final int inputs) {
        final long seed = Scale.seed();
        final SplittableRandom random = new SplittableRandom(seed);
        final Mutations mutations = new Mutations(random);
        final Manifest manifest = new Manifest(ID, Manifest.FORMAT, "LARGE", 1 << 28, "LMDB");
        final byte[] body = manifest.body().getBytes(StandardCharsets.ISO_8859_1);
        final Allocation allocation = new Allocation();
        int taken = 0;
        int refused = 0;
        for (int i = 0; i < inputs; i++) {
            final byte[] mutant = mutations.mutate(body, body);
            final String text = new String(mutant, StandardCharsets.ISO_8859_1);
            final boolean repaired = random.nextInt(4) > 0;
            final String crc = Manifest.crcLine(repaired ? text : manifest.body());
            allocation.begin();
            try {
                final Manifest read = parser.apply(text + crc);
                assertTrue(repaired || text.equals(manifest.body()), "altered and taken");
                assertArrayEquals(text.split("\n", -1), lines(read));
                taken++;
            } catch (final ManifestException e) {
                assertTrue(e.getMessage().startsWith("manifest: "), e.getMessage());
                refused += repaired ? 1 : 0;
            } catch (final RuntimeException | Error e) {
                fail(Scale.again("ManifestFuzzTest", seed) + " input " + i + ": " + text, e);
            }
            allocation.end();
        }
        final String counts = "taken " + taken + " refused behind the CRC " + refused;
        System.out.println("manifests: " + counts + " at most bytes " + allocation.most());
        assertTrue(taken > inputs / 100 && refused > inputs / 10, counts);
    }

    /** What a manifest of these fields says, to the letter. */
    private static String[] lines(final Manifest read) {
        return new String[] {
            "format=" + read.format(),
            "engineId=" + read.engineId(),
            "rollCycle=" + read.rollCycle(),
            "segmentLength=" + read.segmentLength(),
            "subjectIndex=" + read.subjectIndex(),
            ""
        };
    }

    /** The control: one that takes an altered id for the one it knows. */
    @Test
    void aFieldThatIsReadAsAnotherIsCaught() {
        final AssertionError caught =
                assertThrows(
                        AssertionError.class,
                        () ->
                                alteredManifests(
                                        text -> {
                                            final Manifest read = Manifest.parse(FILE, text);
                                            return new Manifest(
                                                    ID,
                                                    read.format(),
                                                    read.rollCycle(),
                                                    read.segmentLength(),
                                                    read.subjectIndex());
                                        },
                                        INPUTS / 10));
        assertTrue(
                String.valueOf(caught.getCause()).contains("array contents differ"),
                caught::getMessage);
    }
}
