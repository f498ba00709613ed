//! GNU Octave against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_octave as _;

runner_testkit::conformance! {
    Subject {
        language: "octave",
        tools: &["octave-cli"],
        hello: "disp('hello')",
        stderr: "fputs(stderr, \"trouble\\n\");",
        exit_code: "exit(3)",
        not_utf8: "fwrite(stdout, [255 254]);",
        burst: "fputs(stdout, repmat('x', 1, 1024 * 1024));",
        million_lines: "printf('%d\\n', 0:999999)",
        input: "name = input('name? ', 's'); printf('hello %s\\n', name)",
        forever: "disp('started')\nwhile true\n  pause(100)\nend",
        ignores_sigint: "system(\"trap '' INT; echo started; while :; do sleep 1; done\");",
        background: "system('(sleep 1; echo late) &');",
        closes_stdout: "dup2(fopen('/dev/null', 'w'), stdout);",
        dies_mid_character: "fwrite(stdout, [226 130]); system(sprintf('kill -9 %d', getpid()));",
        floods: "number = 0;\nwhile true\n  printf('%d\\n', number++);\nend",
        syntax_error: "disp('hello'",
        state: Some(("kept = 6;", "disp(kept * 7)", "42\n")),
        completion: Some(("prin", "printf")),
        completeness: &[
            ("", Complete),
            ("x = 1", Complete),
            ("x = [1, 2", Incomplete),
            ("x = [1, 2\n     3, 4];", Complete),
            ("function y = double (x)", Incomplete),
            ("function y = double (x)\n  y = 2 * x;\nendfunction", Complete),
            ("for i = 1:3", Incomplete),
            ("for i = 1:3 disp (i); end", Complete),
            ("if x\n  y\nelse", Incomplete),
            ("x = 1 + ...", Incomplete),
            ("%{\none", Incomplete),
            ("%{\none\n%}", Complete),
            ("x = a' * 2 % it's (", Complete),
            ("x = [1, 2)", Invalid),
            ("disp ('one", Invalid),
            ("endif", Invalid),
        ],
        main_file: ("main.m", "disp('hello')\n"),
        broken_file: None,
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input.transcript"),
        ],
    }
}
