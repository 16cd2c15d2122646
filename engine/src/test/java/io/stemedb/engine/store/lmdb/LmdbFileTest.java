package io.stemedb.engine.store.lmdb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.store.Keys;
import io.stemedb.engine.store.KvBatch;
import io.stemedb.engine.store.KvReader;
import io.stemedb.engine.store.StoreException;
import io.stemedb.engine.store.StoreFailedException;
import io.stemedb.engine.store.StoreIdentity;
import java.lang.reflect.Constructor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.LmdbException;
import org.lmdbjava.LmdbNativeException;
import org.lmdbjava.Txn;

/** Files that LMDB must not be let near, and a store without a sum. */
class LmdbFileTest {
    private static final StoreIdentity IDENTITY = new StoreIdentity(1, 2, 1);
    private static final Path NATIVE = Path.of("target", "test-native").toAbsolutePath();
    private static final int PAGE = 4096;
    private static final int TRANSACTION = 16 + 24 + 2 * 48 + 8;
    private static final String SUBJECT = "subject";

    @TempDir Path directory;

    private LmdbKvStore open() {
        return LmdbKvStore.open(directory, IDENTITY, 1 << 20, 8 << 20, NATIVE);
    }

    private Path file() {
        return directory.resolve(LmdbEnvironment.DATA_FILE);
    }

    /** Entries of one subject. */
    private void put(final LmdbKvStore store, final long from, final long to) {
        final UnsafeBuffer key = new UnsafeBuffer(new byte[Keys.MAX_LENGTH]);
        final UnsafeBuffer hash = new UnsafeBuffer(new byte[Keys.HASH_LENGTH]);
        final UnsafeBuffer subject = new UnsafeBuffer(SUBJECT.getBytes());
        try (KvBatch batch = store.newBatch()) {
            for (long n = from; n <= to; n++) {
                hash.putLong(0, n, ByteOrder.BIG_ENDIAN);
                final int length = Keys.subject(key, 0, subject, 0, SUBJECT.length(), n);
                batch.put(key, 0, length, hash, 0, Keys.HASH_LENGTH);
            }
            batch.commit(to);
        }
    }

    /** A key that is made longer leaves its sub-page less than the length of a head. */
    @Test
    void aSubPageWithoutRoomForItsHeadIsDamage() throws Exception {
        try (LmdbKvStore store = open()) {
            put(store, 1, 2);
        }
        final byte[] bytes = Files.readAllBytes(file());
        final ByteBuffer pages = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        final byte[] key = ("S:" + SUBJECT).getBytes();
        int changed = 0;
        for (int at = 2 * PAGE; at + 8 + key.length < bytes.length; at++) {
            final boolean found =
                    pages.getShort(at + 4) == 4
                            && pages.getShort(at + 6) == key.length
                            && new String(bytes, at + 8, key.length).equals("S:" + SUBJECT);
            if (found) {
                final int left = 6;
                final int pageEnd = (at / PAGE + 1) * PAGE;
                pages.putInt(at, left);
                pages.putShort(at + 6, (short) (pageEnd - at - 8 - left));
                changed++;
            }
        }
        assertTrue(changed > 0, "no such entry");
        Files.write(file(), bytes);
        final StoreException refusal =
                assertThrows(StoreException.class, () -> LmdbFile.check("it", file()));
        assertTrue(refusal.getMessage().contains("is damaged at page"), refusal.getMessage());
    }

    /** Written all the time meanwhile, a damaged file is still no sound one. */
    @Test
    void damageBesideABusyWriterIsToldInTheEnd() throws Exception {
        try (LmdbKvStore store = open()) {
            put(store, 1, 2);
        }
        final byte[] bytes = Files.readAllBytes(file());
        for (int page = 2; page * PAGE < bytes.length; page++) {
            bytes[page * PAGE + 13] ^= 0x70;
        }
        Files.write(file(), bytes);
        final AtomicBoolean end = new AtomicBoolean();
        final Thread writer =
                new Thread(
                        () -> {
                            final ByteBuffer number =
                                    ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
                            try (FileChannel channel =
                                    FileChannel.open(file(), StandardOpenOption.WRITE)) {
                                for (long n = 1_000; !end.get(); n++) {
                                    channel.write(number.putLong(0, n).clear(), TRANSACTION);
                                }
                            } catch (final java.io.IOException e) {
                                throw new java.io.UncheckedIOException(e);
                            }
                        },
                        "writer");
        writer.start();
        try {
            for (int round = 0; round < 20; round++) {
                assertThrows(StoreException.class, () -> LmdbFile.checkBesideWriter("it", file()));
            }
        } finally {
            end.set(true);
            writer.join();
        }
    }

    /** As of a version that had none: what is put is added to the sum of what was there. */
    @Test
    void aStoreWithoutASumGetsItsOwn() throws Exception {
        try (LmdbKvStore store = open()) {
            put(store, 1, 50);
            final LmdbEnvironment environment = store.environment;
            try (Txn<DirectBuffer> txn = environment.env.txnWrite()) {
                assertTrue(
                        environment.main.delete(
                                txn, LmdbEnvironment.direct(LmdbEnvironment.SUM_KEY)));
                txn.commit();
            }
        }
        try (LmdbKvStore store = open()) {
            put(store, 51, 60);
        }
        try (LmdbKvStore store = open();
                KvReader reader = store.newReader()) {
            assertEquals(60, store.cursor());
            assertTrue(reader != null);
        }
        // the control: it is the sum of all of them that was put there
        final byte[] bytes = Files.readAllBytes(file());
        int changed = 0;
        for (int at = 2 * PAGE; at + 16 < bytes.length; at++) {
            if (ByteBuffer.wrap(bytes).getLong(at) == 7
                    && ByteBuffer.wrap(bytes).getLong(at + 8) == 7) {
                bytes[at + 16] ^= 1; // in the hash of the seventh
                changed++;
            }
        }
        assertTrue(changed > 0, "no such entry");
        Files.write(file(), bytes);
        final StoreException refusal = assertThrows(StoreException.class, () -> open().close());
        assertTrue(refusal.getMessage().contains("an entry was altered"), refusal.getMessage());
    }

    /** After a failed write of its head page LMDB says so for ever. */
    @Test
    void aPanicIsAFailureForGood() throws Exception {
        final Constructor<LmdbNativeException.PanicException> panic =
                LmdbNativeException.PanicException.class.getDeclaredConstructor();
        panic.setAccessible(true);
        final StoreException failure =
                LmdbEnvironment.failure(directory, "begin batch", panic.newInstance());
        assertInstanceOf(StoreFailedException.class, failure);
        assertTrue(failure.getMessage().contains("must be opened again"), failure.getMessage());
        assertEquals(
                StoreException.class,
                LmdbEnvironment.failure(directory, "commit", new LmdbException("else")).getClass());
    }
}
