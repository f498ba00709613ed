//! The command line, as clap sees it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use runner_core::{Choice, CompletionFormat, QueryMode, Registration};

/// Runs code in many languages.
///
/// `kernel-runner LANG` serves requests over ZeroMQ, as the process inside a container; the commands below use the same
/// engine from a terminal.
#[derive(Debug, Parser)]
#[command(
    version,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  kernel-runner python                          serve Python at ports 2000 and 2001\n  \
                  kernel-runner c --repl-in ipc:///tmp/in --repl-out ipc:///tmp/out\n  kernel-runner run hello.c\n  \
                  kernel-runner eval python 'x = 6' 'x * 7'\n  kernel-runner console python\n  kernel-runner list"
)]
pub(crate) struct Cli {
    /// Log what the runner does, to standard error.
    #[arg(long, global = true)]
    pub(crate) debug: bool,

    /// How log lines look.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", env = "KERNEL_RUNNER_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) serve: Serve,
}

impl Cli {
    /// Reads the command line: our own options, and what the linked languages leave to their users.
    pub(crate) fn read() -> Result<(Self, Choices), clap::Error> {
        let matches = command().try_get_matches()?;
        Ok((Self::from_arg_matches(&matches)?, choices(&matches)))
    }
}

/// What the user has chosen of what languages offer, by the choices' names.
pub(crate) type Choices = BTreeMap<String, String>;

/// The whole command line.
pub(crate) fn command() -> clap::Command {
    Cli::command().args(all_choices().map(|choice| {
        Arg::new(choice.name)
            .long(choice.name)
            .env(choice.variable)
            .help(choice.help)
            .value_name("CHOICE")
            .value_parser(PossibleValuesParser::new(choice.values))
            .global(true)
    }))
}

fn choices(matches: &ArgMatches) -> Choices {
    let chosen = |choice: &Choice| Some((choice.name.to_owned(), matches.get_one::<String>(choice.name)?.clone()));
    all_choices().filter_map(chosen).collect()
}

fn all_choices() -> impl Iterator<Item = &'static Choice> {
    Registration::all().into_iter().flat_map(|registration| registration.choices)
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The variable that chooses the query mode: the runner's own, or one of the session's in `environ.txt`.
pub(crate) const QUERY_MODE: &str = "KERNEL_RUNNER_QUERY";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build and run a program here, through the whole engine, and exit with its exit code.
    Run(Run),
    /// Run pieces of code in one session, as query mode does.
    Eval(Eval),
    /// Type code and see what it does, in this terminal.
    Console(Console),
    /// Make this terminal that of a running terminal kernel.
    Attach(Attach),
    /// Make all that a start of the language makes, and keep it for later starts: while an image is built.
    Warm(Warm),
    /// Show the languages of this binary, and the tools that they need.
    List(List),
    /// Ask a daemon on this machine or in this container how it is, and exit with 0 if it answers: a health check.
    Ping(Ping),
    /// Make a user, /home/work and /tmp where they are missing: for an image that is to be a kernel's.
    MakeHome(MakeHome),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// What the daemon is started with.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The language to serve; `kernel-runner list` shows which there are.
    #[arg(value_name = "LANG", required = true)]
    pub(crate) language: Option<String>,

    /// The language's interpreter or compiler, instead of the one on the PATH.
    #[arg(value_name = "RUNTIME_PATH")]
    pub(crate) runtime_path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) address: Address,

    /// Where records go out: a ZeroMQ endpoint or a port [default: port 2001, or what intrinsic-ports.json says]
    #[arg(long, value_name = "ENDPOINT", env = "KERNEL_RUNNER_REPL_OUT")]
    pub(crate) repl_out: Option<String>,

    /// Where what is typed into the terminal comes in, in a language with a terminal: a ZeroMQ endpoint or a port
    /// [default: port 2002, or what intrinsic-ports.json says]
    #[arg(long, value_name = "ENDPOINT", env = "KERNEL_RUNNER_TERM_IN")]
    pub(crate) term_in: Option<String>,

    /// Where what the terminal prints goes out, likewise [default: port 2003, or what intrinsic-ports.json says]
    #[arg(long, value_name = "ENDPOINT", env = "KERNEL_RUNNER_TERM_OUT")]
    pub(crate) term_out: Option<String>,

    /// The side channels that give programs their input: `tcp://HOST:PORT` or `ipc://PATH`, separated by commas, or
    /// `none` [default: tcp://127.0.0.1:65000,ipc:///tmp/bai-user-input.sock]
    #[arg(long, value_name = "ENDPOINTS", value_delimiter = ',', env = "KERNEL_RUNNER_USER_INPUT")]
    pub(crate) user_input: Option<Vec<String>>,

    /// The directory in which code runs.
    #[arg(long, value_name = "DIR", default_value = "/home/work", env = "KERNEL_RUNNER_WORK_DIR")]
    pub(crate) work_dir: PathBuf,

    /// Whether queries share a state: `keep` (the default) or `fresh`. The agent's environ.txt may say it too.
    #[arg(long, value_name = "MODE", env = QUERY_MODE)]
    pub(crate) query: Option<QueryMode>,

    /// The shape of completions: `object`, or `array` for agents before 19.03.
    #[arg(long, value_name = "SHAPE", default_value_t, env = "KERNEL_RUNNER_COMPLETION_FORMAT")]
    pub(crate) completion_format: CompletionFormat,

    #[command(flatten)]
    pub(crate) cached: Cached,
}

