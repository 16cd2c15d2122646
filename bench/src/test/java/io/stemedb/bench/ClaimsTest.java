package io.stemedb.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.codecs.AssertionView;
import io.stemedb.codecs.RecordValidator;
import java.util.HashSet;
import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private final UnsafeBuffer record = new UnsafeBuffer(new byte[512]);

    @Test
    void everyClaimIsAValidRecordOfTheSameLengthAndItsOwn() {
        final Claims claims = new Claims(50);
        final Set<String> bodies = new HashSet<>();
        final Set<String> subjects = new HashSet<>();
        for (int i = 0; i < 2_000; i++) {
            assertEquals(Claims.LENGTH, claims.encode(i, record, 0));
            new RecordValidator().validate(record, 0, Claims.LENGTH);
            final AssertionView view = new AssertionView().wrap(record, 0, Claims.LENGTH);
            assertEquals(String.format("subject-%010d@bench", claims.subjectOf(i)), view.subject());
            subjects.add(view.subject());
            assertTrue(bodies.add(view.objectText()), () -> "twice: " + view.objectText());
        }
        assertEquals(50, subjects.size());
    }

    @Test
    void subjectsAreSpreadEvenly() {
        final Claims claims = new Claims(10);
        final int[] counts = new int[10];
        for (int i = 0; i < 10_000; i++) {
            counts[claims.subjectOf(i)]++;
        }
        for (int i = 0; i < counts.length; i++) {
            final int subject = i;
            assertEquals(1_000, counts[i], 150, () -> "claims on subject " + subject);
        }
    }
}
