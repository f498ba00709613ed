//! R against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_r as _;

runner_testkit::conformance! {
    Subject {
        language: "r",
        tools: &["R", "Rscript"],
        hello: "cat('hello\\n')",
        stderr: "message('trouble')",
        exit_code: "quit(status = 3)",
        not_utf8: "system(\"printf '\\\\377\\\\376'\")",
        burst: "cat(strrep('x', 1024 * 1024))",
        million_lines: "writeLines(sprintf('%d', 0:999999))",
        input: "cat('hello', readline('name? '), fill = TRUE)",
        forever: "cat('started\\n'); repeat Sys.sleep(100)",
        ignores_sigint: "suspendInterrupts({ cat('started\\n'); repeat Sys.sleep(100) })",
        background: "system('(sleep 1; echo late) &')",
        closes_stdout: "close(stdout())",
        dies_mid_character: "system(\"printf '\\\\342\\\\202'\"); tools::pskill(Sys.getpid(), tools::SIGKILL)",
        floods: "number <- 0L; repeat { cat(number, '\\n', sep = ''); number <- number + 1L }",
        syntax_error: "cat('hello'",
        state: Some(("kept <- 6", "kept * 7", "[1] 42\n")),
        completion: Some(("prin", "print")),
        completeness: &[
            ("", Complete),
            ("x <- 1", Complete),
            ("x <- c(1,", Incomplete),
            ("double <- function(x)", Incomplete),
            ("double <- function(x) {\n  x * 2", Incomplete),
            ("double <- function(x) {\n  x * 2\n}", Complete),
            ("if (x > 1) {\n  y\n} else", Incomplete),
            ("for (i in 1:3)", Incomplete),
            ("iris |>", Incomplete),
            ("x +\n", Incomplete),
            ("text <- \"one\ntwo", Incomplete),
            ("text <- r\"(one", Incomplete),
            ("f(]", Invalid),
            ("x y", Invalid),
            ("else", Invalid),
            ("# nothing", Complete),
        ],
        main_file: ("main.R", "cat('hello\\n')\n"),
        broken_file: Some(("DESCRIPTION", "Package: broken\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/values.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interrupts.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plots.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