/// Where that is which `warm` has made.
#[derive(Debug, Args)]
pub(crate) struct Cached {
    /// The folder of what `kernel-runner warm` has made; an empty one is none.
    #[arg(long, value_name = "DIR", env = "KERNEL_RUNNER_CACHE")]
    pub(crate) cache: Option<OsString>,
}

/// Where the daemon takes requests.
#[derive(Debug, Args)]
pub(crate) struct Address {
    /// Where the sockets listen: a host or address (`*` is every one), or `ipc://FOLDER`.
    #[arg(long, value_name = "ADDRESS", default_value = "*", env = "KERNEL_RUNNER_BIND")]
    pub(crate) bind: String,

    /// Where requests come in: a ZeroMQ endpoint or a port [default: port 2000, or what intrinsic-ports.json says]
    #[arg(long, value_name = "ENDPOINT", env = "KERNEL_RUNNER_REPL_IN")]
    pub(crate) repl_in: Option<String>,

    /// The directory of the agent's `environ.txt` and `intrinsic-ports.json`.
    #[arg(long, value_name = "DIR", default_value = "/home/config", env = "KERNEL_RUNNER_CONFIG_DIR")]
    pub(crate) config_dir: PathBuf,
}

/// What `run`, `eval` and `console` have in common.
#[derive(Debug, Args)]
pub(crate) struct Local {
    /// The language's interpreter or compiler, instead of the one on the PATH.
    #[arg(long, value_name = "PATH")]
    pub(crate) runtime_path: Option<PathBuf>,

    /// The directory in which code runs [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub(crate) work_dir: Option<PathBuf>,

    /// How pictures are shown.
    #[arg(long, value_name = "HOW", default_value = "auto", env = "KERNEL_RUNNER_PICTURES")]
    pub(crate) pictures: Pictures,

    /// Where all pictures are saved [default: what cannot be shown is saved in a temporary directory]
    #[arg(long, value_name = "DIR")]
    pub(crate) media: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) cached: Cached,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Pictures {
    /// As the terminal can: in place, or else as a saved file. Where the output is no terminal: not at all.
    Auto,
    /// With kitty's graphics protocol.
    #[cfg(feature = "display")]
    Kitty,
    /// With iTerm2's protocol for inline images.
    #[cfg(feature = "display")]
    Iterm2,
    /// As sixels.
    #[cfg(feature = "display")]
    Sixel,
    /// As saved files.
    Save,
    /// Not at all.
    None,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The options, the variables and the agent's files are those that the daemon was started with.\n\n\
                        Examples:\n  kernel-runner ping\n  kernel-runner ping --repl-in 7000 --timeout 1"
)]
pub(crate) struct Ping {
    #[command(flatten)]
    pub(crate) address: Address,

    /// How long the answer may take.
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
#[command(after_help = "In a Dockerfile:\n  ENV KERNEL_RUNNER_CACHE=/var/cache/kernel-runner\n  \
                        RUN [\"kernel-runner\", \"warm\", \"cpp\"]")]
