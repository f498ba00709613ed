"""The lines that are no Python and that people type most, for sessions without IPython.

Only where Python itself finds a syntax error is a line looked at, so that nothing in a string or an expression is taken
for one of them.
"""

import builtins
import inspect
import os
import re
import shlex
import subprocess
import sys
import time

from . import commands, display, link

session = link.driver.queries
LINE = re.compile(
    r"""(?P<indent>\s*)(?P<target>[\w.,\s\[\]'"*]+=(?!=)\s*)?"""
    r"""(?:%(?P<magic>\w+)(?P<rest>.*)|!(?P<command>.*))$""", re.S)
HELP = re.compile(r"\s*(?:(\?{1,2})\s*([\w.]+)|([\w.]+)\s*(\?{1,2}))\s*;?\s*$")
CELL = re.compile(r"\s*%%(\w+)([^\n]*)(?:\n(.*))?$", re.S)
CALL = "__import__('kernel_runner.magics', None, None, ['run']).%s"


def parse(code, compile):
    """Parses code with such lines in it: each of them becomes a call."""
    cell = CELL.match(code)
    if cell:
        name, line, body = cell.groups()
        return compile(CALL % "run_cell(%r, %r, %r)" % (name, line.strip(), body or ""))
    originals = code.split("\n")
    lines = list(originals)
    while True:
        try:
            return compile("\n".join(lines))
        except SyntaxError as error:
            number = (error.lineno or 0) - 1
            replacement, count = call_for(lines, number)
            if replacement is None:
                if 0 <= number < len(lines) and lines[number] != originals[number]:
                    # The call would be no news to the user.
                    error.text, error.offset = originals[number], None
                raise error.with_traceback(None)
            # The line count stays, for the sake of tracebacks.
            lines[number:number + count] = [replacement] + [""] * (count - 1)


def call_for(lines, number):
    """The call that takes the place of the line, and how many lines it takes up."""
    if not 0 <= number < len(lines):
        return None, 0
    count = 1
    while lines[number + count - 1].endswith("\\") and number + count < len(lines):
        count += 1
    line = "\n".join(lines[number:number + count])
    asked = HELP.match(line)
    if asked:
        before, name, other_name, after = asked.groups()
        return CALL % "explain(%r, %r)" % (name or other_name, len(before or after) == 2), count
    found = LINE.match(line.replace("\\\n", " "))
    if not found:
        return None, 0
    target = found.group("target") or ""
    if found.group("command") is None:
        call = "run(%r, %r)" % (found.group("magic"), found.group("rest").strip())
    elif target or found.group("command").startswith("!"):
        call = "output_of(%r)" % found.group("command").lstrip("!")
    else:
        call = "system(%r)" % found.group("command")
    return found.group("indent") + target + CALL % call, count


def run(name, line):
    """Runs a magic that is one line."""
    return find(name, LINES, "%")(expanded(line) if name in EXPANDED else line)


def run_cell(name, line, body):
    """Runs a magic that takes the rest of the query."""
    return find(name, CELLS, "%%")(line, body)


class UnknownMagic(Exception):
    """There is no magic of that name."""

    __module__ = "builtins"


def find(name, magics, sign):
    if name in magics:
        return magics[name]
    known = ", ".join(sign + known for known in sorted(magics))
    raise UnknownMagic("%s%s needs IPython: `%%pip install ipython`, and start the session anew. "
                       "Without it there are %s" % (sign, name, known))


def expanded(line):
    """The line with the values of `{expressions}` and `$names` in it, where they have one."""
    def value(match):
        try:
            return str(eval(match.group(1) or match.group(2), session.namespace))
        except Exception:
            return match.group()

    return re.sub(r"\{([^{}]+)\}|\$(\w+)", value, line)


def system(command):
    """Runs a command line for the sake of what it prints."""
    session.namespace["_exit_code"] = commands.shell(expanded(command))


def output_of(command):
    """The lines that a command line prints."""
    text, session.namespace["_exit_code"] = commands.output_of(expanded(command))
    return text.splitlines()


def execute(code):
    """Runs code in the session's namespace and shows its last value, as a query does."""
    session.run_code(code)


def timed(code):
    start, cpu = time.perf_counter(), os.times()
    try:
        execute(code)
    finally:
        wall, now = time.perf_counter() - start, os.times()
        user, system = now.user - cpu.user, now.system - cpu.system
        print("CPU times: user %s, sys: %s, total: %s" % (duration(user), duration(system), duration(user + system)))
        print("Wall time: %s" % duration(wall))


def timeit(line, body=None):
    import timeit
    options, statement = options_of(line, "n:r:")
    setup, statement = (statement or "pass", body) if body is not None else ("pass", statement)
    timer = timeit.Timer(statement or "pass", setup, globals=session.namespace)
    runs = int(options.get("r", 7))
    loops = int(options.get("n", 0)) or timer.autorange()[0]
    each = [total / loops for total in timer.repeat(runs, loops)]
    mean = sum(each) / runs
    deviation = (sum((one - mean) ** 2 for one in each) / runs) ** 0.5
    print("%s ± %s per loop (mean ± std. dev. of %s, %s each)" % (
        duration(mean), duration(deviation), counted(runs, "run"), counted(loops, "loop")))


