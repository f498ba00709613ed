//! PHP against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_php as _;

runner_testkit::conformance! {
    Subject {
        language: "php",
        tools: &["php"],
        hello: "echo \"hello\\n\";",
        stderr: "fwrite(STDERR, \"trouble\\n\");",
        exit_code: "exit(3);",
        not_utf8: "echo \"\\xff\\xfe\";",
        burst: "echo str_repeat('x', 1024 * 1024);",
        million_lines: "for ($number = 0; $number < 1000000; $number++) {\n    echo \"$number\\n\";\n}",
        input: "echo 'name? ';\necho 'hello ' . fgets(STDIN);",
        forever: "echo 'started';\nwhile (true) {\n    sleep(100);\n}",
        ignores_sigint: "pcntl_signal(SIGINT, SIG_IGN);\necho 'started';\nwhile (true) {\n    sleep(100);\n}",
        background: "proc_open(['sh', '-c', 'sleep 1; echo late'], [], $pipes);",
        closes_stdout: "fclose(STDOUT);",
        dies_mid_character: "echo \"\\xe2\\x82\";\nposix_kill(getmypid(), SIGKILL);",
        floods: "for ($number = 0; ; $number++) {\n    echo \"$number\\n\";\n}",
        syntax_error: "print('hello'",
        state: Some(("$kept = 6;", "echo $kept * 7, \"\\n\";", "42\n")),
        completion: Some(("str_repl", "str_replace")),
        completeness: &[
            ("", Complete),
            ("$x = 1;", Complete),
            ("$x = 1", Complete),
            ("<?php $x = 1;", Complete),
            ("$x = [1,", Incomplete),
            ("function double($x)", Incomplete),
            ("function double($x) {\n    return $x * 2;\n}", Complete),
            ("if ($x)", Incomplete),
            ("if ($x) {\n    y();", Incomplete),
            ("foreach ($list as $one)", Incomplete),
            ("do {\n    f();\n} while ($x)", Complete),
            ("class Dog", Incomplete),
            ("echo <<<TEXT", Incomplete),
            ("echo <<<TEXT\none", Incomplete),
            ("echo 'one\ntwo", Incomplete),
            ("$x = $y +", Incomplete),
            ("/* one", Incomplete),
            ("foo(]", Invalid),
            ("}", Invalid),
            ("x y", Invalid),
            ("// nothing", Complete),
        ],
        main_file: ("main.php", "<?php\necho \"hello\\n\";\n"),
        broken_file: None,
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/values.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/errors.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/redefinition.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interrupts.transcript"),
        ],
    }
}
