/// A language, and the programs in it that the suite runs in query mode. What they print to one stream they need not flush,
/// except where it says so.
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
    /// The name and text of a program in a file that prints `hello`.
    pub main_file: (&'static str, &'static str),
    /// One that does not build. Languages that build nothing have none.
    pub broken_file: Option<(&'static str, &'static str)>,
    /// The paths of golden transcripts to play.
    pub transcripts: &'static [&'static str],
}
