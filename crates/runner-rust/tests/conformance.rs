//! Rust against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_rust as _;

runner_testkit::conformance! {
    Subject {
        language: "rust",
        tools: &["rustc"],
        hello: "println!(\"hello\");",
        stderr: "eprintln!(\"trouble\");",
        exit_code: "std::process::exit(3);",
        not_utf8: "use std::io::Write;\nstd::io::stdout().write_all(b\"\\xff\\xfe\")?;",
        burst: "print!(\"{}\", \"x\".repeat(1024 * 1024));",
        million_lines: "for i in 0..1_000_000 { println!(\"{i}\"); }",
        input: "let mut name = String::new();\nprint!(\"name? \");\nstd::io::stdin().read_line(&mut name)?;\n\
                println!(\"hello {}\", name.trim());",
        forever: "println!(\"started\");\nloop { std::thread::sleep(std::time::Duration::from_secs(100)); }",
        ignores_sigint: "extern \"C\" { fn signal(number: i32, handler: usize) -> usize; }\n\
                         unsafe { signal(2, 1) };\nprintln!(\"started\");\n\
                         loop { std::thread::sleep(std::time::Duration::from_secs(100)); }",
        background: "std::process::Command::new(\"sh\").args([\"-c\", \"sleep 1; echo late\"]).spawn()?;",
        closes_stdout: "extern \"C\" { fn close(descriptor: i32) -> i32; }\nunsafe { close(1) };\nprintln!(\"lost\");",
        dies_mid_character: "use std::io::Write;\nextern \"C\" { fn kill(process: i32, signal: i32) -> i32; }\n\
                             std::io::stdout().write_all(b\"\\xe2\\x82\")?;\nstd::io::stdout().flush()?;\n\
                             unsafe { kill(std::process::id() as i32, 9) };",
        floods: "for i in 0u64.. { println!(\"{i}\"); }",
        syntax_error: "let v = vec![1, 2",
        state: Some(("let kept = 6;", "kept * 7", "42\n")),
        completion: Some(("std::collections::Has", "std::collections::HashMap")),
        completeness: &[
            ("", Complete),
            ("let x = 1;", Complete),
            ("x + 1", Complete),
            ("let x = vec![1,", Incomplete),
            ("fn double(x: i32) -> i32", Incomplete),
            ("fn double(x: i32) -> i32 {", Incomplete),
            ("fn double(x: i32) -> i32 {\n    2 * x\n}", Complete),
            ("for i in 0..3", Incomplete),
            ("if x > 1 {\n    y()\n} else", Incomplete),
            ("#[derive(Debug)]", Incomplete),
            ("let text = \"one\ntwo", Incomplete),
            ("let text = r#\"one\"", Incomplete),
            ("let x = 1 +", Incomplete),
            ("/* one /* two */", Incomplete),
            ("match x {\n    1 => \"one\",", Incomplete),
            ("f(]", Invalid),
            ("}", Invalid),
            ("// nothing", Complete),
        ],
        main_file: ("main.rs", "fn main() {\n    println!(\"hello\");\n}\n"),
        broken_file: Some(("main.rs", "fn main() {\n    let x: i32 = \"a\";\n}\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
