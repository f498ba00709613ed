//! Go against the runner specification: in programs, and in snippets where those are different.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_golang as _;

runner_testkit::conformance! {
    Subject {
        language: "golang",
        tools: &["go"],
        hello: "fmt.Println(\"hello\")",
        stderr: "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Fprintln(os.Stderr, \"trouble\")\n}",
        exit_code: "package main\n\nimport \"os\"\n\nfunc main() {\n\tos.Exit(3)\n}",
        not_utf8: "os.Stdout.Write([]byte{0xff, 0xfe})",
        burst: "fmt.Print(strings.Repeat(\"x\", 1024*1024))",
        million_lines: "for i := 0; i < 1000000; i++ {\n\tfmt.Println(i)\n}",
        input: "fmt.Print(\"name? \")\nvar name string\nfmt.Scanln(&name)\nfmt.Println(\"hello\", name)",
        forever: "fmt.Println(\"started\")\ntime.Sleep(time.Hour)",
        ignores_sigint: "signal.Ignore(os.Interrupt)\nfmt.Println(\"started\")\ntime.Sleep(time.Hour)",
        background: "command := exec.Command(\"sh\", \"-c\", \"sleep 1; echo late\")\ncommand.Stdout = os.Stdout\n\
                     if err := command.Start(); err != nil {\n\tpanic(err)\n}\ncommand = nil",
        closes_stdout: "os.Stdout.Close()",
        dies_mid_character: "os.Stdout.Write([]byte{0xe2, 0x82})\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)\nselect {}",
        floods: "for i := 0; ; i++ {\n\tfmt.Println(i)\n}",
        syntax_error: "fmt.Println(\"hello\"",
        state: Some(("kept := 6", "fmt.Println(kept * 7)", "42\n")),
        completion: Some(("fmt.Printl", "fmt.Println")),
        completeness: &[
            ("", Complete),
            ("x := 1", Complete),
            ("x := []int{1,", Incomplete),
            ("func double(x int) int {", Incomplete),
            ("func double(x int) int {\n\treturn 2 * x\n}", Complete),
            ("for i := 0; i < 3; i++ {", Incomplete),
            ("if x > 1 {\n\ty()\n} else {", Incomplete),
            ("type Dog struct {\n\tname string", Incomplete),
            ("fmt.Println(", Incomplete),
            ("x := 1 +", Incomplete),
            ("x := `one\ntwo", Incomplete),
            ("/* one", Incomplete),
            ("package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(1)\n}", Complete),
            ("import (\n\t\"fmt\"", Incomplete),
            ("f(]", Invalid),
            ("x y", Invalid),
            ("\"one", Invalid),
            ("}", Invalid),
        ],
        main_file: ("main.go", "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(\"hello\")\n}\n"),
        broken_file: Some(("main.go", "package main\n\nfunc main() {\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
