package kernelrunner.driver;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Standard output and error, in one order: when the stream that is written to changes, the runner is asked to read the
 * other one first. Nothing is kept back: as in any Java program, each `print` is written at once.
 */
final class Output {
    private final Link link;
    private final Sink stdout = new Sink(1);
    private final Sink stderr = new Sink(2);
    private Sink last;
    private volatile Thread silent;

    Output(Link link) {
        this.link = link;
        mend();
    }

    /** Opens again what the user's code has closed. */
    void mend() {
        if (stdout.isClosed || System.out == null) {
            stdout.isClosed = false;
            System.setOut(stdout.printer());
        }
        if (stderr.isClosed || System.err == null) {
            stderr.isClosed = false;
            System.setErr(stderr.printer());
        }
    }

    /** Drops what a thread writes from now on. */
    void silence(Thread thread) {
        silent = thread;
    }

    /** Sends what a stream of the user's own, in the place of ours, keeps back. */
    void flush() {
        Stream.of(System.out, System.err).filter(Objects::nonNull).forEach(PrintStream::flush);
    }

    /** Prints a line for the driver, wherever the user's code has sent `System.out` to. */
    void print(String line) {
        print(stdout, line);
    }

    void printError(String line) {
        print(stderr, line);
    }

    private void print(Sink sink, String line) {
        flush();
        sink.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** One of the two, by a descriptor that the user's code cannot close. */
    private final class Sink extends OutputStream {
        private final FileOutputStream file;
        private volatile boolean isClosed = true;

        Sink(int descriptor) {
            file = Link.openToWrite(descriptor);
        }

        PrintStream printer() {
            return new PrintStream(this, true, StandardCharsets.UTF_8);
        }

        @Override
        public void write(int value) {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes) {
            write(bytes, 0, bytes.length);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            if (Thread.currentThread() == silent) {
                return;
            }
            synchronized (Output.this) {
                if (last != this && last != null) {
                    link.sync();
                }
                last = this;
                try {
                    file.write(bytes, offset, length);
                } catch (IOException error) {
                    throw new IllegalStateException("the runner is gone", error);
                }
            }
        }

        @Override
        public void close() {
            isClosed = true;
        }
    }
}
