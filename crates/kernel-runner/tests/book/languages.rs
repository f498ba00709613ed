//! What the pages show of languages: conversations, which go as they are written down, and code, which runs.

use std::ffi::OsStr;

use runner_core::{CompletionFormat, Record, Registration, Request, which};
use runner_testkit::{Client, Daemon};

use crate::pages::Page;
use crate::{PROGRAM, is_missing, pictures};

/// One message of a conversation: `>` or `<`, its type, and its text.
#[derive(Debug, PartialEq)]
struct Message {
    direction: char,
    kind: String,
    text: String,
}

/// Plays the conversations of a page, each in a session of its own.
fn conversations_hold(path: &str, language: &str) {
    let page = Page::read(path);
    for block in page.blocks().iter().filter(|block| block.language == "text" && block.code.starts_with("> ")) {
        let expected = messages(block.code);
        let heard = played(&expected, language);
        assert_eq!(heard, expected, "{path}: this came:\n{}", written(&heard));
    }
}

/// Runs the code of a page, in one session.
fn code_runs(path: &str, language: &str) {
    let page = Page::read(path);
    let mut code = page.blocks();
    code.retain(|block| block.language == language);
    if code.is_empty() {
        return;
    }
    let daemon = Daemon::of(PROGRAM, language);
    pictures::picture().save(daemon.work_dir().join("picture.png")).unwrap();
    let mut client = Client::connect(&daemon);
    for block in code {
        let outcome = client.query(block.code);
        assert_eq!(outcome.exit_code, Some(0), "{path}:\n{}\n{}", block.code, outcome.stderr_text());
    }
}

/// A conversation's messages: lines that begin with neither `> ` nor `< ` go on with the text of the one before.
fn messages(text: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in text.lines() {
        let begins = line.starts_with("> ") || line.starts_with("< ");
        if begins {
            let (kind, text) = line[2..].split_once(' ').unwrap_or((&line[2..], ""));
            let direction = if line.starts_with('>') { '>' } else { '<' };
            messages.push(Message { direction, kind: kind.to_owned(), text: text.to_owned() });
        } else {
            let last = messages.last_mut().expect("a conversation begins with a message");
            let indent = " ".repeat(last.kind.len() + 3);
            last.text.push('\n');
            last.text.push_str(line.strip_prefix(&indent).unwrap_or(line));
        }
    }
    messages
}

/// Says what is to be said, and returns the conversation as it went.
fn played(expected: &[Message], language: &str) -> Vec<Message> {
    let daemon = Daemon::of(PROGRAM, language);
    let mut client = Client::connect(&daemon);
    let mut heard = Vec::new();
    for Message { kind, text, .. } in expected.iter().filter(|message| message.direction == '>') {
        let request = Request::decode(&[kind.as_bytes(), text.as_bytes()]).unwrap();
        heard.push(Message { direction: '>', kind: kind.clone(), text: text.clone() });
        client.send(request);
        let outcome = client.collect(|outcome| outcome.records.last().is_some_and(is_the_client_s_turn));
        for record in outcome.records.iter().filter(|record| !matches!(record, Record::Log(_))) {
            let (kind, payload) = record.encode(CompletionFormat::Object);
            let text = String::from_utf8(payload.to_vec()).unwrap();
            match heard.last_mut() {
                Some(last) if last.kind == kind && matches!(kind, "stdout" | "stderr") => last.text.push_str(&text),
                _ => heard.push(Message { direction: '<', kind: kind.to_owned(), text }),
            }
        }
    }
    // Pages show neither line feeds nor spaces at an end.
    for message in &mut heard {
        message.text.truncate(message.text.trim_end().len());
    }
    heard
}

/// Whether nothing more comes before the client speaks: the request is over, or waits for input.
fn is_the_client_s_turn(record: &Record) -> bool {
    !matches!(record, Record::Stdout(_) | Record::Stderr(_) | Record::Display(_) | Record::Log(_))
}

fn written(messages: &[Message]) -> String {
    let lines = messages.iter().map(|Message { direction, kind, text }| {
        let indent = format!("\n{}", " ".repeat(kind.len() + 3));
        format!("{direction} {kind} {}", text.replace('\n', &indent))
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Whether the interpreter or compiler is here.
fn is_installed(language: &str) -> bool {
    let path = std::env::var_os("PATH");
    let is_here = |program: &&str| which(OsStr::new(program), path.as_deref()).is_some();
    Registration::find(language).unwrap().tools[0].programs.iter().any(is_here)
}

/// A test for each language, named after it.
macro_rules! languages {
    ($($language:ident)*) => {
        $(#[test] fn $language() {
            let language = stringify!($language);
            if is_missing(language, is_installed(language)) {
                return;
            }
            let page = format!("docs/src/languages/{language}.md");
            conversations_hold(&page, language);
            code_runs(&page, language);
            // What Git shows is text.
            if language != "git" {
                pictures::are_shown(language);
            }
        })*

        /// The languages that programs are written in.
        const OF_PROGRAMS: &[&str] = &[$(stringify!($language)),*];
    };
}

languages! { c cpp git golang haskell java julia lua nodejs octave php python r rust }

#[test]
fn no_language_is_forgotten() {
    let page = Page::read("docs/src/display.md");
    let all = Registration::all().into_iter().map(|registration| registration.name);
    for language in all.filter(|language| !OF_PROGRAMS.contains(language)) {
        let has_programs = page.blocks().iter().any(|block| block.language == language);
        assert!(!has_programs, "{language} has programs, and no test");
        conversations_hold(&format!("docs/src/languages/{language}.md"), language);
    }
}

#[test]
fn python_draws() {
    code_runs("docs/src/languages/python-drawing.md", "python");
}

#[test]
fn the_protocol_s_conversations_hold() {
    conversations_hold("docs/src/protocol.md", "python");
    conversations_hold("docs/src/services.md", "python");
}
