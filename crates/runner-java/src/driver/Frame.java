package kernelrunner.driver;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** One message of the link: a header line `KIND LENGTH ...`, then the parts as they are. */
record Frame(String kind, List<byte[]> parts) {
    static Frame of(String kind, Collection<String> texts) {
        return new Frame(kind, texts.stream().map(text -> text.getBytes(StandardCharsets.UTF_8)).toList());
    }

    String text(int index) {
        return new String(parts.get(index), StandardCharsets.UTF_8);
    }

    byte[] encode() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String lengths = parts.stream().map(part -> " " + part.length).collect(Collectors.joining());
        bytes.writeBytes((kind + lengths + "\n").getBytes(StandardCharsets.US_ASCII));
        parts.forEach(bytes::writeBytes);
        return bytes.toByteArray();
    }

    /** The next frame; an EOFException when there is none any more. */
    static Frame read(DataInputStream stream) throws IOException {
        StringBuilder header = new StringBuilder();
        for (int character = stream.readUnsignedByte(); character != '\n'; character = stream.readUnsignedByte()) {
            header.append((char) character);
        }
        String[] words = header.toString().split(" ");
        List<byte[]> parts = new ArrayList<>();
        for (int index = 1; index < words.length; index++) {
            byte[] part = new byte[Integer.parseInt(words[index])];
            stream.readFully(part);
            parts.add(part);
        }
        return new Frame(words[0], parts);
    }
}
