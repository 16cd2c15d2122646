package io.stemedb.engine;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What the JVM does by itself as soon as a file is locked, mapped and forced. */
final class FilesOnlyChild {
    private FilesOnlyChild() {}

    public static void main(final String[] arguments) throws IOException {
        final Path file = Path.of(arguments[0]);
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            channel.tryLock();
            channel.map(FileChannel.MapMode.READ_WRITE, 0, 4096);
            channel.force(true);
        }
        try (AsynchronousFileChannel channel =
                AsynchronousFileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(false);
        }
        System.out.println("done");
    }
}
