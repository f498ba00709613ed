//! Completion from what a session remembers, without asking the code that runs.

use std::collections::BTreeSet;

use crate::cell::{Cell, ItemKind};
use crate::lexer::{is_word, tokens};
use crate::queries::State;

/// How many suggestions a client gets at most.
const MOST: usize = 1000;

const KEYWORDS: &str = "\
    as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move \
    mut pub ref return self Self static struct super trait true type union unsafe use where while bool char f32 f64 \
    i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize";
const PRELUDE: &str = "\
    AsMut AsRef Box Clone Copy Debug Default DoubleEndedIterator Drop Eq Err ExactSizeIterator Extend Fn FnMut \
    FnOnce From FromIterator Into IntoIterator Iterator None Ok Option Ord PartialEq PartialOrd Result Send Some \
    String Sync ToOwned ToString TryFrom TryInto Vec assert! assert_eq! assert_ne! dbg! eprint! eprintln! format! \
    include_bytes! include_str! matches! panic! print! println! std todo! unimplemented! unreachable! vec! write! \
    writeln! kernel_runner drop";
/// What the modules and types of the standard library have, that people use most.
const PATHS: [(&str, &str); 30] = [
    (
        "std",
        "alloc any array borrow boxed cell char clone cmp collections convert default env error ffi fmt fs hash hint \
         io iter marker mem net num ops option panic path pin process ptr rc result slice str string sync thread \
         time vec",
    ),
    ("std::cell", "Cell OnceCell Ref RefCell RefMut"),
    ("std::cmp", "Ordering Reverse max min"),
    ("std::collections", "BTreeMap BTreeSet BinaryHeap HashMap HashSet LinkedList VecDeque btree_map hash_map"),
    ("std::env", "args current_dir current_exe set_current_dir temp_dir var vars"),
    ("std::error", "Error"),
    ("std::fmt", "Arguments Binary Debug Display Error Formatter LowerHex Result UpperHex Write"),
    (
        "std::fs",
        "DirEntry File OpenOptions copy create_dir create_dir_all metadata read read_dir read_to_string remove_dir \
         remove_dir_all remove_file rename write",
    ),
    ("std::hash", "BuildHasher DefaultHasher Hash Hasher"),
    (
        "std::io",
        "BufRead BufReader BufWriter Cursor Error ErrorKind Read Result Seek Stdin Stdout Write empty prelude \
         read_to_string stderr stdin stdout",
    ),
    ("std::iter", "FromIterator Peekable empty from_fn once repeat repeat_with successors zip"),
    ("std::mem", "align_of drop forget replace size_of size_of_val swap take"),
    ("std::net", "IpAddr Ipv4Addr Ipv6Addr SocketAddr TcpListener TcpStream UdpSocket"),
    ("std::num", "NonZeroU32 NonZeroUsize ParseFloatError ParseIntError Wrapping"),
    (
        "std::ops",
        "Add AddAssign BitAnd BitOr BitXor ControlFlow Deref DerefMut Div Drop Fn FnMut FnOnce Index IndexMut Mul \
         Neg Not Range RangeInclusive Rem Shl Shr Sub",
    ),
    ("std::path", "Path PathBuf"),
    ("std::process", "Child Command ExitCode Stdio abort exit id"),
    ("std::rc", "Rc Weak"),
    ("std::str", "Chars FromStr Utf8Error from_utf8"),
    ("std::sync", "Arc Barrier Condvar LazyLock Mutex MutexGuard OnceLock RwLock Weak atomic mpsc"),
    ("std::sync::atomic", "AtomicBool AtomicI32 AtomicU32 AtomicU64 AtomicUsize Ordering fence"),
    ("std::sync::mpsc", "Receiver Sender SyncSender channel sync_channel"),
    ("std::thread", "JoinHandle Thread current park scope sleep spawn yield_now"),
    ("std::time", "Duration Instant SystemTime UNIX_EPOCH"),
    ("String", "from from_utf8 from_utf8_lossy new with_capacity"),
    ("Vec", "from new with_capacity"),
    ("HashMap", "from from_iter new with_capacity"),
    ("Box", "from leak new pin"),
    ("Duration", "ZERO from_micros from_millis from_nanos from_secs from_secs_f64"),
    ("Instant", "now"),
];
/// The methods of what the standard library has most of.
const MEMBERS: [(&str, &str); 9] = [
    (
        "Vec",
        "append binary_search capacity chunks clear clone concat contains dedup drain ends_with extend fill first \
         get get_mut insert into_iter is_empty iter iter_mut join last len pop push remove resize retain reverse \
         rotate_left sort sort_by sort_by_key sort_unstable splice split_at split_off starts_with swap swap_remove \
         to_vec truncate windows",
    ),
    (
        "String",
        "as_bytes as_str bytes capacity char_indices chars clear clone contains ends_with find insert insert_str \
         into_bytes is_empty len lines parse pop push push_str remove repeat replace rfind rsplit split split_at \
         split_once split_whitespace starts_with strip_prefix strip_suffix to_lowercase to_owned to_string \
         to_uppercase trim trim_end trim_start truncate",
    ),
    (
        "str",
        "as_bytes bytes char_indices chars contains ends_with find is_empty len lines parse repeat replace rfind \
         rsplit split split_at split_once split_whitespace starts_with strip_prefix strip_suffix to_lowercase \
         to_owned to_string to_uppercase trim trim_end trim_start",
    ),
    (
        "Map",
        "clear clone contains_key drain entry extend get get_mut get_or_insert_with insert into_iter into_keys \
         into_values is_empty iter iter_mut keys len range remove retain values values_mut",
    ),
    (
        "Set",
        "clear clone contains difference drain extend get insert intersection into_iter is_disjoint is_empty \
         is_subset is_superset iter len remove retain symmetric_difference union",
    ),
    (
        "Option",
        "and and_then as_deref as_mut as_ref clone cloned copied expect filter flatten get_or_insert insert is_none \
         is_some is_some_and iter map map_or map_or_else ok_or ok_or_else or or_else replace take unwrap unwrap_or \
         unwrap_or_default unwrap_or_else zip",
    ),
    (
        "Result",
        "and_then as_mut as_ref clone err expect expect_err is_err is_ok iter map map_err map_or map_or_else ok \
         or_else unwrap unwrap_err unwrap_or unwrap_or_default unwrap_or_else",
    ),
    (
        "Deque",
        "back back_mut clear clone contains extend front front_mut get insert into_iter is_empty iter iter_mut len \
         pop_back pop_front push_back push_front remove retain",
    ),
    (
        "number",
        "abs ceil checked_add checked_div checked_mul checked_sub clamp cos count_ones exp floor hypot is_nan ln \
         log10 max min pow powf powi rem_euclid round saturating_add saturating_sub signum sin sqrt tan to_string \
         trunc wrapping_add wrapping_mul wrapping_sub",
    ),
];

