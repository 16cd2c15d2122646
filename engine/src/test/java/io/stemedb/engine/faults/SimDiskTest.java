package io.stemedb.engine.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.stemedb.engine.journal.SimFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.agrona.collections.LongArrayList;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The simulation's disk against ext4: the same files are made, written, forced and deleted on both.
 * Whatever a power cut leaves of a real file, the fake's may leave too, sector by sector: it loses
 * at least as much. And what was forced is in both.
 */
@Tag("faults")
class SimDiskTest {
    private static final int STEPS = 60;
    private static final int FILES = 8;
    private static final int SECTORS = 16;
    private static final int CUTS = Scale.of(100);
    private static final int SAMPLES = 300;

    /** Before it is said that the fake cannot do it. */
    private static final int MORE_SAMPLES = 20_000;

    private static final byte POISON = 'P';

    @TempDir Path work;

    private enum Action {
        CREATE,
        WRITE,
        FORCE,
        FORCE_DIRECTORY,
        DELETE,
        SYNC
    }

    private record Step(Action action, int file, int sector, byte value) {}

    /** What a cut left: of each file a byte of each sector, or null; and how many steps it saw. */
    private record Left(int steps, byte[][] files) {}

    /** What a power cut after some steps may leave. */
    private static final class Legal {
        final List<Set<Integer>> lengths = new ArrayList<>();
        final List<List<Set<Byte>>> sectors = new ArrayList<>();

        Legal() {
            for (int file = 0; file < FILES; file++) {
                lengths.add(new HashSet<>());
                final List<Set<Byte>> each = new ArrayList<>();
                for (int sector = 0; sector < SECTORS; sector++) {
                    each.add(new HashSet<>());
                }
                sectors.add(each);
            }
        }

        void add(final int file, final byte[] content) {
            lengths.get(file).add(content == null ? -1 : content.length);
            for (int i = 0; content != null && i < content.length; i++) {
                sectors.get(file).get(i).add(content[i]);
            }
        }

        boolean has(final int file, final byte[] content) {
            boolean all = lengths.get(file).contains(content == null ? -1 : content.length);
            for (int i = 0; content != null && i < content.length; i++) {
                all &= sectors.get(file).get(i).contains(content[i]);
            }
            return all;
        }
    }

    private final SimFiles fake = new SimFiles(SECTORS);

    private static List<Step> steps(final SplittableRandom random) {
        final List<Step> steps = new ArrayList<>();
        final boolean[] there = new boolean[FILES];
        int next = 0;
        for (int i = 1; i <= STEPS; i++) {
            final int file = random.nextInt(Math.max(1, next));
            final int dice = random.nextInt(40);
            if (next < FILES && (next == 0 || dice < 5)) {
                there[next] = true;
                steps.add(new Step(Action.CREATE, next++, 0, (byte) 0));
            } else if (dice < 8) {
                steps.add(new Step(Action.FORCE_DIRECTORY, 0, 0, (byte) 0));
            } else if (dice < 10) {
                steps.add(new Step(Action.SYNC, 0, 0, (byte) 0));
            } else if (there[file]) {
                final Action action =
                        dice < 12 ? Action.DELETE : dice < 20 ? Action.FORCE : Action.WRITE;
                there[file] = action != Action.DELETE;
                steps.add(new Step(action, file, random.nextInt(SECTORS), (byte) i));
            }
        }
        return steps;
    }

