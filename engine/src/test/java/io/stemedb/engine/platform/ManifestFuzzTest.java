package io.stemedb.engine.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.stemedb.engine.faults.Mutations;
import io.stemedb.engine.faults.Scale;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * P12: an altered manifest is refused by its CRC; one whose CRC was made to fit is read as it says
 * or refused by a reason; nothing else.
 */
@Tag("faults")
class ManifestFuzzTest {
    private static final int INPUTS = 150_000;
    private static final Path FILE = Path.of("manifest");

    @Test
    void alteredManifests() {
        final long seed = Scale.seed();
        final SplittableRandom random = new SplittableRandom(seed);
        final Mutations mutations = new Mutations(random);
        final Manifest manifest =
                new Manifest(new UUID(1, 2), Manifest.FORMAT, "LARGE", 1 << 28, "LMDB");
        final byte[] body = manifest.body().getBytes(StandardCharsets.ISO_8859_1);
        int taken = 0;
        int refused = 0;
        for (int i = 0; i < Scale.of(INPUTS); i++) {
            final byte[] mutant = mutations.mutate(body, body);
            final String text = new String(mutant, StandardCharsets.ISO_8859_1);
            final boolean repaired = random.nextInt(4) > 0;
            final String crc = Manifest.crcLine(repaired ? text : manifest.body());
            try {
                final Manifest read = Manifest.parse(FILE, text + crc);
                assertTrue(repaired || text.equals(manifest.body()), "altered and taken");
                assertEquals(Manifest.FORMAT, read.format());
                taken++;
            } catch (final ManifestException e) {
                assertTrue(e.getMessage().startsWith("manifest: "), e.getMessage());
                refused += repaired ? 1 : 0;
            } catch (final RuntimeException | Error e) {
                fail(Scale.again("ManifestFuzzTest", seed) + " input " + i + ": " + text, e);
            }
        }
        final String counts = "taken " + taken + " refused behind the CRC " + refused;
        assertTrue(taken > INPUTS / 100 && refused > INPUTS / 10, counts);
    }
}
