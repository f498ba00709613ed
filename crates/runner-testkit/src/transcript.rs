//! Golden transcripts: what a client says and what it hears, in a file.
//!
//! `> code print(1)` is sent, `< stdout 1\n` and `< finished {"exitCode":0}` must come; `#` starts a comment. A line feed is `\n`, a
//! backslash `\\`, any other unprintable byte `\xNN`. Records of one kind in a row are one line, because where output is cut is
//! nobody's promise; `log` is left out. With `TESTKIT_UPDATE=1` the file is written anew from what came.

use std::env;
use std::fs;
use std::path::Path;

use runner_core::{CompletionFormat, Record, Request, RequestKind};

use crate::client::{Client, ends};

/// Plays the transcript at `path`.
///
/// # Panics
/// When what comes is not what the file says.
pub fn check(path: impl AsRef<Path>, client: &mut Client) {
    let path = path.as_ref();
    let expected =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("failed to read {}: {error}", path.display()));
    let actual = play(&expected, client);
    if actual == expected {
        return;
    }
    if env::var_os("TESTKIT_UPDATE").is_some() {
        fs::write(path, actual).unwrap_or_else(|error| panic!("failed to write {}: {error}", path.display()));
        return;
    }
    panic!("{} says\n{expected}\nbut this came\n{actual}\n(TESTKIT_UPDATE=1 writes it to the file)", path.display());
}

fn play(transcript: &str, client: &mut Client) -> String {
    let mut actual = String::new();
    let mut running = None;
    for line in transcript.lines().filter(|line| !line.starts_with("< ")) {
        actual.push_str(line);
        actual.push('\n');
        if let Some(request) = line.strip_prefix("> ") {
            let (kind, payload) = request.split_once(' ').unwrap_or((request, ""));
            let request = Request::decode(&[kind.as_bytes(), &unescape(payload)])
                .unwrap_or_else(|error| panic!("the transcript's {line:?}: {error}"));
            let kind = match (request.kind(), running) {
                (RequestKind::Input | RequestKind::Interrupt, Some(running)) => running,
                (kind, _) => kind,
            };
            client.send(request);
            let records = read(kind, client);
            running = matches!(records.last(), Some(Record::WaitingInput { .. })).then_some(kind);
            for (name, payload) in merged(&records) {
                actual.push_str(format!("< {name} {}", escape(&payload)).trim_end());
                actual.push('\n');
            }
        }
    }
    actual
}

/// The records up to the one after which it is the client's turn.
fn read(kind: RequestKind, client: &mut Client) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let record = client.next();
        let is_last = ends(kind, &record) || matches!(record, Record::WaitingInput { .. });
        if !matches!(record, Record::Log(_)) {
            records.push(record);
        }
        if is_last {
            return records;
        }
    }
}

fn merged(records: &[Record]) -> Vec<(&'static str, Vec<u8>)> {
    let mut lines: Vec<(&'static str, Vec<u8>)> = Vec::new();
    for record in records {
        let (name, payload) = record.encode(CompletionFormat::Object);
        match lines.last_mut() {
            Some((last, bytes)) if *last == name && matches!(name, "stdout" | "stderr") => {
                bytes.extend_from_slice(&payload);
            }
            _ => lines.push((name, payload.to_vec())),
        }
    }
    lines
}

fn escape(payload: &[u8]) -> String {
    let mut escaped = String::new();
    for chunk in payload.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => escaped.push_str("\\n"),
                '\\' => escaped.push_str("\\\\"),
                control if control.is_ascii_control() => escaped += &in_hex(u32::from(control)),
                // A space at a line's end would get lost in editors.
                other => escaped.push(other),
            }
        }
        chunk.invalid().iter().for_each(|byte| escaped += &in_hex(u32::from(*byte)));
    }
    match escaped.strip_suffix(' ') {
        Some(rest) => format!("{rest}\\x20"),
        None => escaped,
    }
}

fn in_hex(byte: u32) -> String {
    format!("\\x{byte:02x}")
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'\\', [b'n', tail @ ..]) => {
                bytes.push(b'\n');
                rest = tail;
            }
            (b'\\', [b'\\', tail @ ..]) => {
                bytes.push(b'\\');
                rest = tail;
            }
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("\\x is followed by two hexadecimal digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("\\x is followed by two hexadecimal digits"));
                rest = tail;
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_survive_escaping() {
        let bytes: Vec<u8> = (0..=255).chain("ä\\n \n ".bytes()).collect();
        assert_eq!(unescape(&escape(&bytes)), bytes);
    }

    #[test]
    fn output_in_a_row_is_one_line() {
        let records = [Record::Stdout("a".into()), Record::Stdout("b".into()), Record::Stderr("c".into())];
        assert_eq!(merged(&records), [("stdout", b"ab".to_vec()), ("stderr", b"c".to_vec())]);
    }
}
