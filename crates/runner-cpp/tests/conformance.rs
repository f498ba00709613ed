//! C++ against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_cpp as _;

runner_testkit::conformance! {
    Subject {
        language: "cpp",
        tools: &["g++"],
        hello: "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }",
        stderr: "std::cerr << \"trouble\\n\";",
        exit_code: "int main() { return 3; }",
        not_utf8: "std::cout << \"\\xff\\xfe\";",
        burst: "std::cout << std::string(1024 * 1024, 'x');",
        million_lines: "for (int i = 0; i < 1000000; i++) std::cout << i << '\\n';",
        input: "std::string name;\nstd::cout << \"name? \";\nstd::getline(std::cin, name);\nstd::cout << \"hello \" << name << '\\n';",
        forever: "#include <unistd.h>\nstd::cout << \"started\" << std::endl;\nfor (;;) sleep(100);",
        ignores_sigint: "#include <csignal>\n#include <unistd.h>\nsignal(SIGINT, SIG_IGN);\n\
                         std::cout << \"started\" << std::endl;\nfor (;;) sleep(100);",
        background: "#include <unistd.h>\nif (fork() == 0 && fork() == 0) {\n  sleep(1);\n  puts(\"late\");\n}",
        closes_stdout: "#include <unistd.h>\nclose(1);\nputs(\"lost\");",
        dies_mid_character: "#include <csignal>\n#include <unistd.h>\n\
                             if (write(1, \"\\xe2\\x82\", 2) == 2) kill(getpid(), SIGKILL);",
        floods: "#include <cstdio>\nint main() { for (long i = 0;; i++) std::printf(\"%ld\\n\", i); }",
        syntax_error: "std::vector<int> v = {1, 2",
        state: Some(("auto twice = [](int x) { return 2 * x; };", "twice(21)", "42\n")),
        completion: Some(("std::vec", "std::vector")),
        completeness: &[
            ("", Complete),
            ("int x = 1;", Complete),
            ("v.size()", Complete),
            ("std::vector<int> v{1,", Incomplete),
            ("int twice(int x)", Incomplete),
            ("auto twice = [](int x) {", Incomplete),
            ("template <typename T>", Incomplete),
            ("template <typename T>\nT twice(T x) { return x + x; }", Complete),
            ("class Dog : public Animal", Incomplete),
            ("class Dog {\npublic:", Incomplete),
            ("try {\n    f();\n}", Incomplete),
            ("try {\n    f();\n} catch (...) { }", Complete),
            ("auto text = R\"(one", Incomplete),
            ("std::cout <<", Incomplete),
            ("namespace zoo", Incomplete),
            ("for (auto x : v)", Incomplete),
            ("f(]", Invalid),
            ("\"one", Invalid),
        ],
        main_file: ("main.cpp", "#include <iostream>\nint main() { std::cout << \"hello\\n\"; }\n"),
        broken_file: Some(("main.cpp", "int main() { return\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
