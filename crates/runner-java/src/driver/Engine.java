package kernelrunner.driver;

import java.lang.Thread.State;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import jdk.jshell.execution.LocalExecutionControl;

/** Runs the compiled snippets of the user, on a thread of theirs, which can be stopped. */
final class Engine extends LocalExecutionControl {
    /** In bytes. */
    private static final int RESERVE = 8 << 20;

    /** Held by whoever uses the compiler. It is free while the user's code runs. */
    private final Semaphore compiler = new Semaphore(1);
    private final Interrupts interrupts;
    private final Output output;
    private volatile boolean isCompiling;
    private ThreadGroup group;
    /** That of the snippets. */
    private ClassLoader loader;
    private Object value;
    /** Memory to go on with when the user's data fills all other: they must be able to let go of it. */
    private byte[] reserve;

    Engine(Interrupts interrupts, Output output) {
        this.interrupts = interrupts;
        this.output = output;
        beginQuery();
    }

    void beginQuery() {
        // Threads that an earlier query has started are not stopped with the code of this one.
        group = new ThreadGroup("main") {
            @Override
            public void uncaughtException(Thread thread, Throwable error) {
                if (!error.getClass().getName().equals("java.lang.ThreadDeath")) {
                    super.uncaughtException(thread, error);
                }
            }
        };
        value = null;
        try {
            reserve = reserve == null ? new byte[RESERVE] : reserve;
        } catch (OutOfMemoryError error) {
            // It is still needed.
        }
    }

    void freeReserve() {
        reserve = null;
    }

    void enterCompiler() {
        compiler.acquireUninterruptibly();
        isCompiling = true;
    }

    /** Frees the compiler, unless that has been done. */
    void leaveCompiler() {
        if (isCompiling) {
            isCompiling = false;
            compiler.release();
        }
    }

    /** Uses the compiler beside the queries, if it is free within `seconds`. Returns whether it was. */
    boolean tryWithCompiler(int seconds, Runnable work) throws InterruptedException {
        if (!compiler.tryAcquire(seconds, TimeUnit.SECONDS)) {
            return false;
        }
        try {
            work.run();
            return true;
        } finally {
            compiler.release();
        }
    }

    /** The value of the last snippet. */
    Object value() {
        return value;
    }

    /** That value as jshell shows it, which runs a `toString` of the user's. */
    String describeValue() throws Exception {
        return (String) call(() -> valueString(value));
    }

    /** Runs a snippet. Its value is not described, other than jshell expects it: most values are never shown. */
    @Override
    protected String invoke(Method snippet) throws Exception {
        if (!Interrupts.CAN_STOP_THREADS) {
            // The superclass has woven checks into the snippet; with this it makes ready what its `stop` needs.
            super.invoke(Thread.class.getMethod("onSpinWait"));
        }
        // With reflection, the stack traces that the snippet prints would show frames of ours.
        MethodHandle handle = MethodHandles.publicLookup().unreflect(snippet);
        loader = snippet.getDeclaringClass().getClassLoader();
        value = call(MethodHandleProxies.asInterfaceInstance(Callable.class, handle));
        return "";
    }

    private Object call(Callable<?> code) throws Exception {
        FutureTask<Object> task = new FutureTask<>(code::call) {
            @Override
            protected void setException(Throwable error) {
                if (error instanceof OutOfMemoryError) {
                    freeReserve();
                }
                super.setException(error);
            }
        };
        Thread thread = new Thread(group, task, "main");
        thread.setContextClassLoader(loader);
        leaveCompiler();
        try {
            interrupts.start(thread, this::stop);
            while (thread.isAlive() && !isLost(thread)) {
                thread.join(Driver.TICK);
            }
            // A child process may have ended by the signal, and the code with it, before the signal is handled here.
            interrupts.catchUp();
        } finally {
            interrupts.end();
            enterCompiler();
            output.mend();
        }
        if (interrupts.isPending()) {
            throw new StoppedException();
        }
        try {
            return task.get();
        } catch (ExecutionException error) {
            throw new InvocationTargetException(error.getCause());
        }
    }

    /** A thread that cannot be ended, and waits for what may never come, is left to itself. */
    private boolean isLost(Thread thread) {
        if (!interrupts.isOverdue()) {
            return false;
        }
        StackTraceElement[] frames = thread.getStackTrace();
        return thread.getState() == State.BLOCKED || (frames.length > 0 && frames[0].isNativeMethod());
    }

    @Override
    public void stop() {
        if (!Interrupts.CAN_STOP_THREADS) {
            try {
                super.stop();
            } catch (EngineTerminationException | InternalException error) {
                throw new IllegalStateException(error);
            }
        }
        Thread[] threads = new Thread[group.activeCount() + 16];
        int count = group.enumerate(threads);
        for (Thread thread : Arrays.copyOf(threads, count)) {
            Interrupts.stop(thread);
            thread.interrupt();
        }
    }
}
