"""The driver of a Python session: it runs queries in this interpreter and keeps their state.

It talks to the runner over descriptors 3 to 6, as docs/src/session-link.md has it; standard input, output and error
belong to the user's code. It imports little, because the first query waits for its start: what not every session needs
is in the package `kernel_runner`, and is read when it is needed.
"""

import _ast
import _signal
import _thread
import builtins
import io
import os
import select
import sys
import threading  # The thread that imports it first is the main one for ever: not that of completions.
import time

# Where the driver's further parts are, and which kind of session is wanted.
MODULES = os.environ.pop("KERNEL_RUNNER_PYTHON_MODULES", "")
ENGINE = os.environ.pop("KERNEL_RUNNER_PYTHON_ENGINE", "auto")
PID = os.getpid()
INTERRUPTED = 130
PARSE_ONLY = 0x400
TOP_LEVEL_AWAIT = 0x2000 if sys.version_info >= (3, 8) else 0
IS_COROUTINE = 0x80
# A pipe that can be written to at all takes this many bytes at once.
ATOMIC = 4096
# Output waits at most this long, in seconds, for more to be sent with it.
PROMPTNESS = 0.02
# How often, in milliseconds, a wait looks whether the user wants its end.
PATIENCE = 50


class Interrupts:
    """SIGINT ends the user's code, and never the driver's: there it is remembered until the user's goes on."""

    def __init__(self):
        self.in_user_code = False
        self.is_pending = False
        self.count = 0
        self.user_handler = self.on_signal
        _signal.signal(_signal.SIGINT, self.on_signal)

    def on_signal(self, _number, _frame):
        if self.in_user_code:
            self.is_pending = False
            self.count += 1
            raise KeyboardInterrupt
        self.is_pending = True

    def raise_pending(self):
        if self.is_pending:
            self.is_pending = False
            raise KeyboardInterrupt


interrupts = Interrupts()
main_thread = _thread.get_ident()


class DriverCode:
    """Around driver code that the user's code calls: an interrupt waits until the end of it, or longer."""

    def __init__(self, raises=True):
        self.raises = raises

    def __enter__(self):
        self.was_user_code = interrupts.in_user_code and _thread.get_ident() == main_thread
        if self.was_user_code:
            interrupts.in_user_code = False
        return self

    def __exit__(self, *exception):
        if self.was_user_code:
            interrupts.in_user_code = True
            if self.raises and exception[0] is None:
                interrupts.raise_pending()


class Link:
    """Frames: a header line `KIND LENGTH ...`, then the parts as they are."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.buffer = reader, writer, b""

    def send(self, kind, *parts):
        header = " ".join([kind] + [str(len(part)) for part in parts]).encode() + b"\n"
        data = memoryview(header + b"".join(parts))
        while data:
            data = data[os.write(self.writer, data):]

    def receive(self):
        """The next frame as a list, its kind first; None when the runner is gone."""
        while b"\n" not in self.buffer:
            if not self.read():
                return None
        header, _, self.buffer = self.buffer.partition(b"\n")
        kind, *lengths = header.decode().split(" ")
        size = sum(map(int, lengths))
        pieces = [self.buffer]
        missing = size - len(self.buffer)
        while missing > 0:
            piece = os.read(self.reader, min(missing, 1 << 20))
            if not piece:
                return None
            pieces.append(piece)
            missing -= len(piece)
        self.buffer = b"".join(pieces)
        frame, start = [kind], 0
        for length in map(int, lengths):
            frame.append(self.buffer[start:start + length])
            start += length
        self.buffer = self.buffer[start:]
        return frame

    def read(self):
        piece = os.read(self.reader, 1 << 16)
        self.buffer += piece
        return piece


link = Link(3, 4)
# Held by whoever asks something, and by the driver between two queries.
link_turn = _thread.RLock()
sequence = 0


def ask(kind, *parts):
    """Asks the runner and returns the answer's text, None at the end of the input. An interrupt ends the wait."""
    global sequence
    with link_turn:
        sequence += 1
        number = b"%d" % sequence
        link.send(kind, number, *parts)
        may_be_interrupted = kind != "sync" and _thread.get_ident() == main_thread
        while True:
            while b"\n" not in link.buffer:
                if wait_for(link.reader, select.POLLIN) and not link.read():
                    leave()
                if may_be_interrupted and interrupts.is_pending:
                    return ""
            frame = link.receive()
            if frame is None:
                leave()
            # The answer to a question whose wait was interrupted is nobody's.
            if frame[1:2] == [number]:
                return None if frame[0] == "eof" else frame[2].decode("utf-8", "surrogateescape")