pub(crate) struct Warm {
    /// The language.
    #[arg(value_name = "LANG")]
    pub(crate) language: String,

    /// The language's interpreter or compiler, instead of the one on the PATH.
    #[arg(value_name = "RUNTIME_PATH")]
    pub(crate) runtime_path: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) cached: Cached,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print each language as a line of JSON, and run nothing to find out versions.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "In a Dockerfile:\n  COPY kernel-runner /usr/local/bin/\n  \
                        RUN [\"kernel-runner\", \"make-home\"]\n  USER 1000:1000\n  \
                        CMD [\"kernel-runner\", \"python\"]")]
pub(crate) struct MakeHome {
    /// The user, by number, and perhaps its group: UID:GID.
    #[arg(long, value_name = "USER", default_value = "1000:1000")]
    pub(crate) user: String,

    /// The image's root.
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(crate) root: PathBuf,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kernel-runner run hello.py\n  kernel-runner run c main.c list.c\n  \
                        kernel-runner run python --exec 'python3 tests.py' .\n  echo 'print(1)' | kernel-runner run python -")]
pub(crate) struct Run {
    /// The language, unless the files' names tell it; then source files, one folder, or `-` for standard input. Without
    /// files: the working directory.
    #[arg(value_name = "[LANG] FILE", required = true)]
    pub(crate) arguments: Vec<String>,

    /// A shell command that builds, instead of the language's own way.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) build: Option<String>,

    /// A shell command that runs, instead of the language's own way.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) exec: Option<String>,

    #[command(flatten)]
    pub(crate) local: Local,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kernel-runner eval python 'x = 6' 'x * 7'\n  \
                        echo 'print(1)' | kernel-runner eval python -\n  kernel-runner eval python --json '1 + 1'")]
pub(crate) struct Eval {
    /// The language.
    #[arg(value_name = "LANG")]
    pub(crate) language: String,

    /// Pieces of code, one query each; `-` is standard input.
    #[arg(value_name = "CODE", required = true, allow_hyphen_values = true)]
    pub(crate) code: Vec<String>,

    /// Print every record as a line of JSON.
    #[arg(long)]
    pub(crate) json: bool,

    /// Whether queries share a state: `keep` or `fresh`.
    #[arg(long, value_name = "MODE", default_value_t)]
    pub(crate) query: QueryMode,

    #[command(flatten)]
    pub(crate) local: Local,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  kernel-runner console python\n  kernel-runner console r --media plots\n  \
                        kernel-runner console --connect localhost\n  \
                        kernel-runner console python --connect 10.0.0.7:2000:2001\n  \
                        kernel-runner console lua < session.lua")]
pub(crate) struct Console {
    /// The language. With --connect it may be left out, and only colours the code.
    #[arg(value_name = "LANG", required_unless_present = "connect")]
    pub(crate) language: Option<String>,

    /// A running kernel, instead of one in this process: `HOST`, `HOST:IN:OUT` with its two ports, `ipc://FOLDER`, or two
    /// endpoints with a comma between them [default ports: 2000 and 2001]
    #[arg(long, value_name = "KERNEL", conflicts_with_all = ["runtime_path", "work_dir", "query"])]
    pub(crate) connect: Option<String>,

    /// Where entered code is kept [default: history-LANG in ~/.local/state/kernel-runner]
    #[arg(long, value_name = "FILE")]
    pub(crate) history: Option<PathBuf>,

    /// Whether queries share a state: `keep` or `fresh`.
    #[arg(long, value_name = "MODE", default_value_t)]
    pub(crate) query: QueryMode,

    #[command(flatten)]
    pub(crate) local: Local,
}

#[derive(Debug, Args)]
#[command(after_help = "Ctrl-] detaches; the kernel and its terminal go on.\n\nExamples:\n  kernel-runner attach\n  \
                        kernel-runner attach 10.0.0.7\n  kernel-runner attach localhost:2002:2003\n  \
                        kernel-runner attach ipc:///run/kernel/in,ipc:///run/kernel/out")]
pub(crate) struct Attach {
    /// The kernel: `HOST`, `HOST:IN:OUT` with its terminal's two ports, or two endpoints with a comma between them
    /// [default ports: 2002 and 2003]
    #[arg(value_name = "KERNEL", default_value = "localhost")]
    pub(crate) kernel: String,
}
