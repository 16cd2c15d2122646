package io.stemedb.codecs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** What every refusal must say. */
final class Refusals {
    private Refusals() {}

    static InvalidRecordException assertRefused(final String field, final Executable action) {
        final InvalidRecordException ex =
                assertThrows(InvalidRecordException.class, action, "for " + field);
        assertEquals(field, ex.field(), ex.getMessage());
        assertTrue(ex.getMessage().contains(ex.field()), ex.getMessage());
        assertTrue(ex.getMessage().contains(ex.limit()), ex.getMessage());
        assertTrue(ex.getMessage().contains(ex.value()), ex.getMessage());
        assertTrue(!ex.limit().isBlank() && !ex.value().isBlank(), ex.getMessage());
        return ex;
    }

    static void assertRefused(
            final String field, final String limit, final String value, final Executable action) {
        final InvalidRecordException ex = assertRefused(field, action);
        assertEquals(limit, ex.limit());
        assertEquals(value, ex.value());
    }
}
