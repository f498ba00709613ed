//! C against the runner specification.

use runner_c as _;
use runner_core::Completeness::{Complete, Incomplete, Invalid};

runner_testkit::conformance! {
    Subject {
        language: "c",
        tools: &["gcc"],
        hello: "#include <stdio.h>\nint main(void) { puts(\"hello\"); }",
        stderr: "#include <stdio.h>\nint main(void) { fputs(\"trouble\\n\", stderr); }",
        exit_code: "int main(void) { return 3; }",
        not_utf8: "#include <stdio.h>\nint main(void) { fputs(\"\\xff\\xfe\", stdout); }",
        burst: "#include <stdio.h>\nint main(void) { for (int i = 0; i < 1024 * 1024; i++) putchar('x'); }",
        million_lines: "#include <stdio.h>\nint main(void) { for (int i = 0; i < 1000000; i++) printf(\"%d\\n\", i); }",
        input: "#include <stdio.h>\nint main(void) {\n  char name[100];\n  printf(\"name? \");\n  \
                if (scanf(\"%99s\", name) != 1) return 1;\n  printf(\"hello %s\\n\", name);\n}",
        forever: "#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts(\"started\"); fflush(stdout); for (;;) sleep(100); }",
        ignores_sigint: "#include <signal.h>\n#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n  \
                         signal(SIGINT, SIG_IGN);\n  puts(\"started\");\n  fflush(stdout);\n  for (;;) sleep(100);\n}",
        background: "#include <stdio.h>\n#include <unistd.h>\nint main(void) {\n  if (fork() == 0 && fork() == 0) {\n    \
                     sleep(1);\n    puts(\"late\");\n  }\n}",
        closes_stdout: "#include <stdio.h>\n#include <unistd.h>\nint main(void) { close(1); puts(\"lost\"); }",
        dies_mid_character: "#include <signal.h>\n#include <unistd.h>\nint main(void) {\n  \
                             if (write(1, \"\\xe2\\x82\", 2) != 2) return 1;\n  kill(getpid(), SIGKILL);\n}",
        floods: "#include <stdio.h>\nint main(void) { for (long i = 0;; i++) printf(\"%ld\\n\", i); }",
        syntax_error: "int main(void) { return",
        state: Some(("int x = 6;", "x * 7", "42\n")),
        completion: Some(("int y = siz", "sizeof")),
        completeness: &[
            ("", Complete),
            ("int x = 1;", Complete),
            ("x + 1", Complete),
            ("int x[] = {1,", Incomplete),
            ("int twice(int x)", Incomplete),
            ("int twice(int x)\n{\n    return 2 * x;\n}", Complete),
            ("for (int i = 0; i < 3; i++)", Incomplete),
            ("if (x > 1) {\n    y();\n} else", Incomplete),
            ("do {\n    y();\n}", Incomplete),
            ("struct point {\n    int x;", Incomplete),
            ("#define TWICE(x) \\", Incomplete),
            ("#ifdef DEBUG\nint y;", Incomplete),
            ("#include <stdio.h>", Complete),
            ("printf(\"one\\n\",", Incomplete),
            ("/* one", Incomplete),
            ("f(]", Invalid),
            ("\"one", Invalid),
            ("// nothing", Complete),
        ],
        main_file: ("main.c", "#include <stdio.h>\nint main(void) { puts(\"hello\"); }\n"),
        broken_file: Some(("main.c", "int main(void) { return\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snippets.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
