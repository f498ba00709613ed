//! Lua against the runner specification.

use runner_core::Completeness::{Complete, Incomplete, Invalid};
use runner_lua as _;

runner_testkit::conformance! {
    Subject {
        language: "lua",
        tools: &["lua"],
        hello: "print('hello')",
        stderr: "io.stderr:write('trouble\\n') return",
        exit_code: "os.exit(3)",
        not_utf8: "io.stdout:write('\\255\\254') return",
        burst: "io.stdout:write(('x'):rep(1024 * 1024)) return",
        million_lines: "for number = 0, 999999 do print(number) end",
        input: "io.write('name? ') print('hello ' .. io.read())",
        forever: "print('started') while true do os.execute('sleep 100') end",
        ignores_sigint: "print('started') while true do pcall(function() while true do end end) end",
        background: "os.execute('(sleep 1; echo late) &')",
        closes_stdout: "io.stdout:close()",
        dies_mid_character: "io.stdout:write('\\226\\130') io.stdout:flush()\n\
                             local status = io.open('/proc/self/stat') os.execute('kill -9 ' .. status:read('*n'))",
        floods: "local number = 0 while true do print(number) number = number + 1 end",
        syntax_error: "print('hello'",
        state: Some(("kept = 6", "print(kept * 7)", "42\n")),
        completion: Some(("prin", "print")),
        completeness: &[
            ("", Complete),
            ("x = 1", Complete),
            ("= 1 + 1", Complete),
            ("x = {1,", Incomplete),
            ("function double(x)", Incomplete),
            ("function double(x)\n  return x * 2\nend", Complete),
            ("for i = 1, 3 do", Incomplete),
            ("for i = 1, 3 do print(i) end", Complete),
            ("if x then\n  y()\nelse", Incomplete),
            ("repeat", Incomplete),
            ("1 +", Incomplete),
            ("x = 1 +", Incomplete),
            ("text = [[one\ntwo", Incomplete),
            ("--[[ one", Incomplete),
            ("x = )", Invalid),
            ("x = 'one", Invalid),
            ("end", Invalid),
        ],
        main_file: ("main.lua", "print('hello')\n"),
        broken_file: None,
        transcripts: &[
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/input.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interrupts.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/completion.transcript"),
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/batch.transcript"),
        ],
    }
}
