package kernelrunner.driver;

import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The driver of a Java session: it runs snippets in this virtual machine, as jshell does, and keeps their state.
 *
 * It talks to the runner over descriptors 3 to 6, as docs/src/session-link.md has it; standard input, output and error
 * belong to the user's code. A query that is a whole program is not run here: it is compiled into the folder that the
 * first argument names, and the runner runs it from there.
 *
 * Each class has one task: {@link Link} and {@link Frame} speak to the runner, {@link Output} and {@link Input} are the
 * user's streams, {@link Interrupts} and {@link Engine} run the user's code and stop it, {@link Snippets} and
 * {@link Programs} are the two kinds of queries, {@link Completer} completes.
 */
public final class Driver {
    static final int SUCCESS = 0;
    static final int FAILURE = 1;
    private static final int INTERRUPTED = 130;
    /** In bytes. The compiler goes as deep as the code is nested. */
    private static final long COMPILER_STACK = 64 << 20;
    /** How often a query is looked after, in milliseconds. */
    static final long TICK = 50;

    private final Link link = new Link();
    private final Interrupts interrupts = new Interrupts();
    private final Output output = new Output(link);
    private final Engine engine = new Engine(interrupts, output);
    private final Snippets snippets;
    private final Programs programs;
    private int number;

    private Driver(Path folder) throws Exception {
        String library = folder.resolve("classes").resolve("library").toString();
        snippets = new Snippets(engine, interrupts, output, library);
        programs = new Programs(folder, library, output);
    }

    /** Serves the runner until it is gone. */
    public static void main(String[] arguments) throws Exception {
        new Driver(Path.of(arguments[0])).serve();
    }

    private void serve() throws Exception {
        System.setIn(new Input());
        interrupts.install();
        startThread("completer", new Completer(snippets.shell, engine)::serve);
        startThread("link", this::leaveAtTheEnd);
        link.send("ready", "check");
        while (true) {
            Frame frame = link.nextRequest();
            switch (frame.kind()) {
                case "settle" -> {
                    interrupts.catchUp();
                    interrupts.take();
                    link.send("settled");
                }
                case "query" -> {
                    int exitCode = run(new Source(++number, frame.text(0)));
                    output.flush();
                    link.send("done", Integer.toString(exitCode));
                }
                default -> { }
            }
        }
    }

    /** Runs one query, on a thread that can be stopped, and returns its exit code. */
    private int run(Source source) throws InterruptedException {
        output.mend();
        interrupts.install();
        FutureTask<Integer> query = new FutureTask<>(() -> build(source));
        Thread thread = new Thread(null, query, "kernel-runner query", COMPILER_STACK);
        thread.start();
        while (thread.isAlive()) {
            thread.join(TICK);
            if (interrupts.isOverdue() && !interrupts.isInUserCode()) {
                // The compiler takes no notice of an interrupt, and takes its end for a fault of its own.
                output.silence(thread);
                Interrupts.stop(thread);
            }
        }
        engine.leaveCompiler();
        if (interrupts.take()) {
            return INTERRUPTED;
        }
        try {
            return query.get();
        } catch (ExecutionException error) {
            // Memory or stack has run out, or the compiler has a fault: the session goes on.
            engine.freeReserve();
            boolean isOut = error.getCause() instanceof VirtualMachineError;
            output.printError((isOut ? "Exception " : "the compiler failed: ") + error.getCause());
            return FAILURE;
        }
    }

    private int build(Source source) throws Exception {
        Integer exitCode = programs.build(source);
        return exitCode == null ? snippets.run(source) : exitCode;
    }

    private void leaveAtTheEnd() {
        link.readToTheEnd();
        System.exit(SUCCESS);
    }

    private static void startThread(String name, Runnable work) {
        Thread thread = new Thread(null, work, "kernel-runner " + name, COMPILER_STACK);
        thread.setDaemon(true);
        thread.start();
    }
}
