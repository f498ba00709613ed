use vt100::{Callbacks, MouseProtocolMode, Parser};

use super::unfinished::Unfinished;
use crate::process::WindowSize;

/// How many lines above the screen are kept: they would cost most of the time that output takes.
const SCROLLBACK: usize = 0;

const ENTER_ALTERNATE: &[u8] = b"\x1b[?1049h";
const LEAVE_ALTERNATE: &[u8] = b"\x1b[?1049l";
/// These change the screen that is seen, and nothing else.
const LOOK_AT_MAIN: &[u8] = b"\x1b[?47l";
const LOOK_AT_ALTERNATE: &[u8] = b"\x1b[?47h";
const RESET_MARGINS: &[u8] = b"\x1b[r";
/// Text without colours.
const PLAIN: &str = "\x1b[m";
/// Ends whatever sequence is not whole.
const CANCEL: u8 = 0x18;

/// What somebody who has watched from the beginning sees.
pub(super) struct Screen {
    parser: Parser<Title>,
    unfinished: Unfinished,
}

/// The title of the window.
#[derive(Default)]
struct Title(Vec<u8>);

impl Callbacks for Title {
    fn set_window_title(&mut self, _screen: &mut vt100::Screen, title: &[u8]) {
        self.0 = title.to_vec();
    }
}

impl Screen {
    pub(super) fn new(size: WindowSize) -> Self {
        let parser = Parser::new_with_callbacks(size.rows, size.cols, SCROLLBACK, Title::default());
        Self { parser, unfinished: Unfinished::default() }
    }

    pub(super) fn process(&mut self, output: &[u8]) {
        self.parser.process(output);
        self.unfinished.follow(output);
    }

    pub(super) fn resize(&mut self, size: WindowSize) {
        self.parser.set_size(size.rows, size.cols);
        self.unfinished.forget_margins();
    }

    /// What ends the modes that a shell does not expect; nothing where there are none.
    pub(super) fn tidying(&self) -> Vec<u8> {
        let screen = self.parser.screen();
        let has_mouse = screen.mouse_protocol_mode() != MouseProtocolMode::None;
        let has_colours = screen.attributes_formatted() != PLAIN;
        let ends: [(bool, &[u8]); 9] = [
            (!self.unfinished.bytes().is_empty(), &[CANCEL]),
            (self.unfinished.margins().is_some(), RESET_MARGINS),
            (screen.alternate_screen(), LEAVE_ALTERNATE),
            (has_colours, PLAIN.as_bytes()),
            (screen.hide_cursor(), b"\x1b[?25h"),
            (screen.application_cursor(), b"\x1b[?1l"),
            (screen.application_keypad(), b"\x1b>"),
            (screen.bracketed_paste(), b"\x1b[?2004l"),
            (has_mouse, b"\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"),
        ];
        ends.into_iter().filter(|(is_needed, _)| *is_needed).flat_map(|(_, end)| end.to_vec()).collect()
    }

