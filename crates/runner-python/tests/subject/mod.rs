//! What the suite runs, whichever kind of session it is.

use runner_testkit::Subject;

/// Python, for a target to say of which kind and with which transcripts.
pub const PYTHON: Subject = Subject {
    language: "python",
    tools: &["python3"],
    hello: "print('hello')",
    stderr: "import sys\nprint('trouble', file=sys.stderr)",
    exit_code: "exit(3)",
    not_utf8: "import sys\n_ = sys.stdout.buffer.write(b'\\xff\\xfe')",
    burst: "print('x' * 1024 * 1024, end='')",
    million_lines: "for number in range(1_000_000):\n    print(number)",
    input: "print('hello', input('name? '))",
    forever: "import time\nprint('started', flush=True)\nwhile True:\n    time.sleep(100)",
    ignores_sigint: "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n\
                     print('started', flush=True)\nwhile True:\n    time.sleep(100)",
    background: "import subprocess\n_ = subprocess.Popen(['sh', '-c', 'sleep 1; echo late'])",
    closes_stdout: "import os\nos.close(1)",
    dies_mid_character: "import os, signal\nos.write(1, b'\\xe2\\x82')\nos.kill(os.getpid(), signal.SIGKILL)",
    floods: "import itertools\nfor number in itertools.count():\n    print(number)",
    syntax_error: "print('hello'",
    state: Some(("kept = 6", "print(kept * 7)", "42\n")),
    completion: Some(("prin", "print")),
    main_file: ("main.py", "print('hello')\n"),
    broken_file: None,
    transcripts: &[],
};
