//! The terminal as a client: what a program prints as it is, and what it shows in the form that a terminal can show.

#[cfg(feature = "display")]
mod ask;
mod files;
#[cfg_attr(not(feature = "display"), path = "no_html.rs")]
mod html;
#[cfg_attr(not(feature = "display"), path = "no_pictures.rs")]
mod pictures;
#[cfg(feature = "display")]
mod sixel;
#[cfg(feature = "display")]
mod table;
mod window;

use std::io::{self, IsTerminal as _, Write as _};

use runner_core::{Bytes, Display, Record};

use crate::cli::{Local, Pictures};
use crate::local::Show;
use files::Files;
use pictures::Protocol;
use window::Window;

/// Shows records as a terminal's user expects them. Where standard output is no terminal, it gets no escape codes.
pub(crate) struct Terminal {
    protocol: Option<Protocol>,
    files: Option<Files>,
    /// Whether the user wants to have all pictures as files, those that are shown as well.
    saves_all: bool,
    is_tty: bool,
    /// Whether the program has begun a line and not ended it.
    is_within_line: bool,
}

impl Terminal {
    /// Finds out what the terminal can show. Nothing may read from it yet, as it may be asked.
    pub(crate) fn new(options: &Local) -> Self {
        let is_tty = io::stdout().is_terminal();
        let (protocol, saves) = match options.pictures {
            Pictures::Auto if is_tty => (Protocol::detect(), true),
            Pictures::Auto | Pictures::None => (None, false),
            #[cfg(feature = "display")]
            Pictures::Kitty => (Some(Protocol::Kitty), true),
            #[cfg(feature = "display")]
            Pictures::Iterm2 => (Some(Protocol::Iterm2), true),
            #[cfg(feature = "display")]
            Pictures::Sixel => (Some(Protocol::Sixel), true),
            Pictures::Save => (None, true),
        };
        let saves_all = options.media.is_some();
        let files = (saves || saves_all).then(|| Files::new(options.media.clone()));
        Self { protocol, files, saves_all, is_tty, is_within_line: false }
    }

    /// Shows something in the form that says most here, and saves what that form leaves out.
    fn look(&mut self, display: &Display) -> io::Result<()> {
        let forms = display.forms();
        let picture = picture(&forms);
        if let Some((mime, data)) = picture
            && self.draw(mime, data)?
        {
            return if self.saves_all { self.save(mime, data) } else { Ok(()) };
        }
        let words = words(&forms, if self.is_tty { Window::now().columns } else { usize::MAX });
        let unsaid = match &words {
            Some(words) => {
                self.print(&words.text)?;
                picture.or(words.lacking)
            }
            None => picture.or(forms.first().copied()),
        };
        match unsaid {
            Some((mime, data)) if self.files.is_some() && (mime != DRAWING || self.saves_all) => self.save(mime, data),
            Some((mime, data)) if words.is_none() => self.note(mime, data, ""),
            _ => Ok(()),
        }
    }

    /// Shows a picture, and says whether it could.
    fn draw(&mut self, mime: &str, data: &Bytes) -> io::Result<bool> {
        let Some(protocol) = self.protocol.filter(|_| mime != SVG) else { return Ok(false) };
        match protocol.encode(data, Window::now()) {
            Ok(mut codes) => {
                codes.push(b'\n');
                self.print_bytes(&codes)?;
                Ok(true)
            }
            Err(error) => {
                self.note(mime, data, &format!(": not shown: {error}"))?;
                Ok(false)
            }
        }
    }

    fn save(&mut self, mime: &str, data: &Bytes) -> io::Result<()> {
        let Some(files) = &mut self.files else { return Ok(()) };
        let fate = match files.save(mime, data) {
            Ok(path) => format!(": {}", path.display()),
            Err(error) => format!(": not saved: {error:#}"),
        };
        self.note(mime, data, &fate)
    }

    /// A line about something that cannot be seen here.
    fn note(&mut self, mime: &str, data: &Bytes, more: &str) -> io::Result<()> {
        if self.is_tty {
            self.begin_line()?;
        }
        writeln!(io::stderr().lock(), "[{mime}, {} bytes{more}]", data.len())
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        self.print_bytes(format!("{text}\n").as_bytes())
    }

    fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.begin_line()?;
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes)?;
        stdout.flush()
    }

    /// Ends the line that a program has begun, if it has.
    pub(crate) fn begin_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.is_within_line) { writeln!(io::stdout().lock()) } else { Ok(()) }
    }
}

