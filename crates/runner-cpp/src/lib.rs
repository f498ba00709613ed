//! C++ for kernel-runner: programs and snippets in query mode, and batch mode for projects, which may have parts in C.

use runner_c_family::{Family, Language};
use runner_core::{Tool, register_runner};

register_runner! {
    name: "cpp",
    aliases: ["c++", "cxx", "g++"],
    extensions: ["cpp", "cc", "cxx"],
    tools: [Tool { programs: &["g++", "c++", "clang++"], version: &["--version"], package: "g++" }],
    runner: |context| Family::new(context, Language::Cpp),
}