/// What the token left of the cursor may become.
pub(crate) fn complete(before: &str, state: &State) -> Vec<String> {
    let line = before.rsplit('\n').next().unwrap_or_default();
    if is_in_text(line) {
        return Vec::new();
    }
    let start = line.trim_end_matches(|c| is_word(c) || ".:!".contains(c)).len();
    let token = line[start..].trim_start_matches(|c| !is_word(c));
    let names: BTreeSet<String> = if let Some(at) = token.rfind('.') {
        let (owner, joined) = (&token[..at], &token[..=at]);
        members(owner, state).into_iter().map(|member| format!("{joined}{member}")).collect()
    } else if let Some(at) = token.rfind("::") {
        let (owner, joined) = (&token[..at], &token[..at + 2]);
        associated(owner, state).into_iter().map(|name| format!("{joined}{name}")).collect()
    } else if token.is_empty() {
        BTreeSet::new()
    } else {
        let own = state.memory.names().chain(state.variables.iter().map(|variable| variable.name.as_str()));
        own.chain(KEYWORDS.split_whitespace()).chain(PRELUDE.split_whitespace()).map(str::to_owned).collect()
    };
    names.into_iter().filter(|name| name.starts_with(token)).take(MOST).collect()
}

/// Whether a line ends within a string or a comment.
fn is_in_text(line: &str) -> bool {
    // A bracket alone is no sign of it: what follows its line may close it.
    let closed: String = line.chars().map(|c| if "()[]{}".contains(c) { ' ' } else { c }).collect();
    tokens(&closed).is_none() || closed.contains("//")
}

/// The fields and methods of `owner`: a variable, or a chain of fields from one.
fn members(owner: &str, state: &State) -> Vec<String> {
    let mut names = owner.split('.');
    let first = names.next().unwrap_or_default();
    let Some(variable) = state.variables.iter().find(|variable| variable.name == first) else { return Vec::new() };
    let mut type_text = variable.type_text.clone();
    for name in names {
        let Some((_, field)) = fields(&type_text, state).into_iter().find(|(field, _)| field == name) else {
            return Vec::new();
        };
        type_text = field;
    }
    let own = fields(&type_text, state).into_iter().map(|(name, _)| name);
    let mut found: Vec<String> = own.chain(functions(&type_text, state, true)).collect();
    let outer = type_text.trim_start_matches(|c| !is_word(c)).trim_start_matches("mut ");
    let outer = outer.split('<').next().unwrap_or_default().rsplit("::").next().unwrap_or_default();
    let is_number = outer.starts_with(['i', 'u', 'f']) && outer.ends_with(|c: char| c.is_ascii_digit() || c == 'e');
    let library = MEMBERS.iter().find(|(kind, _)| outer.ends_with(kind) || (is_number && *kind == "number"));
    if let Some((_, methods)) = library {
        found.extend(methods.split_whitespace().map(str::to_owned));
    }
    found
}

