package kernelrunner.driver;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** The pipes of the session's own thread. Java leaves no descriptor but 0, 1 and 2 to a child process. */
final class Link {
    private final DataInputStream reader = open(3);
    private final FileOutputStream writer = openToWrite(4);
    private final BlockingQueue<Frame> requests = new LinkedBlockingQueue<>();
    private final Map<String, CompletableFuture<Void>> questions = new ConcurrentHashMap<>();
    private final AtomicInteger sequence = new AtomicInteger();

    static DataInputStream open(int descriptor) {
        try {
            return new DataInputStream(new BufferedInputStream(new FileInputStream("/proc/self/fd/" + descriptor)));
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    static FileOutputStream openToWrite(int descriptor) {
        try {
            return new FileOutputStream("/proc/self/fd/" + descriptor, true);
        } catch (IOException error) {
            throw new IllegalStateException(error);
        }
    }

    /** Sends a frame with one call of the system, so that stopping a thread cannot cut it. */
    void send(String kind, String... parts) {
        byte[] bytes = Frame.of(kind, List.of(parts)).encode();
        synchronized (writer) {
            try {
                writer.write(bytes);
            } catch (IOException error) {
                throw new IllegalStateException("the runner is gone", error);
            }
        }
    }

    /** Waits until the runner has delivered everything that was written so far. */
    void sync() {
        String number = Integer.toString(sequence.incrementAndGet());
        CompletableFuture<Void> answer = new CompletableFuture<>();
        questions.put(number, answer);
        send("sync", number);
        answer.join();
    }

    Frame nextRequest() throws InterruptedException {
        return requests.take();
    }

    /** Hands out what the runner says, until it is gone. */
    void readToTheEnd() {
        try {
            while (true) {
                Frame frame = Frame.read(reader);
                if (frame.kind().equals("answer")) {
                    questions.remove(frame.text(0)).complete(null);
                } else {
                    requests.add(frame);
                }
            }
        } catch (IOException end) {
            // The runner is gone.
        }
    }
}
