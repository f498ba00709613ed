//! Java against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_java as _;

runner_testkit::conformance! {
    Subject {
        language: "java",
        tools: &["java", "javac"],
        hello: "System.out.println(\"hello\");",
        stderr: "System.err.println(\"trouble\");",
        exit_code: "System.exit(3);",
        not_utf8: "System.out.write(new byte[] {(byte) 0xff, (byte) 0xfe});",
        burst: "System.out.print(\"x\".repeat(1024 * 1024));",
        million_lines: "for (int i = 0; i < 1_000_000; i++) System.out.println(i);",
        input: "System.out.print(\"name? \");\n\
                System.out.println(\"hello \" + new Scanner(System.in).nextLine());",
        forever: "System.out.println(\"started\");\nwhile (true) Thread.sleep(100_000);",
        ignores_sigint: "sun.misc.Signal.handle(new sun.misc.Signal(\"INT\"), sun.misc.SignalHandler.SIG_IGN);\n\
                         System.out.println(\"started\");\nwhile (true) Thread.sleep(100_000);",
        background: "var late = new ProcessBuilder(\"sh\", \"-c\", \"sleep 1; echo late\").inheritIO().start();",
        closes_stdout: "System.out.close();",
        dies_mid_character: "System.out.write(new byte[] {(byte) 0xe2, (byte) 0x82});\n\
                             Runtime.getRuntime().exec(\n\
                             new String[] {\"kill\", \"-KILL\", \"\" + ProcessHandle.current().pid()}).waitFor();\n\
                             Thread.sleep(10_000);",
        floods: "for (int i = 0; ; i++) System.out.println(i);",
        syntax_error: "System.out.println(\"hello\"",
        state: Some(("int kept = 6;", "System.out.println(kept * 7);", "42\n")),
        completion: Some(("System.out.printl", "System.out.println")),
        completeness: &[
            ("", Complete),
            ("int x = 1;", Complete),
            ("int x = 1", Complete),
            ("x + 1", Complete),
            ("int[] x = {1,", Incomplete),
            ("int twice(int x) {", Incomplete),
            ("int twice(int x) {\n    return 2 * x;\n}", Complete),
            ("for (int i = 0; i < 3; i++)", Incomplete),
            ("if (x > 1) {\n    y();\n} else", Incomplete),
            ("class Dog {\n    void bark() {", Incomplete),
            ("import java.util.*;\nList<String> x = List.of(", Incomplete),
            ("foo(", Incomplete),
            ("/* one", Incomplete),
            ("@Deprecated", Incomplete),
            ("x = )", Invalid),
            ("// nothing", Complete),
        ],
        main_file: (
            "Main.java",
            "public class Main { public static void main(String[] args) { System.out.println(\"hello\"); } }\n",
        ),
        broken_file: Some(("Main.java", "public class Main { int broken = \"text\"; }\n")),
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interrupts.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