/// What stands behind `owner::`.
fn associated(owner: &str, state: &State) -> Vec<String> {
    let library = PATHS.iter().filter(|(path, _)| *path == owner || path.strip_prefix("std::") == Some(owner));
    let mut found: Vec<String> = library.flat_map(|(_, names)| names.split_whitespace()).map(str::to_owned).collect();
    found.extend(functions(owner, state, false));
    found.extend(variants(owner, state));
    found
}

/// The fields of a type of the session, and their types.
fn fields(type_text: &str, state: &State) -> Vec<(String, String)> {
    let Some(name) = own_name(type_text) else { return Vec::new() };
    let mut found = Vec::new();
    for (kind, text) in state.memory.about(name) {
        let Some(tokens) =
            tokens(text).filter(|tokens| kind == ItemKind::Type && tokens.iter().any(|t| t.is("struct")))
        else {
            continue;
        };
        for at in 1..tokens.len().saturating_sub(1) {
            let begins = tokens[at - 1].is("{") || tokens[at - 1].is(",") || tokens[at - 1].is("pub");
            if begins && tokens[at + 1].is(":") {
                let rest = &text[tokens[at + 1].end()..];
                let end = rest.find([',', '\n', '}']).unwrap_or(rest.len());
                let field = rest[..end].trim();
                let is_own = state.memory.names().any(|name| name == field);
                let field = if is_own { format!("crate::{field}") } else { field.to_owned() };
                found.push((tokens[at].text.to_owned(), field));
            }
        }
    }
    found
}

/// The functions that are implemented for a type: those with a `self`, or all.
fn functions(type_text: &str, state: &State, is_method: bool) -> Vec<String> {
    let Some(name) = own_name(type_text) else { return Vec::new() };
    let mut found = Vec::new();
    for (kind, text) in state.memory.about(name) {
        if kind != ItemKind::Impl {
            continue;
        }
        let Some(open) = text.find('{') else { continue };
        let body = text[open + 1..].trim_end().trim_end_matches('}');
        for item in Cell::parse(body).unwrap_or_default().items {
            let header = &body[item.body..item.span.end];
            let parameters = header.split('(').nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
            if item.kind == ItemKind::Function && (!is_method || parameters.contains("self")) {
                found.push(item.name);
            }
        }
    }
    found
}

/// The variants of an enumeration of the session.
fn variants(name: &str, state: &State) -> Vec<String> {
    let mut found = Vec::new();
    for (_, text) in state.memory.about(name) {
        let Some(tokens) = tokens(text).filter(|tokens| tokens.iter().any(|token| token.is("enum"))) else { continue };
        let mut depth = 0;
        for at in 1..tokens.len() {
            match tokens[at].text {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                text if depth == 1 && (tokens[at - 1].is("{") || tokens[at - 1].is(",")) => found.push(text.to_owned()),
                _ => {}
            }
        }
    }
    found
}

/// The name of a type of the session, references and all left out.
fn own_name(type_text: &str) -> Option<&str> {
    let path = type_text.split('<').next()?.trim_start_matches(|c| !is_word(c)).trim_start_matches("mut ");
    let name = path.rsplit("::").next()?;
    (path == name || path.starts_with("crate::")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Variable;

    fn completed(before: &str) -> Vec<String> {
        let code = "struct Point { xs: Vec<i32>, pub y: f64 }\nimpl Point { fn new() {} fn norm(&self) {} }\n\
                    enum Side { Left, Right(i32) }";
        let mut state = State::default();
        state.memory.define(1, code, &Cell::parse(code).unwrap());
        state.variables = Variable::parse_all("point\tmut\tquery::Point\nname\t\talloc::string::String\n");
        complete(before, &state)
    }

    #[test]
    fn names_of_the_session_and_of_the_language_are_known() {
        assert_eq!(completed("let a = poi"), ["point"]);
        assert_eq!(completed("wh"), ["where", "while"]);
        assert_eq!(completed("printl"), ["println!"]);
        assert_eq!(completed("std::collections::HashM"), ["std::collections::HashMap"]);
    }

    #[test]
    fn members_are_those_of_the_type() {
        assert_eq!(completed("point."), ["point.norm", "point.xs", "point.y"]);
        assert_eq!(completed("f(point.xs.pus"), ["point.xs.push"]);
        assert_eq!(completed("name.push"), ["name.push", "name.push_str"]);
        assert_eq!(completed("Point::n"), ["Point::new", "Point::norm"]);
        assert_eq!(completed("Side::"), ["Side::Left", "Side::Right"]);
    }

    #[test]
    fn in_a_string_or_a_comment_nothing_is_a_name() {
        assert_eq!(completed("\"poi"), Vec::<String>::new());
        assert_eq!(completed("// poi"), Vec::<String>::new());
    }
}
