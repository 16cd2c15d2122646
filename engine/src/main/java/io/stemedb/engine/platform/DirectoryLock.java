package io.stemedb.engine.platform;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The lock of a data directory: an advisory lock of the operating system on the file {@code lock},
 * which dies with its process, and a table in this JVM. The table is looked at first, since closing
 * a second descriptor of the lock file would drop the first one's lock; and nobody in this process
 * opens the file while another does.
 *
 * <p>Whoever has the first byte locked holds the directory, and locks the second one too, on which
 * others look whether there is a holder. So to look refuses nobody.
 */
public final class DirectoryLock implements AutoCloseable {
    private static final String FILE = "lock";
    private static final int HOLDER_MAX = 256;
    private static final long HOLDER = 0;
    private static final long LOOK = 1;
    private static final long WRITTEN_NS = 1_000_000_000;

    /**
     * The directories held, each with the identity of its lock file: that is the same by another
     * path, such as a bind mount.
     */
    private static final Map<Path, Object> HELD = new ConcurrentHashMap<>();

    /** Never closed, see {@link #tryLock}. */
    private static final Set<FileChannel> KEPT = ConcurrentHashMap.newKeySet();

    private final Path directory;
    private final FileChannel channel;
    private boolean closed;

    private DirectoryLock(final Path directory, final FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @param directory an existing directory
     * @return the lock, held until closed
     * @throws DirectoryInUseException naming the holder
     */
    public static synchronized DirectoryLock acquire(final Path directory) {
        try {
            final Path real = directory.toRealPath();
            if (isHeldHere(real)) {
                throw new DirectoryInUseException(
                        directory + ": in use by this process, pid " + ownPid());
            }
            final Path file = real.resolve(FILE);
            FileChannel channel = null;
            boolean locked = false;
            try {
                channel =
                        FileChannel.open(
                                file,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE);
                if (tryLock(directory, channel, HOLDER, false) == null) {
                    throw new DirectoryInUseException(
                            directory + ": in use by " + awaitHolder(directory, channel));
                }
                write(channel, "pid " + ownPid() + " since " + Instant.now());
                awaitNobodyLooks(directory, channel);
                HELD.put(real, keyOf(file));
                locked = true;
                return new DirectoryLock(real, channel);
            } finally {
                if (!locked && channel != null && !KEPT.contains(channel)) {
                    channel.close();
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be locked: " + e, e);
        }
    }

    /** The file may be locked in this process by a class that was loaded another time. */
    private static FileLock tryLock(
            final Path directory, final FileChannel channel, final long at, final boolean shared)
            throws IOException {
        try {
            return channel.tryLock(at, 1, shared);
        } catch (final OverlappingFileLockException e) {
            KEPT.add(channel); // closing it would end the lock that this process has on the file
            throw new DirectoryInUseException(
                    directory + ": in use by this process, pid " + ownPid());
        }
    }

    /**
     * Tells who holds a directory, and keeps nobody from taking the lock.
     *
     * @param directory a directory
     * @return holder, such as "pid 123 since …"; null if nobody does
     */
    public static synchronized String holder(final Path directory) {
        final Path file = directory.resolve(FILE);
        if (!Files.exists(file)) {
            return null;
        }
        final String here = "this process, pid " + ownPid();
        if (isHeldHere(directory)) {
            return here;
        }
        try {
            final FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            try {
                return tryLock(directory, channel, LOOK, true) == null ? read(channel) : null;
            } catch (final DirectoryInUseException e) {
                return here;
            } finally {
                if (!KEPT.contains(channel)) {
                    channel.close();
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(file + ": cannot be looked at: " + e, e);
        }
    }

    /**
     * Whether an engine of this process holds a directory, by whatever path.
     *
     * @param directory an existing directory
     * @return true if so
     */
    public static boolean isHeldHere(final Path directory) {
        try {
            final Path real = directory.toRealPath();
            final Path file = real.resolve(FILE);
            return HELD.containsKey(real) || Files.exists(file) && HELD.containsValue(keyOf(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(directory + ": cannot be looked at: " + e, e);
        }
    }

    /** Device and inode. */
    private static Object keyOf(final Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    private static long ownPid() {
        return ProcessHandle.current().pid();
    }

    /** One that has the lock for a moment only may not have written yet that it is the holder. */
    private static String awaitHolder(final Path directory, final FileChannel channel)
            throws IOException {
        final long startNs = System.nanoTime();
        while (System.nanoTime() - startNs < WRITTEN_NS) {
            try (FileLock look = tryLock(directory, channel, LOOK, true)) {
                if (look == null) {
                    break;
                }
            }
            Thread.yield();
        }
        return read(channel);
    }

    /** Others have the second byte for the moment of a look, unless they were stopped in it. */
    private static void awaitNobodyLooks(final Path directory, final FileChannel channel)
            throws IOException {
        final long startNs = System.nanoTime();
        while (tryLock(directory, channel, LOOK, false) == null) {
            if (System.nanoTime() - startNs > WRITTEN_NS) {
                throw new DirectoryInUseException(
                        directory
                                + ": another process looks who holds it, and does not end that; it"
                                + " has byte "
                                + LOOK
                                + " of the file lock");
            }
            Thread.yield();
        }
    }

    private static String read(final FileChannel channel) throws IOException {
        final ByteBuffer bytes = ByteBuffer.allocate(HOLDER_MAX);
        channel.read(bytes, 0);
        final String holder =
                new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8).strip();
        return holder.isEmpty() ? "another process" : holder;
    }

    private static void write(final FileChannel channel, final String holder) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap((holder + "\n").getBytes(StandardCharsets.UTF_8)), 0);
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        synchronized (DirectoryLock.class) {
            try {
                channel.close();
            } catch (final IOException e) {
                throw new UncheckedIOException(directory + ": lock cannot be released: " + e, e);
            } finally {
                HELD.remove(directory);
            }
        }
    }
}
