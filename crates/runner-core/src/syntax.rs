//! What a language's code looks like.

/// What a console needs to colour code: enough to tell words, text, numbers and comments apart, and no grammar.
///
/// ```
/// use runner_core::Syntax;
/// const PERL: Syntax =
///     Syntax { keywords: "if else foreach my sub", line_comments: &["#"], strings: &["\"", "'"], ..Syntax::NONE };
/// assert!(PERL.is_keyword("foreach") && !PERL.is_keyword("each"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The keywords, separated by white space.
    pub keywords: &'static str,
    /// What begins a comment that ends with its line.
    pub line_comments: &'static [&'static str],
    /// What begins and what ends a comment that may have several lines.
    pub block_comments: &'static [(&'static str, &'static str)],
    /// The quotes around text within a line. A backslash takes the meaning from what follows it.
    pub strings: &'static [&'static str],
    /// What begins and what ends text that may have several lines.
    pub long_strings: &'static [(&'static str, &'static str)],
}

impl Syntax {
    /// Nothing is known: no colours.
    pub const NONE: Self =
        Self { keywords: "", line_comments: &[], block_comments: &[], strings: &[], long_strings: &[] };

    /// Whether a word is a keyword.
    #[must_use]
    pub fn is_keyword(&self, word: &str) -> bool {
        self.keywords.split_ascii_whitespace().any(|keyword| keyword == word)
    }
}