def wait_for(descriptor, event, milliseconds=PATIENCE):
    watch = select.poll()
    watch.register(descriptor, event)
    return watch.poll(milliseconds)


def is_forked():
    return os.getpid() != PID


class Output:
    """Standard output and error, in one order.

    Text for standard error waits in `errors`, text for standard output in the buffer of `sys.stdout`, where `print`
    puts it without running any code of the driver. All of the former comes before all of the latter: whoever adds to
    `errors` has flushed the other. When the descriptor that is written to changes, the runner is asked to read first.
    """

    def __init__(self):
        self.turn = _thread.RLock()
        self.errors = []
        self.last = 0
        # For the next query, when this one closes them. Copies are not inherited.
        self.copies = {1: os.dup(1), 2: os.dup(2)}
        self.open()

    def open(self):
        self.stdout = io.TextIOWrapper(
            io.BufferedWriter(StandardOutput(self), 1 << 16), "utf-8", "backslashreplace", newline="\n")
        self.stderr = io.TextIOWrapper(
            StandardError(self), "utf-8", "backslashreplace", newline="\n", write_through=True)
        self.stdout.mode = self.stderr.mode = "w"
        sys.stdout = sys.__stdout__ = self.stdout
        sys.stderr = sys.__stderr__ = self.stderr

    def mend(self):
        """Opens again what the query before has closed."""
        for descriptor, copy in self.copies.items():
            try:
                os.fstat(descriptor)
            except OSError:
                os.dup2(copy, descriptor)
        if self.stdout.closed or self.stderr.closed:
            self.open()

    def flush(self):
        self.stdout.flush()
        self.write_errors()

    def write_errors(self):
        with self.turn:
            while self.errors:
                text = b"".join(self.errors)
                del self.errors[:]
                written = 0
                try:
                    while written < len(text):
                        written += self.write(2, text[written:])
                finally:
                    if written < len(text):
                        self.errors.insert(0, text[written:])

    def write(self, descriptor, data):
        """Writes some of `data`, all of it most often, and returns how much."""
        data = memoryview(data)
        if interrupts.in_user_code and _thread.get_ident() == main_thread:
            interrupts.raise_pending()
        # What was written must be told to the caller, or it would be written again: the interrupt comes after that.
        with self.turn, DriverCode(raises=False) as context:
            if self.last not in (0, descriptor):
                self.sync()
            self.last = descriptor
            written = 0
            while written < len(data):
                if not wait_for(descriptor, select.POLLOUT):
                    if context.was_user_code and interrupts.is_pending:
                        return written
                    continue
                written += os.write(descriptor, data[written:written + ATOMIC])
                if context.was_user_code and interrupts.is_pending:
                    return written
            return written

    def sync(self):
        # Between two queries the link belongs to the driver, and after a fork to the parent.
        if not is_forked() and link_turn.acquire(False):
            try:
                ask("sync")
            finally:
                link_turn.release()


class StandardOutput(io.RawIOBase):
    name = "<stdout>"

    def __init__(self, output):
        self.output = output

    def writable(self):
        return True

    def fileno(self):
        return 1

    def write(self, data):
        if self.output.errors:
            self.output.write_errors()
        return self.output.write(1, data)


class StandardError(io.BufferedIOBase):
    name = "<stderr>"

    def __init__(self, output):
        self.output = output

    def writable(self):
        return True

    def fileno(self):
        return 2

    def write(self, data):
        self.output.stdout.flush()
        self.output.errors.append(bytes(data))
        return len(data)

    def flush(self):
        self.output.flush()


output = Output()
# Open while output may be waiting that nobody else flushes.
ticking = _thread.allocate_lock()
ticking.acquire()


def tick():
    """Sends what waits, as long as there is somebody who prints."""
    while True:
        ticking.acquire()
        ticking.release()
        time.sleep(PROMPTNESS)
        if interrupts.is_pending and interrupts.in_user_code:
            # It came while the driver was writing for the user's code, which goes on and should not. A real signal
            # ends a sleep as well.
            _signal.pthread_kill(main_thread, _signal.SIGINT)
        # A reader that is slow must not make this thread hold the buffer's lock.
        if wait_for(1, select.POLLOUT, 0) and wait_for(2, select.POLLOUT, 0):
            try:
                output.flush()
            except (OSError, ValueError, RuntimeError):
                pass  # The user's code has closed it.


