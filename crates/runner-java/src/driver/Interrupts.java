package kernelrunner.driver;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import sun.misc.Signal;

/** SIGINT ends the user's code, and never the driver's: there it is remembered until the user's goes on. */
final class Interrupts {
    /** Since Java 20 no thread can be stopped from outside. */
    static final boolean CAN_STOP_THREADS = Runtime.version().feature() < 20;
    private static final Signal INTERRUPT = new Signal("INT");
    /** A signal that nobody else sends, as the window has no size. */
    private static final Signal MARK = new Signal("WINCH");
    /** How long a mark may be on its way, in milliseconds. */
    private static final long MARK_PATIENCE = 1000;
    /** How long code may take to end when it has been told to, in nanoseconds. */
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(400);

    private boolean isPending;
    private long since;
    private Runnable stop;

    /** Handles the signal from now on, also where the user's code has set a handler of its own meanwhile. */
    void install() {
        Signal.handle(INTERRUPT, signal -> onSignal());
    }

    private synchronized void onSignal() {
        if (!isPending) {
            isPending = true;
            since = System.nanoTime();
        }
        if (stop != null) {
            stop.run();
        }
    }

    /** Starts the user's code, unless its end is wanted already. From now on `stop` is called for each signal. */
    synchronized void start(Thread code, Runnable stop) {
        if (!isPending) {
            this.stop = stop;
            code.start();
        }
    }

    synchronized void end() {
        stop = null;
    }

    synchronized boolean isInUserCode() {
        return stop != null;
    }

    synchronized boolean isPending() {
        return isPending;
    }

    /** Whether the end of the query is wanted, and has not come in time. */
    synchronized boolean isOverdue() {
        return isPending && System.nanoTime() - since > PATIENCE;
    }

    /** Whether the user wants the end of the query; it is forgotten then. */
    synchronized boolean take() {
        boolean wasPending = isPending;
        isPending = false;
        return wasPending;
    }

    /** Waits for signals that have come already. The virtual machine handles them in order, each on a new thread. */
    void catchUp() throws InterruptedException {
        for (int round = 0; round < 2; round++) {
            CountDownLatch arrived = new CountDownLatch(1);
            Signal.handle(MARK, signal -> arrived.countDown());
            Signal.raise(MARK);
            arrived.await(MARK_PATIENCE, TimeUnit.MILLISECONDS);
        }
    }

    /** Ends a thread where that can be done. It is called by its name: compilers of today do not know it any more. */
    static void stop(Thread thread) {
        if (CAN_STOP_THREADS) {
            try {
                Thread.class.getMethod("stop").invoke(thread);
            } catch (ReflectiveOperationException error) {
                throw new IllegalStateException(error);
            }
        }
    }
}
