//! C++ for kernel-runner: programs and snippets in query mode, and batch mode for projects, which may have parts in C.

use runner_c_family::{Family, Language};
use runner_core::{Syntax, Tool, register_runner};

register_runner! {
    name: "cpp",
    aliases: ["c++", "cxx", "g++"],
    extensions: ["cpp", "cc", "cxx"],
    tools: [Tool { programs: &["g++", "c++", "clang++"], version: &["--version"], package: "g++" }],
    syntax: Syntax {
        keywords: "auto bool break case catch char class concept const const_cast constexpr continue co_await co_return \
            co_yield decltype default delete do double dynamic_cast else enum explicit extern false final float for \
            friend goto if inline int long mutable namespace new noexcept nullptr operator override private protected \
            public register reinterpret_cast requires return short signed sizeof static static_assert static_cast \
            struct switch template this throw true try typedef typeid typename union unsigned using virtual void \
            volatile while",
        line_comments: &["//"],
        block_comments: &[("/*", "*/")],
        strings: &["\"", "'"],
        ..Syntax::NONE
    },
    runner: |context| Family::new(context, Language::Cpp),
}