def flush_quietly():
    for stream in (sys.stdout, sys.stderr, output):
        try:
            stream.flush()
        except Exception:
            pass  # None, closed, or the user's own and broken.


builtin_input = builtins.input
stdin = sys.stdin


def ask_line(prompt, is_password):
    with DriverCode():
        if prompt:
            sys.stdout.write(prompt)
        flush_quietly()
        line = ask("input", b"1" if is_password else b"0")
    if line is None:
        raise EOFError("EOF when reading a line")
    return line


def input(prompt=""):
    """Read a string from standard input. The trailing newline is stripped."""
    if sys.stdin is not stdin or is_forked():
        return builtin_input(prompt)
    return ask_line(str(prompt), False)


def getpass(prompt="Password: ", stream=None):
    """Prompt for a password; what is typed is not shown."""
    return ask_line(str(prompt), True)


def put_ours_into_getpass(module):
    module.getpass = getpass


def put_ours_into_ipython(module):
    load("plain").take_over(module)


class Finder:
    """Finds the driver's own package wherever `sys.path` leads, and changes a few modules when they are imported.

    Importing those here would cost every start.
    """

    changes = {
        "getpass": put_ours_into_getpass,
        "IPython.core.display_functions": put_ours_into_ipython,
        "IPython.core.display": put_ours_into_ipython,
    }

    def find_spec(self, name, path=None, target=None):
        if name == "kernel_runner" and MODULES:
            from importlib.machinery import PathFinder
            return PathFinder.find_spec(name, [MODULES])
        if name not in self.changes:
            return None
        change = self.changes[name]
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                execute = spec.loader.exec_module

                def exec_module(module):
                    execute(module)
                    change(module)

                spec.loader.exec_module = exec_module
                return spec


def load(part):
    """A module of the package `kernel_runner`. What it imports must not be found in the working folder."""
    name = "kernel_runner." + part if part else "kernel_runner"
    if name not in sys.modules:
        path = sys.path
        sys.path = [folder for folder in path if folder]
        try:
            __import__(name)
        finally:
            sys.path = path
    return sys.modules[name]


def show(forms, name=None, is_update=False):
    """Shows something in its forms, pairs of a MIME type and bytes, after everything that was printed so far."""
    parts = [part for mime, data in forms for part in (mime.encode(), data)]
    if name is not None:
        parts.append(name.encode())
    with DriverCode():
        flush_quietly()
        ask("update" if is_update else "display", *parts)


def display(*objects, **options):
    """Shows objects in their richest forms, or `display(mime, data)` data of a MIME type."""
    return load("").display(*objects, **options)


def displayhook(value):
    """Shows the value of a query's last line: what has more forms than text in all of them, the rest as Python does."""
    if type(value).__module__ != "builtins" and MODULES:
        builtins._ = None
        if load("forms").show_rich(value):
            builtins._ = value
            return
    sys.__displayhook__(value)


# Where a module is in use, a part of ours shows what is left to show at the end of a query.
PICTURES = {"matplotlib.pyplot": "matplotlib", "kernel_runner.window": "window"}


def emit(record):
    """Sends a record of output: see `kernel_runner.records`."""
    load("records").emit(record)


