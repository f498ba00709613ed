//! What every C snippet has of the C library, and the functions of it whose names people take for their own.
//!
//! In a program a variable is local and hides the function, and a function of one's own comes without the header that has the
//! other one. In a snippet they lie side by side at file scope, where a name has one meaning. So where there is such a
//! variable or function, the headers declare the library's by another name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Headers that need no include.
pub(crate) const USUAL: &str = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <math.h>\n";

/// Functions whose names people take.
const FUNCTIONS: &str = "abs accept access alarm atof atoi atol basename bind bsearch clock close connect cos dirname div dup \
    erf exit exp floor gamma getline index j0 j1 jn kill link listen log nice open pause pipe pow puts \
    qsort raise random read recv remainder remove rename rindex round select send signal sin sleep sqrt \
    stat step strcat strchr strcmp strcpy strdup strip strlen strncat strncmp strncpy strtok swab sync \
    system tan tee time times trunc wait write y0 y1";

/// `source` with the functions out of the way that have one of `names`.
pub(crate) fn aside(source: &str, names: &BTreeSet<&str>) -> String {
    let hidden: Vec<_> = FUNCTIONS.split_ascii_whitespace().filter(|name| names.contains(name)).collect();
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
