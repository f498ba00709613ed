"""Whether code is complete, as Python's own console sees it: what ends too early goes on in the next line, and a block
ends with an empty one. In a session of IPython's, a block that is one line is complete.
"""

import ast
import re
import sys
import warnings

from . import link

NAME = "<typed>"
# Each line that is no Python takes a parse of all; so many at most are looked at.
MOST_MAGICS = 30
MAGIC = re.compile(r"^\s*[%!?]|\?\s*$", re.M)
PARSE_ONLY, NO_IMPLIED_DEDENT, ALLOW_INCOMPLETE = 0x400, 0x200, 0x4000
FLAGS = PARSE_ONLY | NO_IMPLIED_DEDENT | (ALLOW_INCOMPLETE if sys.version_info >= (3, 11) else 0)

queries = link.driver.queries


def check(code):
    code = code.replace("\r\n", "\n").lstrip("\ufeff")
    last_line = code.rpartition("\n")[2].strip()
    if code.startswith("%%"):
        return "incomplete" if last_line else "complete"
    if len(MAGIC.findall(code)) > MOST_MAGICS:
        raise OverflowError("too many magics")
    if last_line[:1] in ("!", "%") and last_line.endswith("\\"):
        return "incomplete"
    try:
        tree = parse(code if queries.shell is None else with_ipython(code))
    except Incomplete:
        return "incomplete"
    except (SyntaxError, ValueError):
        return "invalid"
    last = tree.body[-1] if tree.body else None
    is_block = hasattr(last, "body") or hasattr(last, "cases")
    if queries.shell is not None and is_block:
        is_block = any(node.lineno > last.lineno for node in ast.walk(last) if isinstance(node, ast.stmt))
    return "incomplete" if is_block and last_line else "complete"


def with_ipython(code):
    """The code with IPython's own lines in Python, and the line feed that it ends with, or not."""
    text = queries.shell.transform_cell(code)
    return text if code.endswith("\n") else text[:-1]


class Incomplete(Exception):
    """The code ends before it is over."""


def parse(code):
    # What the parser warns of is told when the code runs. The filter may have been put behind others meanwhile.
    warnings.filterwarnings("ignore", module=re.escape(NAME))
    try:
        return compile_all(code + "\n")
    except SyntaxError as error:
        if is_at_end(code, error):
            raise Incomplete
        raise


def compile_all(code):
    def parse_only(code):
        return compile(code, NAME, "exec", FLAGS | queries.flags, True)

    if "%" in code or "!" in code or "?" in code:
        from . import magics
        return magics.parse(code, parse_only)
    return parse_only(code)


def is_at_end(code, error):
    if FLAGS & ALLOW_INCOMPLETE:
        return error.msg == "incomplete input"
    # Before, an error that moves with the end is one of the end.
    try:
        compile_all(code + "\n\n")
    except SyntaxError as other:
        return (error.msg, error.lineno) != (other.msg, other.lineno) or "never closed" in error.msg
    return True
