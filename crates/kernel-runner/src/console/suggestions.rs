//! What a completion puts where.

/// A suggestion, and where the text begins that it takes the place of. That ends at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    pub(super) start: usize,
    pub(super) text: String,
}

/// How many are looked at; nobody reads more.
const MOST: usize = 1000;

/// Places suggestions, each of which is a whole token, at the end of the text before the cursor.
pub(super) fn placed(before: &str, texts: Vec<String>) -> Vec<Suggestion> {
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let mut placed = Vec::new();
    for text in texts.into_iter().filter(|text| !text.is_empty() && !text.contains('\n')).take(MOST) {
        let suggestion = Suggestion { start: line_start + token_start(&before[line_start..], &text), text };
        if !placed.contains(&suggestion) {
            placed.push(suggestion);
        }
    }
    placed
}

/// What all of them have in common beyond what stands there already, where they would all take the place of the same text.
pub(super) fn common<'a>(before: &str, suggestions: &'a [Suggestion]) -> Option<(usize, &'a str)> {
    let (first, others) = suggestions.split_first()?;
    let mut common = first.text.as_str();
    for other in others {
        if other.start != first.start {
            return None;
        }
        let same = common.chars().zip(other.text.chars()).take_while(|(a, b)| a == b);
        common = &common[..same.map(|(character, _)| character.len_utf8()).sum()];
    }
    let there = &before[first.start..];
    // What is there already must not get shorter: its letters may be others, but not fewer.
    (common != there && common.chars().count() >= there.chars().count()).then_some((first.start, common))
}

/// Where the token begins that a suggestion completes.
///
/// That is the longest end of the line with which the suggestion begins. If there is none, case may be what they differ in; and
/// else it is whatever looks like a token, with the signs in it that the suggestion has.
fn token_start(line: &str, suggestion: &str) -> usize {
    let ends = || line.char_indices().map(|(at, _)| at).filter(|at| line.len() - at <= suggestion.len());
    if let Some(start) = ends().find(|at| suggestion.starts_with(&line[*at..])) {
        return start;
    }
    let small = suggestion.to_lowercase();
    if let Some(start) = ends().find(|at| small.starts_with(&line[*at..].to_lowercase())) {
        return start;
    }
    let is_of_token = |c: char| c.is_alphanumeric() || c == '_' || ".:$@/\\%-".contains(c) && suggestion.contains(c);
    line.trim_end_matches(is_of_token).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of the text before the cursor.
    fn completed(before: &str, suggestion: &str) -> String {
        let suggestions = placed(before, vec![suggestion.into()]);
        format!("{}{}", &before[..suggestions[0].start], suggestions[0].text)
    }

    #[test]
    fn a_suggestion_takes_the_place_of_its_token() {
        for (before, suggestion, after) in [
            ("x = os.pa", "os.path", "x = os.path"),
            ("x = os.pa", "path", "x = os.path"),
            ("os.", "os.path", "os.path"),
            ("os.", "path", "os.path"),
            ("pri", "print(", "print("),
            ("f(pri", "print", "f(print"),
            ("PRI", "print", "print"),
            ("data.dat", "data", "data.data"),
            ("x$le", "x$length", "x$length"),
            ("std::ve", "std::vector", "std::vector"),
            ("np.ary", "np.array", "np.array"),
            ("a + wrld", "world", "a + world"),
            ("open('no", "notes.txt", "open('notes.txt"),
            ("%ti", "%time", "%time"),
            ("", "x", "x"),
            ("x\nös", "östlich", "x\nöstlich"),
        ] {
            assert_eq!(completed(before, suggestion), after);
        }
    }

    #[test]
    fn what_is_common_is_put_in_unless_it_is_less() {
        let of = |before: &str, texts: &[&str]| {
            let suggestions = placed(before, texts.iter().map(|text| (*text).to_owned()).collect());
            common(before, &suggestions).map(|(_, text)| text.to_owned())
        };
        assert_eq!(of("pr", &["print", "printf"]).as_deref(), Some("print"));
        assert_eq!(of("print", &["print", "printf"]), None);
        assert_eq!(of("al", &["alpha", "beta"]), None);
        assert_eq!(of("é", &["éa", "éb"]), None);
        assert_eq!(of("x", &[]), None);
    }
}
