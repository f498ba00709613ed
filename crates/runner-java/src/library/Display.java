package kernelrunner;

import java.awt.image.RenderedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import javax.imageio.ImageIO;

/** Shows pictures, HTML and whatever else to the user of kernel-runner. Elsewhere nothing is shown. */
public final class Display {
    private static final String SOCKET = System.getenv("KERNEL_RUNNER_DISPLAY");

    private Display() {
    }

    /** Shows {@code data} of the MIME type {@code mime}, after everything that was printed so far. */
    public static void display(String mime, byte[] data) {
        if (SOCKET == null) {
            return;
        }
        System.out.flush();
        System.err.flush();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(SOCKET));
            write(channel, (mime + "\n").getBytes(StandardCharsets.UTF_8));
            write(channel, data);
            channel.shutdownOutput();
            // It is shown when the other side hangs up.
            channel.read(ByteBuffer.allocate(1));
        } catch (IOException error) {
            throw new UncheckedIOException("cannot show " + mime, error);
        }
    }

    /** Shows a text of the MIME type {@code mime}. */
    public static void display(String mime, String text) {
        display(mime, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Shows a picture. */
    public static void display(RenderedImage image) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        display("image/png", bytes.toByteArray());
    }

    private static void write(SocketChannel channel, byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }
}
