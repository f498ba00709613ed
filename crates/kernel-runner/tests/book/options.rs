//! Options, variables, commands and languages: the pages and `--help` know the same ones.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;

use runner_core::Registration;

use crate::PROGRAM;
use crate::pages::Page;

/// What every command line has.
const USUAL: [&str; 2] = ["--help", "--version"];
/// What the runner itself sets for the programs that it runs.
const SET_BY_THE_RUNNER: &str = "KERNEL_RUNNER_DISPLAY";
/// The pages on which an option by itself is one of ours.
const ABOUT_US: [&str; 7] =
    ["introduction.md", "command-line.md", "languages.md", "protocol.md", "input.md", "display.md", "operating.md"];

/// What the program says about itself.
struct Help {
    commands: BTreeSet<String>,
    options: BTreeSet<String>,
    variables: BTreeSet<String>,
}

static HELP: LazyLock<Help> = LazyLock::new(Help::ask);

impl Help {
    fn ask() -> Self {
        let main = output(&["--help"]);
        let (_, commands) = main.split_once("Commands:\n").unwrap();
        let (commands, _) = commands.split_once("\n\n").unwrap();
        let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
        let commands = commands.lines().filter(is_name).filter_map(|line| line.split_whitespace().next());
        let commands: BTreeSet<_> = commands.map(str::to_owned).collect();
        let mut all = main.clone();
        for command in commands.iter().filter(|command| *command != "help") {
            all += &output(&[command, "--help"]);
        }
        // An option begins its line, perhaps behind its short form; a variable stands behind `env:`.
        let lines = all.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let options = lines.filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")));
        let variables = all.split("[env: ").skip(1).filter_map(|rest| rest.split(['=', ']']).next().map(str::to_owned));
        Self { options: options.map(str::to_owned).collect(), variables: variables.collect(), commands }
    }
}

/// What the program prints.
pub fn output(arguments: &[&str]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the runner under test is no child of the `process` module")]
    let mut command = Command::new(PROGRAM);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_option_and_command_of_the_help_is_on_its_page() {
    let page = Page::read("docs/src/command-line.md");
    let words = page.words();
    let is_named = |name: &str| words.iter().any(|word| word.split(' ').any(|part| part == name));
    let options = HELP.options.iter().filter(|option| !USUAL.contains(&option.as_str()));
    let missing: Vec<_> = options.chain(&HELP.commands).filter(|name| *name != "help" && !is_named(name)).collect();
    assert!(missing.is_empty(), "{}: {missing:?} are missing", page.path);
    assert!(HELP.options.len() > 15, "{:?}", HELP.options);
}

#[test]
fn every_variable_of_the_help_is_in_the_table() {
    let page = Page::read("docs/src/operating.md");
    let rows: Vec<_> = page.text.lines().filter(|line| line.starts_with("| `")).collect();
    for variable in &HELP.variables {
        assert!(rows.iter().any(|row| row.starts_with(&format!("| `{variable}` |"))), "{}: {variable}", page.path);
    }
    assert!(HELP.variables.len() > 10, "{:?}", HELP.variables);
}

#[test]
fn what_the_pages_name_is_in_the_help() {
    let mut unknown = Vec::new();
    for page in Page::all() {
        let is_about_us = ABOUT_US.iter().any(|name| page.path.ends_with(&format!("/{name}")));
        let blocks = page.blocks();
        let lines = blocks.iter().filter(|block| matches!(block.language, "sh" | "console"));
        let lines = lines.flat_map(|block| block.code.lines());
        for code in page.words().into_iter().chain(lines) {
            unknown.extend(unknown_in(code, is_about_us).into_iter().map(|name| format!("{}: {name}", page.path)));
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// What a piece of code names that the program does not know.
fn unknown_in(code: &str, is_about_us: bool) -> Vec<String> {
    let mut unknown: Vec<_> = names(code, "KERNEL_RUNNER_")
        .filter(|name| name != SET_BY_THE_RUNNER && name != "KERNEL_RUNNER_" && !HELP.variables.contains(name))
        .collect();
    let ours = code.split_once("kernel-runner ").map(|(_, arguments)| arguments);
    if let Some(arguments) = ours
        && !["cargo ", "docker ", "kubectl "].iter().any(|other| code.contains(other))
    {
        let first = arguments.split([' ', '`', ')']).next().unwrap_or_default();
        let is_name = first.starts_with(|c: char| c.is_ascii_lowercase());
        if is_name && !HELP.commands.contains(first) && Registration::find(first).is_err() {
            unknown.push(format!("kernel-runner {first}"));
        }
        // What is quoted is the user's code, and what follows a remark's sign, a pipe or a semicolon is no option of ours.
        let ours = arguments.split([';', '|', '#']).next().unwrap_or_default();
        let ours: String = ours.split('\'').step_by(2).collect();
        unknown.extend(options(&ours).filter(|option| !HELP.options.contains(option)));
    } else if is_about_us && code.starts_with("--") {
        unknown.extend(options(code).next().filter(|option| !HELP.options.contains(option)));
    }
    unknown
}

fn options(code: &str) -> impl Iterator<Item = String> {
    code.split(' ')
        .filter_map(|word| word.split('=').next())
        .filter(|word| word.len() > 2 && word.starts_with("--"))
        .map(str::to_owned)
}

/// The upper-case names in a text that begin with `prefix`.
fn names<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
    let is_inside = |c: char| c.is_ascii_uppercase() || c == '_';
    text.match_indices(prefix).map(move |(start, _)| text[start..].chars().take_while(|c| is_inside(*c)).collect())
}

#[test]
fn every_language_has_its_page() {
    let summary = Page::read("docs/src/SUMMARY.md").text;
    for Registration { name, aliases, .. } in Registration::all() {
        let page = Page::read(&format!("docs/src/languages/{name}.md"));
        assert!(summary.contains(&format!("(languages/{name}.md)")), "SUMMARY.md has no {name}");
        assert!(page.text.contains(&format!("`kernel-runner {name}`")), "{}", page.path);
        let words = page.words();
        let missing: Vec<_> = aliases.iter().filter(|alias| !words.contains(alias)).collect();
        assert!(missing.is_empty(), "{}: {missing:?}", page.path);
    }
}
