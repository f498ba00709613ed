package kernelrunner.driver;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Standard input. A thread that waits for it can be interrupted, other than with the usual `System.in`. */
final class Input extends InputStream {
    private static final Path PATH = Path.of("/proc/self/fd/0");

    private final FileInputStream original = new FileInputStream(FileDescriptor.in);
    private FileChannel channel;

    Input() throws IOException {
        channel = open();
    }

    @Override
    public int read() throws IOException {
        byte[] bytes = new byte[1];
        return read(bytes, 0, 1) < 0 ? -1 : bytes[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        return length == 0 ? 0 : channel().read(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public int available() throws IOException {
        return original.available();
    }

    /** An interrupt closes the channel: the next read opens another. */
    private synchronized FileChannel channel() throws IOException {
        if (!channel.isOpen()) {
            channel = open();
        }
        return channel;
    }

    private static FileChannel open() throws IOException {
        // Once the runner has closed its end, opening a pipe waits for somebody else who writes: that is us.
        try (FileChannel writer = FileChannel.open(PATH, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return FileChannel.open(PATH);
        }
    }
}