# The events after which somebody else writes to our descriptors.
SPAWNS = {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty", "pty.spawn"}


def audit(event, _arguments):
    if event in SPAWNS:
        flush_quietly()


class Queries:
    """Runs queries in one namespace."""

    def __init__(self):
        self.namespace = {}
        # IPython's, when the session is one of IPython's.
        self.shell = None
        self.number = 0
        self.sources = {}
        self.flags = 0
        self.loop = None
        self.is_cancelling = False
        self.modules = len(sys.modules)
        self.has_extensions = False

    def run(self, code):
        """Runs one query and returns its exit code."""
        output.mend()
        exit_code = self.guard(self.shell.run if self.shell else self.run_code, code)
        for module, part in PICTURES.items():
            if module in sys.modules and MODULES and not is_forked():
                exit_code = self.guard(load(part).finish) or exit_code
        return exit_code

    def guard(self, action, *arguments):
        """Lets user code run, and returns the exit code that its end means."""
        _signal.signal(_signal.SIGINT, interrupts.user_handler)
        try:
            try:
                interrupts.in_user_code = True
                interrupts.raise_pending()
                exit_code = action(*arguments)
                interrupts.in_user_code = False
                interrupts.raise_pending()
                return exit_code
            finally:
                interrupts.in_user_code = False
                handler = _signal.getsignal(_signal.SIGINT)
                # One that was set outside of Python cannot be set again from here.
                interrupts.user_handler = interrupts.on_signal if handler is None else handler
                _signal.signal(_signal.SIGINT, interrupts.on_signal)
        except SystemExit as end:
            return self.exit_code(end.code)
        except KeyboardInterrupt as error:
            self.report(error)
            return INTERRUPTED
        except BaseException as error:
            self.report(error)
            return 1

    def run_code(self, code):
        self.number += 1
        name = "<query %d>" % self.number
        self.sources[name] = code
        if "linecache" in sys.modules:
            self.tell_linecache()
        for part in self.compile(code, name):
            self.execute(part)
        return 0

    def compile(self, code, name):
        """The statements, and the last one apart where it is an expression whose value is to be shown."""
        code = code.replace("\r\n", "\n").lstrip("\ufeff")
        tree = self.parse(code, name)
        parts = []
        if tree.body and isinstance(tree.body[-1], _ast.Expr):
            shown = _ast.Interactive([tree.body.pop()])
            parts.append((shown, "single"))
        parts.insert(0, (tree, "exec"))
        compiled = []
        for tree, mode in parts:
            compiled.append(self.compile_part(tree, name, mode))
            if "__future__" in code:
                self.flags |= compiled[-1].co_flags & future_flags()
        return compiled

    def parse(self, code, name):
        def parse(code):
            return compile(code, name, "exec", PARSE_ONLY | self.flags, True)

        # Lines like `%time f()` are no Python, and need nobody's time unless there may be one.
        if MODULES and ("%" in code or "!" in code or "?" in code):
            try:
                return parse(code)
            except SyntaxError:
                pass
            return load("magics").parse(code, parse)
        return parse(code)

    def compile_part(self, tree, name, mode):
        try:
            return compile(tree, name, mode, self.flags, True)
        except SyntaxError as error:
            outside = error
        if TOP_LEVEL_AWAIT and "outside" in str(outside.msg):
            try:
                return compile(tree, name, mode, self.flags | TOP_LEVEL_AWAIT, True)
            except SyntaxError:
                pass
        raise outside.with_traceback(None)

    def execute(self, part):
        if part.co_flags & IS_COROUTINE:
            self.run_until_complete(eval(part, self.namespace))
        else:
            exec(part, self.namespace)

    def run_until_complete(self, coroutine):
        import asyncio
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(coroutine)
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            self.is_cancelling = True
            try:
                self.loop.run_until_complete(task)
            except BaseException:
                pass  # It is over; what is told is the interrupt.
            self.is_cancelling = False
            raise

    def exit_code(self, code):
        if code is None:
            return 0
        if isinstance(code, int):
            return code & 0xFF
        print(code, file=sys.stderr)
        return 1

    def report(self, error):
        """Prints the traceback as Python does, from the user's first frame on."""
        try:
            trace = error.__traceback__ = without_driver(error.__traceback__)
            sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
            import traceback
            self.tell_linecache()
            if sys.excepthook is sys.__excepthook__:
                lines = traceback.format_exception(type(error), error, trace)
                (sys.stderr or output.stderr).write("".join(lines))
            else:
                sys.excepthook(type(error), error, trace)
        except BaseException:
            output.stderr.write("%s (and its report failed)\n" % type(error).__name__)

    def tell_linecache(self):
        """Tracebacks and `inspect` find the source lines there. They come without a time, so nothing expires."""
        import linecache
        for name, code in self.sources.items():
            linecache.cache[name] = (len(code), None, [line + "\n" for line in code.split("\n")], name)
        self.sources.clear()

    def flush_c(self):
        """Writes what C code has printed into its own buffer. Only extensions and ctypes have such."""
        if len(sys.modules) != self.modules:
            self.modules = len(sys.modules)
            files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
            foreign = any(file.endswith(".so") and "lib-dynload" not in file for file in files)
            self.has_extensions = "ctypes" in sys.modules or foreign
        if self.has_extensions:
            try:
                import ctypes
                ctypes.CDLL(None).fflush(None)
            except Exception:
                pass  # A build without ctypes has no way to do it.


def without_driver(trace, others=()):
    """What of a traceback is the user's story: the driver's code is no part of it, nor is what led to the query."""
    frames = []
    hidden = ("kernel_runner_driver", "kernel_runner") + others
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).partition(".")[0] not in hidden:
            frames.append(trace)
        trace = trace.tb_next
    queries = [number for number, trace in enumerate(frames) if trace.tb_frame.f_code.co_filename.startswith("<query ")]
    frames = frames[queries[0]:] if queries else frames
    # A frame's successor is fixed in Python 3.6.
    if sys.version_info >= (3, 7):
        for trace, following in zip(frames, frames[1:] + [None]):
            trace.tb_next = following
    return frames[0] if frames else None