def counted(number, noun):
    return "%s %s%s" % (format(number, ","), noun, "" if number == 1 else "s")


def options_of(line, known):
    """The leading options of a line and the rest of it, as it is."""
    options = {}
    while True:
        found = re.match(r"-(\w)\s*(\d*)\s*", line)
        if not found or found.group(1) not in known:
            return options, line
        options[found.group(1)] = found.group(2)
        line = line[found.end():]


def duration(seconds):
    if seconds >= 60:
        return "%dmin %ds" % divmod(round(seconds), 60)
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6), ("ns", 1e9)):
        if seconds * scale >= 1 or unit == "ns":
            return "%.3g %s" % (seconds * scale, unit)


def script(program):
    def run_script(line, body):
        code = commands.call([program, "-c", body] + [program] * bool(line) + shlex.split(line))
        if code:
            raise subprocess.CalledProcessError(code, program)

    return run_script


def writefile(line, body):
    options, name = options_of(line, "a")
    name = os.path.expanduser(name.strip().strip("'\""))
    print("%s %s" % ("Appending to" if "a" in options else "Overwriting" if os.path.exists(name) else "Writing", name))
    with open(name, "a" if "a" in options else "w", encoding="utf-8") as file:
        file.write(body if body.endswith("\n") else body + "\n")


def cd(line):
    place = os.path.expanduser(line.strip("'\"") or "~")
    before, place = os.getcwd(), cd.before if place == "-" else place
    os.chdir(place)
    cd.before = before
    print(os.getcwd())


cd.before = os.getcwd()


def env(line):
    name, equals, value = line.partition("=") if "=" in line else line.partition(" ")
    if not name:
        return dict(os.environ)
    if not equals:
        return os.environ.get(name)
    os.environ[name.strip()] = value.strip()
    print("env: %s=%s" % (name.strip(), value.strip()))


def config(line):
    found = re.match(r"InlineBackend\.(\w+)\s*(?:=\s*(.*))?$", line)
    if not found:
        raise UnknownMagic("without IPython, %config knows InlineBackend.figure_format and its like alone")
    from .matplotlib import settings
    name, value = found.groups()
    if value is None:
        return getattr(settings, name)
    value = eval(value, session.namespace)
    settings.set_formats(value) if name == "figure_formats" else setattr(settings, name, value)


def matplotlib(_line):
    # Figures are shown to the client whatever is asked for: there is no other place.
    if "matplotlib" in sys.modules:
        import matplotlib.pyplot
        matplotlib.pyplot.switch_backend("module://kernel_runner.matplotlib")


def who(_line):
    names = [name for name, value in session.namespace.items()
             if not name.startswith("_") and not inspect.ismodule(value)]
    print("\t ".join(sorted(names)) if names else "Interactive namespace is empty.")


def pip(line):
    commands.pip(*shlex.split(line))


def shown_as(mime):
    def show_cell(_line, body):
        display(mime, body)

    return show_cell


def explain(name, with_source=False):
    """Prints what is known of an object, or its source."""
    try:
        value = eval(name, dict(vars(builtins)), session.namespace)
    except Exception:
        print("Object `%s` not found." % name)
        return
    lines = []
    try:
        lines.append(("Signature", name + str(inspect.signature(value))))
    except (TypeError, ValueError):
        lines.append(("String form", str(value)))
    lines.append(("Type", type(value).__name__))
    try:
        lines.append(("File", inspect.getfile(value)))
    except (TypeError, OSError):
        pass
    text = inspect.getdoc(value) or "<no docstring>"
    try:
        if with_source:
            text = inspect.getsource(value)
    except (TypeError, OSError):
        pass  # It is written in another language, or typed no more.
    for title, line in lines:
        print("%-13s%s" % (title + ":", line))
    print("%s\n%s" % ("Source:" if with_source else "Docstring:", text))


LINES = {
    "cd": cd,
    "config": config,
    "env": env,
    "ls": lambda line: system("ls " + line),
    "matplotlib": matplotlib,
    "pip": pip,
    "pwd": lambda _: os.getcwd(),
    "time": timed,
    "timeit": timeit,
    "who": who,
}
EXPANDED = {"cd", "env", "ls", "pip"}
CELLS = {
    "bash": script("bash"),
    "html": shown_as("text/html"),
    "javascript": shown_as("application/javascript"),
    "js": shown_as("application/javascript"),
    "latex": shown_as("text/latex"),
    "markdown": shown_as("text/markdown"),
    "sh": script("sh"),
    "svg": shown_as("image/svg+xml"),
    "time": lambda line, body: timed(line + "\n" + body),
    "timeit": timeit,
    "writefile": writefile,
}
