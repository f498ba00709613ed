//! Functions of the C library whose names people give to variables.
//!
//! In a program these variables are local and hide the function. In a snippet they lie beside it at file scope, where a name
//! has one meaning. So where there is such a variable, the headers declare the function by another name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

const FUNCTIONS: &str = "abs accept access alarm basename bind clock close connect cos dirname div dup erf exit exp floor gamma \
    getline index j0 j1 jn kill link listen log nice open pause pipe pow raise random read recv remainder remove \
    rename rindex round select send signal sin sleep sqrt stat step strip swab sync system tan tee time times \
    trunc wait write y0 y1";

/// `source` with the functions out of the way that have the name of one of `variables`.
pub(crate) fn aside(source: &str, variables: &BTreeSet<&str>) -> String {
    let hidden: Vec<_> = FUNCTIONS.split_ascii_whitespace().filter(|name| variables.contains(name)).collect();
    if hidden.is_empty() {
        return source.to_owned();
    }
    let mut text = String::new();
    for line in source.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') || !line.contains("include") {
            text.push_str(line);
            continue;
        }
        for name in &hidden {
            let _ = writeln!(text, "#define {name} kr_library_{name}");
        }
        text.push_str(line);
        for name in &hidden {
            let _ = writeln!(text, "#undef {name}");
        }
    }
    text
}
