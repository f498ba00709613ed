//! C for kernel-runner: programs and snippets in query mode, and batch mode for projects, which may have parts in C++.

use runner_c_family::{Family, Language};
use runner_core::{Syntax, Tool, register_runner};

register_runner! {
    name: "c",
    aliases: ["gcc"],
    extensions: ["c"],
    tools: [Tool { programs: &["gcc", "cc", "clang"], version: &["--version"], package: "gcc libc6-dev" }],
    syntax: Syntax {
        keywords: "auto bool break case char const continue default do double else enum extern false float for goto if \
            inline int long register restrict return short signed sizeof static struct switch true typedef union \
            unsigned void volatile while",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        ..Syntax::NONE
    },
    runner: |context| Family::new(context, Language::C),
}
