//! Node.js against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_nodejs as _;

runner_testkit::conformance! {
    Subject {
        language: "nodejs",
        tools: &["node"],
        hello: "console.log('hello')",
        stderr: "console.error('trouble')",
        exit_code: "process.exit(3)",
        not_utf8: "process.stdout.write(Buffer.from([0xff, 0xfe])); undefined",
        burst: "process.stdout.write('x'.repeat(1024 * 1024)); undefined",
        million_lines: "for (let number = 0; number < 1_000_000; number++) console.log(number)",
        input: "const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout })\n\
                rl.question('name? ', name => { console.log(`hello ${name}`); rl.close() })",
        forever: "console.log('started'); while (true);",
        ignores_sigint: "process.on('SIGINT', () => {}); console.log('started'); await new Promise(() => {})",
        background: "let late = require('child_process').spawn('sleep 1; echo late', { shell: true, stdio: 'inherit' })",
        closes_stdout: "require('fs').closeSync(1)",
        dies_mid_character: "process.stdout.write(Buffer.from([0xe2, 0x82])); process.kill(process.pid, 'SIGKILL')",
        floods: "for (let number = 0; ; number++) console.log(number)",
        syntax_error: "console.log('hello'",
        state: Some(("let kept = 6", "console.log(kept * 7)", "42\n")),
        completion: Some(("conso", "console")),
        completeness: &[
            ("", Complete),
            ("let x = 1", Complete),
            ("let x = [1,", Incomplete),
            ("function double(x) {", Incomplete),
            ("function double(x) {\n  return x * 2;\n}", Complete),
            ("if (x) {\n  y();\n} else", Incomplete),
            ("for (const one of list)", Incomplete),
            ("{ a: 1, b: 2 }", Complete),
            ("{ a: 1,", Incomplete),
            ("{ a: 1, b: {", Incomplete),
            ("const text = `one\n${two}", Incomplete),
            ("const double = x =>", Incomplete),
            ("class Dog {\n  bark() {", Incomplete),
            ("await fetch(", Incomplete),
            ("/* one", Incomplete),
            ("import fs from 'fs'", Complete),
            ("'one \\", Incomplete),
            ("f(]", Invalid),
            ("x y", Invalid),
            ("'one", Invalid),
        ],
        main_file: ("main.js", "console.log('hello')\n"),
        broken_file: None,
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input.transcript"),
        ],
    }
}