    /// What makes the screen of any terminal like this one, whatever it shows, and leaves it where the next output goes on.
    /// Whoever has seen everything sees the same as before.
    pub(super) fn redraw(&mut self) -> Vec<u8> {
        let mut drawing = Vec::new();
        let unfinished = self.unfinished.bytes().to_vec();
        if !unfinished.is_empty() {
            drawing.push(CANCEL);
        }
        let title = &self.parser.callbacks().0;
        if !title.is_empty() {
            drawing.extend([b"\x1b]2;", &title[..], b"\x07"].concat());
        }
        let margins = self.unfinished.margins().map(<[u8]>::to_vec);
        if margins.is_some() {
            drawing.extend(RESET_MARGINS);
        }
        if self.parser.screen().alternate_screen() {
            drawing.extend(LEAVE_ALTERNATE);
            if unfinished.is_empty() {
                self.parser.process(LOOK_AT_MAIN);
                drawing.extend(self.parser.screen().contents_formatted().into_bytes());
                self.parser.process(LOOK_AT_ALTERNATE);
            }
            drawing.extend(ENTER_ALTERNATE);
        }
        let screen = self.parser.screen();
        drawing.extend(screen.contents_formatted().into_bytes());
        if let Some(margins) = margins {
            drawing.extend(margins);
            drawing.extend(screen.cursor_state_formatted().into_bytes());
            drawing.extend(screen.attributes_formatted().into_bytes());
        }
        drawing.extend(screen.input_mode_formatted().into_bytes());
        drawing.extend(unfinished);
        drawing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::num::NonZeroU16;

    fn size(rows: u16, cols: u16) -> WindowSize {
        WindowSize { rows: NonZeroU16::new(rows).unwrap(), cols: NonZeroU16::new(cols).unwrap() }
    }

    fn shown(parser: &Parser) -> (String, String) {
        (parser.screen().contents(), parser.screen().state_formatted())
    }

    /// Plays `before`, lets somebody join, plays `after`; returns what the one sees who was there and the one who joined.
    fn joined(before: &[u8], after: &[u8]) -> [(String, String); 2] {
        let mut screen = Screen::new(size(6, 20));
        let mut present = Parser::new(size(6, 20).rows, size(6, 20).cols, 0);
        let mut late = Parser::new(size(6, 20).rows, size(6, 20).cols, 0);
        screen.process(before);
        present.process(before);
        let drawing = screen.redraw();
        for watcher in [&mut present, &mut late] {
            watcher.process(&drawing);
            watcher.process(after);
        }
        [shown(&present), shown(&late)]
    }

    #[test]
    fn who_joins_late_sees_what_the_others_see() {
        for (before, after) in [
            (&b"hello\r\n\x1b[31mred"[..], &b" more\x1b[m plain"[..]),
            (b"prompt\r\n\x1b[?1049h\x1b[Hin the alternate\x1b[?25l\x1b[?2004h", b"\x1b[2;1Hmore"),
            (b"prompt$ less\r\n\x1b[?1049h\x1b[Hin the alternate", b"\x1b[?1049l\x1b[?25hback$ "),
            (b"\x1b[1;3", b"1mred"),
            ("half of \u{e4}".as_bytes().split_last().unwrap().1, &"\u{e4}!".as_bytes()[1..]),
            (b"\x1b[2;4r\x1b[4;1Hlast", b"\r\nscrolled\r\nscrolled"),
            (b"a full line of text.", b"!"),
        ] {
            let [present, late] = joined(before, after);
            assert_eq!(present, late, "{before:?} {after:?}");
            let mut undisturbed = Parser::new(size(6, 20).rows, size(6, 20).cols, 0);
            undisturbed.process(&[before, after].concat());
            assert_eq!(undisturbed.screen().contents(), late.0, "{before:?} {after:?}");
        }
    }

    #[test]
    fn the_title_comes_too() {
        let mut screen = Screen::new(size(6, 20));
        screen.process(b"\x1b]0;work\x07");
        assert!(screen.redraw().starts_with(b"\x1b]2;work\x07"));
    }

    #[test]
    fn what_a_killed_program_leaves_behind_is_undone() {
        let mut screen = Screen::new(size(6, 20));
        screen.process(b"before\r\n");
        assert_eq!(screen.tidying(), b"");
        screen.process(b"\x1b[?1049h\x1b[2;4r\x1b[?25l\x1b[?1h\x1b=\x1b[?1002h\x1b[?1006h\x1b[?2004h\x1b[31mred\x1b[4");
        let tidying = screen.tidying();
        screen.process(&tidying);
        assert_eq!(screen.tidying(), b"");
        let mut untouched = Screen::new(size(6, 20));
        untouched.process(b"before\r\n");
        assert_eq!(screen.parser.screen().state_formatted(), untouched.parser.screen().state_formatted());
    }

    proptest! {
        #[test]
        fn no_output_and_no_size_is_too_odd(
            pieces in prop::collection::vec((any::<Vec<u8>>(), "(\x1b\\[[0-9;?]{0,6}[@-~]|[ -~]|\u{4e2d}|\r|\n){0,20}", 1u16..9, 1u16..9), 0..20)
        ) {
            let mut screen = Screen::new(size(3, 5));
            for (bytes, text, rows, cols) in pieces {
                screen.process(&bytes);
                screen.process(text.as_bytes());
                screen.redraw();
                screen.resize(size(rows, cols));
            }
        }
    }
}
