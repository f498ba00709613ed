use runner_core::{Completeness, Registration};

/// A language, and the programs in it that the suite runs in query mode. What they print to one stream they need not flush,
/// except where it says so.
///
/// A crate outside of this repository ends its subject with `..Subject::DEFAULT`: a field that a later version adds does not
/// break it then.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its name.
    pub language: &'static str,
    /// The programs without which the suite cannot run.
    pub tools: &'static [&'static str],
    /// Prints `hello` to standard output.
    pub hello: &'static str,
    /// Prints `trouble` to standard error.
    pub stderr: &'static str,
    /// Ends with exit code 3.
    pub exit_code: &'static str,
    /// Prints the bytes FF FE.
    pub not_utf8: &'static str,
    /// Prints 1 MiB of `x`.
    pub burst: &'static str,
    /// Prints the numbers from 0 to 999,999, one a line.
    pub million_lines: &'static str,
    /// Prints `name? ` without a line feed, reads a line, prints `hello ` and the line.
    pub input: &'static str,
    /// Prints `started`, flushed, and never ends.
    pub forever: &'static str,
    /// Ignores SIGINT, prints `started`, flushed, and never ends.
    pub ignores_sigint: &'static str,
    /// Starts a background process that prints `late` after a second to the standard output of both, and ends at once.
    pub background: &'static str,
    /// Closes its standard output.
    pub closes_stdout: &'static str,
    /// Prints the bytes E2 82, flushed, and kills itself with a signal.
    pub dies_mid_character: &'static str,
    /// Prints the numbers from 0 on, one a line, for ever.
    pub floods: &'static str,
    /// Is no program.
    pub syntax_error: &'static str,
    /// Keeps something; uses it; what that prints.
    pub state: Option<(&'static str, &'static str, &'static str)>,
    /// A text to complete at its end; how one of the suggestions begins.
    pub completion: Option<(&'static str, &'static str)>,
    /// Whether code is complete as the language's own console sees it. The first is asked for most often.
    pub completeness: &'static [(&'static str, Completeness)],
    /// The name and text of a program in a file that prints `hello`.
    pub main_file: (&'static str, &'static str),
    /// One that does not build. Languages that build nothing have none.
    pub broken_file: Option<(&'static str, &'static str)>,
    /// The paths of golden transcripts to play.
    pub transcripts: &'static [&'static str],
}

impl Subject {
    /// What need not be given. The programs must be, but for those that are an `Option`.
    pub const DEFAULT: Self = Self {
        language: "",
        tools: &[],
        hello: "",
        stderr: "",
        exit_code: "",
        not_utf8: "",
        burst: "",
        million_lines: "",
        input: "",
        forever: "",
        ignores_sigint: "",
        background: "",
        closes_stdout: "",
        dies_mid_character: "",
        floods: "",
        syntax_error: "",
        state: None,
        completion: None,
        completeness: &[],
        main_file: ("", ""),
        broken_file: None,
        transcripts: &[],
    };

    /// Why the suite cannot begin, if so: better one line than every clause waiting in vain.
    pub(super) fn fault(&self) -> Option<String> {
        if let Err(error) = Registration::find(self.language) {
            return Some(format!("{error}; is there a line `use runner_... as _;` that links the crate?"));
        }
        let missing = self.missing();
        (!missing.is_empty()).then(|| format!("the subject of {} lacks {}", self.language, missing.join(", ")))
    }

    /// The fields whose programs are not given.
    fn missing(&self) -> Vec<&'static str> {
        let programs = [
            ("hello", self.hello),
            ("stderr", self.stderr),
            ("exit_code", self.exit_code),
            ("not_utf8", self.not_utf8),
            ("burst", self.burst),
            ("million_lines", self.million_lines),
            ("input", self.input),
            ("forever", self.forever),
            ("ignores_sigint", self.ignores_sigint),
            ("background", self.background),
            ("closes_stdout", self.closes_stdout),
            ("dies_mid_character", self.dies_mid_character),
            ("floods", self.floods),
            ("syntax_error", self.syntax_error),
            ("main_file", self.main_file.0),
        ];
        programs.into_iter().filter(|(_, program)| program.is_empty()).map(|(field, _)| field).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_that_cannot_be_checked_is_told_at_once() {
        let unlinked = Subject { language: "zig", ..Subject::DEFAULT };
        let fault = unlinked.fault().unwrap();
        assert!(fault.contains("no runner for \"zig\"") && fault.contains("use runner_"), "{fault}");
        let partial = Subject { hello: "print('hello')", main_file: ("main.zig", ""), ..Subject::DEFAULT };
        let missing = partial.missing();
        assert!(missing.contains(&"stderr") && !missing.contains(&"hello"), "{missing:?}");
        assert_eq!(missing.len(), 13);
    }
}