def future_flags():
    import __future__
    return sum(getattr(__future__, name).compiler_flag for name in __future__.all_feature_names
               if getattr(__future__, name).compiler_flag > 0x2000)


def complete(namespace):
    """The thread that answers, beside the code that runs, what completes it and whether it is complete."""
    completions = Link(5, 6)
    while True:
        frame = completions.receive()
        if frame is None:
            return
        parts = [part.decode("utf-8", "replace") for part in frame[1:]]
        is_check = frame[0] == "check"
        try:
            if is_check:
                found = [load("completeness").check(*parts)]
            else:
                found = load("completer").complete(parts[0], parts[1], namespace)
        except BaseException:
            found = []
        completions.send("checked" if is_check else "completion", *[text.encode("utf-8", "replace") for text in found])


def leave():
    """The runner is gone, or wants the end."""
    flush_quietly()
    sys.exit(0)


def enter_environment():
    """Lets commands find the programs of this interpreter's virtual environment, as its `activate` does."""
    if sys.prefix != sys.base_prefix:
        os.environ["VIRTUAL_ENV"] = sys.prefix
        os.environ["PATH"] = os.path.join(sys.prefix, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)


def start_ipython():
    """IPython's shell where it is installed and wanted."""
    if ENGINE == "plain" or not MODULES:
        return None
    try:
        return load("ipython").start(queries)
    except Exception as error:
        is_missing = isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "IPython"
        if ENGINE == "ipython" or not is_missing:
            output.stderr.write("IPython does not start, and the session goes on without it: %s\n" % error)
        return None


def serve():
    for descriptor in (3, 4, 5, 6):
        os.set_inheritable(descriptor, False)
    main = type(sys)("__main__")
    main.__builtins__ = builtins
    main.__annotations__ = {}
    sys.modules["__main__"] = main
    sys.argv = [""]
    builtins.input = input
    sys.meta_path.insert(0, Finder())
    sys.displayhook = displayhook
    builtins.display = display
    builtins._sorna_emit = emit
    enter_environment()
    if hasattr(sys, "addaudithook"):
        sys.addaudithook(audit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=flush_quietly)
    queries.namespace = main.__dict__
    queries.shell = start_ipython()
    _thread.start_new_thread(complete, (main.__dict__,))
    _thread.start_new_thread(tick, ())
    threads = _thread._count()
    link_turn.acquire()
    link.send("ready", b"check")
    is_ticking = False
    while True:
        frame = link.receive()
        if frame is None:
            leave()
        if frame[0] == "settle":
            interrupts.is_pending = False
            link.send("settled")
        elif frame[0] == "query":
            if not is_ticking:
                ticking.release()
                is_ticking = True
            link_turn.release()
            code = queries.run(frame[1].decode("utf-8", "surrogateescape"))
            if is_forked():
                # A child of the user's code ends where a script would.
                flush_quietly()
                os._exit(code)
            queries.flush_c()
            flush_quietly()
            link_turn.acquire()
            # Threads that are left may print on.
            if _thread._count() <= threads:
                ticking.acquire()
                is_ticking = False
            link.send("done", b"%d" % code)


queries = Queries()
if "linecache" in sys.modules:
    # Since 3.13, Python shows the lines of a program given by `-c` in the traceback of anything that has no file.
    sys.modules["linecache"].cache.pop("<string>", None)
this_module = sys.modules["kernel_runner_driver"] = sys.modules["__main__"]
this_module.__name__ = "kernel_runner_driver"
serve()
