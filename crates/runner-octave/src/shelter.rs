//! Shelters the driver from functions of the user's that have the name of a built-in one.

/// The built-in functions that the driver cannot do without. `builtin` finds them whatever the user has defined.
const BUILTINS: [&str; 30] = [
    "any",
    "cellfun",
    "cellstr",
    "char",
    "cumsum",
    "feof",
    "fflush",
    "find",
    "fopen",
    "fprintf",
    "fputs",
    "fread",
    "fwrite",
    "get",
    "glob",
    "isa",
    "ischar",
    "isempty",
    "max",
    "min",
    "numel",
    "puts",
    "regexp",
    "set",
    "sprintf",
    "str2double",
    "strcmp",
    "strfind",
    "strncmp",
    "strrep",
];

/// The driver with each call of a built-in function as a call of `builtin`.
pub(crate) fn sheltered(driver: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut text = String::with_capacity(2 * driver.len());
    let mut rest = driver;
    while !rest.is_empty() {
        let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(length);
        match after.trim_start_matches(' ').strip_prefix('(') {
            Some(arguments) if BUILTINS.contains(&name) => {
                text.push_str("builtin(\"");
                text.push_str(name);
                text.push_str("\", ");
                rest = arguments;
            }
            _ => {
                text.push_str(name);
                let other = after.find(is_name).unwrap_or(after.len());
                text.push_str(&after[..other]);
                rest = &after[other..];
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_built_in_functions_and_nothing_else_go_through_builtin() {
        let driver = "stop = find (frame == \"\\n\", 1); [a, fread(in, numel (b))]; my_find (1); strings";
        let expected = "stop = builtin(\"find\", frame == \"\\n\", 1); [a, builtin(\"fread\", in, builtin(\"numel\", b))]; \
                        my_find (1); strings";
        assert_eq!(sheltered(driver), expected);
    }
}
