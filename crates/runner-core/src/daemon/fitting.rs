//! What is too large for a client: another form of it, or a file.

use std::path::Path;

use bytes::Bytes;

use crate::saving::save_form;
use crate::wire::{CompletionFormat, Display, Frames, MAX_PAYLOAD, Record};

const MIB: usize = 1024 * 1024;

/// The record as a message that a client takes.
///
/// Agents cut what is larger than [`MAX_PAYLOAD`], and a cut picture is broken JSON that ends some of their readers. The
/// largest pieces of output are far below that.
pub(super) fn fitting(record: &Record, format: CompletionFormat, work_dir: &Path) -> Frames {
    let fits = |frames: &Frames| frames.1.len() <= MAX_PAYLOAD;
    if let Record::Display(display) = record {
        return display.frames().find(fits).unwrap_or_else(|| instead(display, work_dir).encode(format));
    }
    let frames = record.encode(format);
    match record {
        _ if fits(&frames) => frames,
        Record::Completion(_) => Record::Completion(Vec::new()).encode(format),
        other => {
            let text = format!("a `{}` record of {} MiB was not sent\n", other.name(), frames.1.len() / MIB);
            Record::Stderr(text.into()).encode(format)
        }
    }
}

/// Saves the most telling form, and says where it is.
fn instead(display: &Display, work_dir: &Path) -> Record {
    let forms = display.forms();
    let Some((mime, data)) = forms.first() else { return Record::Stderr(Bytes::new()) };
    let fate = match save_form(work_dir, &mut (1..), mime, data) {
        Ok(path) => format!("it is in the file {}", path.strip_prefix(work_dir).unwrap_or(&path).display()),
        Err(error) => format!("nor could it be saved: {error}"),
    };
    let (size, limit) = (data.len() / MIB, MAX_PAYLOAD / MIB);
    Record::Stderr(format!("{mime} of {size} MiB was not sent, clients take at most {limit} MiB; {fate}\n").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn large() -> Vec<u8> {
        vec![b'x'; MAX_PAYLOAD + 1]
    }

    #[test]
    fn a_form_that_fits_takes_the_place_of_one_that_does_not() {
        let record = Record::Display(Display::new("text/html", large()).or("image/png", "png"));
        let folder = tempfile::tempdir().unwrap();
        let frames = fitting(&record, CompletionFormat::Object, folder.path());
        assert_eq!(Some(frames), Display::new("image/png", "png").frames().next());
    }

    #[test]
    fn what_has_no_such_form_is_saved_beside_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("display-1.png"), "a file of the user's").unwrap();
        let record = Record::Display(Display::new("image/png", large()));
        let (kind, text) = fitting(&record, CompletionFormat::Object, folder.path());
        let expected =
            "image/png of 10 MiB was not sent, clients take at most 10 MiB; it is in the file display-2.png\n";
        assert_eq!((kind, &text[..]), ("stderr", expected.as_bytes()));
        assert_eq!(std::fs::read(folder.path().join("display-2.png")).unwrap().len(), MAX_PAYLOAD + 1);
    }
}
