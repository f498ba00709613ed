//! Julia against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_julia as _;

runner_testkit::conformance! {
    Subject {
        language: "julia",
        tools: &["julia"],
        hello: "println(\"hello\")",
        stderr: "println(stderr, \"trouble\")",
        exit_code: "exit(3)",
        not_utf8: "write(stdout, [0xff, 0xfe]);",
        burst: "print(\"x\"^1024^2)",
        million_lines: "for number in 0:999_999 println(number) end",
        input: "print(\"name? \"); println(\"hello \", readline())",
        forever: "println(\"started\"); while true sleep(100) end",
        ignores_sigint: "println(\"started\"); while true try sleep(100) catch end end",
        background: "run(`sh -c \"sleep 1; echo late\"`, devnull, stdout, stderr; wait = false);",
        closes_stdout: "close(stdout)",
        dies_mid_character: "write(stdout, [0xe2, 0x82]); ccall(:kill, Cint, (Cint, Cint), getpid(), 9)",
        floods: "for number in Iterators.countfrom(0) println(number) end",
        syntax_error: "println(\"hello\"",
        state: Some(("kept = 6;", "println(kept * 7)", "42\n")),
        completion: Some(("prin", "print")),
        completeness: &[
            ("", Complete),
            ("x = 1", Complete),
            ("x = [1,", Incomplete),
            ("double(x) = 2x", Complete),
            ("function double(x)", Incomplete),
            ("function double(x)\n    2x\nend", Complete),
            ("for i in 1:3\n    println(i)", Incomplete),
            ("for i in 1:3\n    println(i)\n\n    ", Invalid),
            ("if x > 1\n    y\nelse", Incomplete),
            ("begin; x; end", Complete),
            ("x = 1 +", Incomplete),
            ("text = \"\"\"one\ntwo", Incomplete),
            ("#= one", Incomplete),
            ("let x = 1;", Incomplete),
            ("x = )", Invalid),
            ("end", Invalid),
            ("# nothing", Complete),
        ],
        main_file: ("main.jl", "println(\"hello\")\n"),
        broken_file: None,
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/values.transcript"),
        ],
    }
}