impl Show for Terminal {
    fn show(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Stdout(bytes) => {
                self.is_within_line = bytes.last().map_or(self.is_within_line, |last| *last != b'\n');
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Record::Stderr(bytes) => io::stderr().lock().write_all(bytes),
            Record::Display(display) => self.look(display),
            _ => Ok(()),
        }
    }
}

const HTML: &str = "text/html";
const JSON: &str = "application/json";
const PLAIN: &str = "text/plain";
const SVG: &str = "image/svg+xml";
/// Commands for a canvas. A program may show hundreds of them.
const DRAWING: &str = "application/x-sorna-drawing";

/// A MIME type, and data of it.
type Form<'a> = (&'a str, &'a Bytes);

/// The picture among the forms, rather one of pixels.
fn picture<'a>(forms: &[Form<'a>]) -> Option<Form<'a>> {
    let pictures = || forms.iter().filter(|(mime, _)| mime.starts_with("image/"));
    pictures().find(|(mime, _)| *mime != SVG).or(pictures().next()).copied()
}

/// What can be said of something in words.
struct Words<'a> {
    text: String,
    /// The form that the text does not do justice to.
    lacking: Option<Form<'a>>,
}

/// The words of plain text, of HTML, or of another language that people write.
fn words<'a>(forms: &[Form<'a>], columns: usize) -> Option<Words<'a>> {
    let form = |wanted: &str| forms.iter().find(|(mime, _)| *mime == wanted).copied();
    let text = |data: &Bytes| String::from_utf8_lossy(data).into_owned();
    let plain = form(PLAIN).map(|(_, data)| text(data));
    if let Some(text) = plain.filter(|plain| forms.len() == 1 || !is_mere_name(plain)) {
        return Some(Words { text, lacking: None });
    }
    if let Some(html) = form(HTML) {
        let page = html::to_text(html.1, columns);
        if !page.text.is_empty() {
            return Some(Words { text: page.text, lacking: (!page.is_whole).then_some(html) });
        }
    }
    let is_written = |mime: &str| mime == JSON || mime.starts_with("text/") && mime != PLAIN && mime != HTML;
    forms.iter().find(|(mime, _)| is_written(mime)).map(|(_, data)| Words { text: text(data), lacking: None })
}

/// Whether it only names an object, as `<Figure size 640x480 with 1 Axes>` does.
fn is_mere_name(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('<') && text.ends_with('>') && !text.contains('\n')
}

#[cfg(all(test, feature = "display"))]
mod tests {
    use super::*;

    /// The words for something with these forms, and the type of the form that they do not do justice to.
    fn said(display: &Display) -> Option<(String, Option<String>)> {
        words(&display.forms(), 80).map(|words| (words.text, words.lacking.map(|(mime, _)| mime.to_owned())))
    }

    #[test]
    fn text_is_preferred_where_it_tells_something() {
        let said = |display: &Display| said(display).map(|(text, _)| text).unwrap();
        let frame = Display::new(HTML, "<table><tr><td>1</table>");
        assert_eq!(said(&frame.clone().or(PLAIN, "   a\n0  1")), "   a\n0  1");
        assert_eq!(said(&frame.or(PLAIN, "<Styler object at 0x7f>")), "┌───┐\n│ 1 │\n└───┘");
        assert_eq!(said(&Display::new("text/markdown", "*a*").or(PLAIN, "<Markdown object>")), "*a*");
        assert_eq!(said(&Display::new(PLAIN, "<object object at 0x7f>")), "<object object at 0x7f>");
        assert_eq!(said(&Display::new("text/latex", "$x$").or(HTML, "<br>")), "$x$");
        assert_eq!(said(&Display::new(JSON, "[1]")), "[1]");
    }

    #[test]
    fn what_cannot_be_said_is_left_to_a_file() {
        assert_eq!(said(&Display::new("image/png", "p").or(PLAIN, "<Figure size 640x480 with 1 Axes>")), None);
        assert_eq!(said(&Display::new("application/pdf", "p")), None);
        assert_eq!(said(&Display::new(HTML, "<svg></svg>")), None);
        let page = Display::new(HTML, "a<canvas></canvas>");
        assert_eq!(said(&page), Some(("a".to_owned(), Some(HTML.to_owned()))));
    }
}