    private static void write(final Path file, final int sector, final byte value)
            throws IOException {
        final byte[] bytes = new byte[SimFiles.SECTOR];
        Arrays.fill(bytes, value);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), (long) sector * SimFiles.SECTOR);
        }
    }

    private static void force(final Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            channel.force(false);
        }
    }

    private static Path file(final Path directory, final int file) {
        return directory.resolve("file-" + file);
    }

    private static void play(final Path directory, final Step step) throws IOException {
        final Path file = file(directory, step.file);
        switch (step.action) {
            case CREATE -> {
                Files.createFile(file);
                try (java.io.RandomAccessFile made =
                        new java.io.RandomAccessFile(file.toFile(), "rw")) {
                    made.setLength(SECTORS * SimFiles.SECTOR);
                }
            }
            case WRITE -> write(file, step.sector, step.value);
            case FORCE -> force(file);
            case FORCE_DIRECTORY -> force(directory);
            case DELETE -> Files.delete(file);
            default -> Machine.run("sync", "-f", directory.toString());
        }
    }

    /** Never stricter: the control's forces whatever it writes. */
    private void play(final Step step, final boolean strict) throws IOException {
        switch (step.action) {
            case CREATE -> fake.create(step.file);
            case WRITE -> fake.write(step.file, step.sector, step.value);
            case FORCE -> fake.force(step.file, false);
            case FORCE_DIRECTORY -> fake.forceDirectory();
            case DELETE -> fake.delete(step.file);
            default -> fake.writeBack();
        }
        if (strict && step.action == Action.WRITE) {
            fake.force(step.file, false);
        }
    }

    private static byte[] read(final Path file) throws IOException {
        if (!Files.exists(file)) {
            return null;
        }
        final byte[] bytes = Files.readAllBytes(file);
        final byte[] content = new byte[bytes.length / SimFiles.SECTOR];
        for (int i = 0; i < bytes.length; i++) {
            final int sector = i / SimFiles.SECTOR;
            content[sector] = bytes[sector * SimFiles.SECTOR];
            assertEquals(content[sector], bytes[i], "a torn sector");
        }
        return content;
    }

    private List<Left> cuts(final List<Step> steps, final SplittableRandom random)
            throws IOException {
        final Path data = work.resolve("data");
        final long[] logged = new long[steps.size()];
        final long from;
        final Path log;
        try (BlockLog disk = BlockLog.start(work, data)) {
            log = disk.log();
            from = Files.size(log);
            for (int i = 0; i < logged.length; i++) {
                play(data, steps.get(i));
                logged[i] = Files.size(log);
            }
        }
        final LongArrayList ends = BlockLog.ends(log);
        final int[] cuts =
                random.ints(CUTS, ends.indexOf(from), ends.size() + 1).sorted().toArray();
        final List<Left> left = new ArrayList<>();
        final Path mounted = work.resolve("mounted");
        try (CrashStates states = CrashStates.open(work, log, mounted)) {
            for (final int cut : cuts) {
                final int records = Math.max(cut, 1);
                states.mount(records, random.nextLong(), true);
                int done = 0;
                while (done < logged.length && logged[done] <= ends.getLong(records - 1)) {
                    done++;
                }
                final byte[][] files = new byte[FILES][];
                for (int file = 0; file < FILES; file++) {
                    files[file] = read(file(mounted, file));
                }
                left.add(new Left(done, files));
                states.drop();
            }
        }
        return left;
    }

    /** All that the fake leaves after so many steps, or in the middle of the next one. */
    private void sample(
            final Legal legal,
            final List<Step> steps,
            final int done,
            final int samples,
            final boolean strict,
            final SplittableRandom random)
            throws IOException {
        for (int i = 0; i < samples; i++) {
            fake.reset(random.split());
            final boolean writesBack = random.nextBoolean(); // else all that is not forced is left
            for (final Step step : steps.subList(0, Math.min(done + i % 2, steps.size()))) {
                play(step, strict);
                if (writesBack && random.nextInt(3) == 0) {
                    fake.writeBack();
                }
            }
            fake.powerLoss();
            for (int file = 0; file < FILES; file++) {
                legal.add(file, fake.content(file));
            }
        }
    }

    private void compare(
            final List<Left> cuts,
            final List<Step> steps,
            final int ahead,
            final boolean strict,
            final SplittableRandom random)
            throws IOException {
        Legal legal = null;
        int known = -1;
        for (final Left left : cuts) {
            final int done = Math.min(left.steps + ahead, steps.size());
            if (done != known) {
                legal = new Legal();
                sample(legal, steps, done, SAMPLES, strict, random);
                known = done;
            }
            for (int file = 0; file < FILES; file++) {
                if (!legal.has(file, left.files[file])) {
                    sample(legal, steps, done, MORE_SAMPLES, strict, random);
                }
                assertTrue(
                        legal.has(file, left.files[file]),
                        "the fake cannot leave of file "
                                + file
                                + " after "
                                + steps.subList(0, done)
                                + ": "
                                + Arrays.toString(left.files[file]));
            }
        }
    }

    @Test
    void whatACutLeavesTheFakeMayLeaveToo() throws IOException {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final long seed = Scale.seed();
        final String again = Scale.again("SimDiskTest", seed);
        final SplittableRandom random = new SplittableRandom(seed);
        final List<Step> steps = steps(random);
        try {
            final List<Left> cuts = cuts(steps, random);
            compare(cuts, steps, 0, false, random);

            // the control: a fake that forces what it writes is stricter than the disk
            isCaught(() -> compare(cuts, steps, 0, true, random));
            // the control: a disk on which the last steps, forces among them, did nothing
            isCaught(() -> compare(cuts, steps, STEPS, false, random));
        } catch (final AssertionError e) {
            throw new AssertionError(again + ": " + e.getMessage(), e);
        }
    }

    private static void isCaught(final org.junit.jupiter.api.function.Executable control) {
        final String said = assertThrows(AssertionError.class, control).getMessage();
        assertTrue(said.startsWith("the fake cannot leave of file"), said);
    }

    /**
     * After a force that failed the kernel takes for written what is not on the disk: it is read as
     * if it were, a second force says success, and a power cut takes it away. The fake's too.
     */
    @Test
    void aFailedForceLosesWhatASecondOneSaysIsThere() throws IOException {
        Machine.needs(BlockLog.isPossible(), "block log", "no FUSE, loop device or gcc here");
        final byte[] before = new byte[SECTORS];
        final byte[] after = before.clone();
        after[0] = POISON;
        final Path data = work.resolve("data");
        final Path log;
        try (BlockLog disk = BlockLog.start(work, data)) {
            log = disk.log();
            play(data, new Step(Action.CREATE, 0, 0, (byte) 0));
            for (int sector = 0; sector < SECTORS; sector++) {
                write(file(data, 0), sector, (byte) 0);
            }
            Machine.run("sync", "-f", data.toString());
            write(file(data, 0), 0, POISON);
            disk.fail("PPPPPPPPPPPPPPPP");
            assertThrows(IOException.class, () -> force(file(data, 0)));
            disk.heal();
            force(file(data, 0));
            assertArrayEquals(after, read(file(data, 0)));
        }
        final Path mounted = work.resolve("mounted");
        try (CrashStates states = CrashStates.open(work, log, mounted)) {
            states.mount(BlockLog.ends(log).size(), 1, true);
            assertArrayEquals(before, read(file(mounted, 0)));
            states.drop();
        }

        int lost = 0;
        for (int seed = 0; seed < SAMPLES; seed++) {
            fake.reset(new SplittableRandom(seed));
            fake.create(0);
            fake.force(0, false);
            fake.forceDirectory();
            fake.write(0, 0, POISON);
            assertThrows(IOException.class, () -> fake.force(0, true));
            fake.force(0, false);
            assertArrayEquals(after, fake.content(0));
            fake.powerLoss();
            lost += Arrays.equals(before, fake.content(0)) ? 1 : 0;
        }
        assertTrue(lost > SAMPLES / 10, "lost " + lost);
    }
}
