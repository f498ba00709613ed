//! HTML as text for a terminal: tables as [tables](super::table), everything else as its words.
//!
//! Tags are taken one by one as they come, so that nothing depends on their being closed or nested as they should be.

use html5gum::emitters::default::{DefaultEmitter, StartTag, Token};
use html5gum::{HtmlString, Tokenizer};

use super::table::Table;

/// A page, as text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) text: String,
    /// Whether the text has all that the page has: no pictures, nothing that a script draws.
    pub(super) is_whole: bool,
}

/// The text of a page. Its tables are no wider than so many columns.
pub(super) fn to_text(html: &[u8], columns: usize) -> Page {
    let html = String::from_utf8_lossy(html);
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut writer = Writer { columns, ..Writer::default() };
    for Ok(token) in Tokenizer::new_with_emitter(&*html, emitter) {
        match token {
            Token::StartTag(tag) => writer.start(&tag),
            Token::EndTag(tag) => writer.end(&tag.name),
            Token::String(text) => writer.write(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    writer.finish()
}

#[derive(Default)]
struct Writer {
    columns: usize,
    text: String,
    lacks_something: bool,
    /// The table that is being read, and how many tables it is in. Tables inside it are text of its cells.
    table: Option<Table>,
    depth: usize,
    /// The element whose content is no text, and how many of the same name are open.
    skipped: Option<(HtmlString, usize)>,
    is_preformatted: bool,
    /// The open lists: the number of the last item, where they are numbered.
    lists: Vec<Option<usize>>,
    /// The address that an open link leads to.
    address: Option<String>,
}

impl Writer {
    fn start(&mut self, tag: &StartTag<()>) {
        if let Some((name, depth)) = &mut self.skipped {
            *depth += usize::from(*name == tag.name && !tag.self_closing);
            return;
        }
        match &*tag.name.0 {
            b"script" | b"svg" | b"canvas" | b"video" | b"audio" | b"iframe" | b"object" => {
                self.lacks_something = true;
                self.skip(tag);
            }
            b"style" | b"template" | b"title" => self.skip(tag),
            b"img" | b"embed" => {
                self.lacks_something = true;
                let alt = attribute(tag, b"alt").filter(|alt| !alt.is_empty());
                self.write(&format!("[{}]", alt.as_deref().unwrap_or("picture")));
            }
            b"table" => {
                self.depth += 1;
                if self.depth == 1 {
                    self.table = Some(Table::default());
                }
            }
            b"thead" | b"tbody" | b"tfoot" | b"tr" | b"td" | b"th" | b"caption" => self.start_part(tag),
            b"pre" => {
                self.end_line();
                self.is_preformatted = true;
            }
            b"ul" => self.begin_list(None),
            b"ol" => self.begin_list(Some(0)),
            b"li" => self.begin_item(),
            b"hr" => self.write_line("---"),
            b"a" => self.address = attribute(tag, b"href").filter(|address| address.starts_with("http")),
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" => self.end_paragraph(),
            name if is_block(name) => self.end_line(),
            _ => {}
        }
    }

    /// Begins a part of the table; in a table inside it, a word.
    fn start_part(&mut self, tag: &StartTag<()>) {
        let Some(table) = self.outer_table() else { return self.write(" ") };
        let count = |name: &[u8]| attribute(tag, name).and_then(|value| value.trim().parse().ok()).unwrap_or(1);
        match &*tag.name.0 {
            b"thead" => table.begin_head(),
            b"tr" => table.begin_row(),
            b"td" => table.begin_cell(false, count(b"colspan"), count(b"rowspan")),
            b"th" => table.begin_cell(true, count(b"colspan"), count(b"rowspan")),
            b"caption" => table.begin_caption(),
            _ => table.end_head(),
        }
    }

    fn end(&mut self, name: &HtmlString) {
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth -= usize::from(skipped == name);
            if *depth == 0 {
                self.skipped = None;
            }
            return;
        }
        match &*name.0 {
            b"table" => self.end_table(),
            b"td" | b"th" | b"caption" => {
                if let Some(table) = self.outer_table() {
                    table.end_text();
                }
            }
            b"thead" => {
                if let Some(table) = self.outer_table() {
                    table.end_head();
                }
            }
            b"pre" => {
                self.is_preformatted = false;
                self.end_line();
            }
            b"ul" | b"ol" => {
                self.lists.pop();
                self.end_line();
            }
            b"a" => {
                if let Some(address) = self.address.take().filter(|address| !self.sink().ends_with(address.as_str())) {
                    self.write(&format!(" <{address}>"));
                }
            }
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" => self.end_paragraph(),
            name if is_block(name) => self.end_line(),
            _ => {}
        }
    }

    fn skip(&mut self, tag: &StartTag<()>) {
        if !tag.self_closing {
            self.skipped = Some((tag.name.clone(), 1));
        }
    }

    /// The table, unless the tags at hand are those of a table inside it.
    fn outer_table(&mut self) -> Option<&mut Table> {
        self.table.as_mut().filter(|_| self.depth == 1)
    }

    fn is_in_cell(&mut self) -> bool {
        self.table.as_mut().is_some_and(|table| table.text().is_some())
    }

    fn sink(&mut self) -> &mut String {
        self.table.as_mut().and_then(Table::text).unwrap_or(&mut self.text)
    }

    /// Adds text; white space is one space where it matters at all.
    fn write(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.is_preformatted && !self.is_in_cell() {
            let printable = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
            return self.text.extend(text.chars().filter(printable));
        }
        let sink = self.sink();
        for c in text.chars() {
            if !c.is_whitespace() && !c.is_control() || c == NO_BREAK_SPACE {
                sink.push(if c == NO_BREAK_SPACE { ' ' } else { c });
            } else if !sink.is_empty() && !sink.ends_with([' ', '\n']) {
                sink.push(' ');
            }
        }
    }

    fn write_line(&mut self, line: &str) {
        self.end_line();
        self.write(line);
        self.end_line();
    }

    /// Ends the line; within a cell, which has but one, the word.
    fn end_line(&mut self) {
        if self.is_in_cell() {
            return self.write(" ");
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn end_paragraph(&mut self) {
        self.end_line();
        if !self.is_in_cell() && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn begin_list(&mut self, number: Option<usize>) {
        self.end_line();
        self.lists.push(number);
    }

    fn begin_item(&mut self) {
        self.end_line();
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(MAX_INDENT));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{number}. ")
            }
            _ => "• ".to_owned(),
        };
        self.sink().push_str(&(indent + &mark));
    }

    fn end_table(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.depth > 0 {
            return self.write(" ");
        }
        if let Some(table) = self.table.take() {
            self.end_line();
            self.text.push_str(&table.lay_out(self.columns));
        }
    }

    fn finish(mut self) -> Page {
        self.depth = 0;
        self.end_table();
        Page { text: self.text.trim_matches('\n').trim_end().to_owned(), is_whole: !self.lacks_something }
    }
}

const NO_BREAK_SPACE: char = '\u{a0}';
/// How deep lists are indented at most.
const MAX_INDENT: usize = 8;

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    tag.attributes.get(name).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// The elements that have lines of their own, without a distance to what is around them.
const BLOCKS: &str = "address article br dd details div dl dt figcaption figure footer header main nav section summary";

fn is_block(name: &[u8]) -> bool {
    BLOCKS.split(' ').any(|block| block.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        to_text(html.as_bytes(), 80).text
    }

    #[test]
    fn words_are_what_remains() {
        assert_eq!(text("<p>One &lt; two &amp; <b>thr</b>ee&nbsp;&eacute;&#x41;</p>"), "One < two & three éA");
        assert_eq!(text("<h1>Title</h1><p>a<br>b</p>\n\n<p>c"), "Title\n\na\nb\n\nc");
        assert_eq!(text("<div>a</div><div>b</div>"), "a\nb");
        assert_eq!(text("<style>b { color: red }</style><!-- c --><title>t</title>x"), "x");
        assert_eq!(text("<pre>a  b\n  c</pre>d"), "a  b\n  c\nd");
    }

    #[test]
    fn lists_and_links_can_be_told() {
        assert_eq!(text("<ul><li>a<ol><li>x<li>y</ol><li>b</ul>c"), "• a\n  1. x\n  2. y\n• b\nc");
        assert_eq!(text("<a href='https://a.org/'>here</a>, <a href='#x'>there</a>"), "here <https://a.org/>, there");
        assert_eq!(text("<a href='https://a.org/'>https://a.org/</a>"), "https://a.org/");
    }

    #[test]
    fn what_has_no_text_is_told() {
        let page = |html: &str| to_text(html.as_bytes(), 80);
        assert_eq!(page("<b>x</b>"), Page { text: "x".to_owned(), is_whole: true });
        assert_eq!(page("<script>draw('<b>x</b>')</script>"), Page { text: String::new(), is_whole: false });
        assert_eq!(page("a<svg><svg/><text>b</text></svg>c"), Page { text: "ac".to_owned(), is_whole: false });
        assert_eq!(page("<img alt='a cat' src=x>"), Page { text: "[a cat]".to_owned(), is_whole: false });
    }

    #[test]
    fn a_terminal_is_not_spoken_to() {
        assert_eq!(text("a&#27;[31mb\u{9b}c<pre>&#27;]0;x&#7;</pre>"), "a [31mb c\n]0;x");
    }

    #[test]
    fn soup_is_no_obstacle() {
        assert_eq!(text("</table></td></ul></svg><tr><td>a"), "a");
        assert_eq!(text("<table>lost<tr><td>a"), "lost\n┌───┐\n│ a │\n└───┘");
        assert_eq!(
            text("<table><td>a<table><tr><td>b<td>c</table>d</table>e"),
            "┌─────────┐\n│ a b c d │\n└─────────┘\ne"
        );
        assert_eq!(text("<style>never closed"), "");
        assert_eq!(to_text(b"\xff<b>\xfe", 80).text, "\u{fffd}\u{fffd}");
        assert_eq!(text(&"<div><table><tr><td><ul><li>".repeat(50_000)).lines().count(), 3);
    }
}
