//! How large the terminal's window is.

#![cfg_attr(not(any(feature = "display", test)), expect(dead_code, reason = "only pictures are made to fit"))]

use std::io;

use rustix::termios::tcgetwinsize;

/// What a cell measures, in pixels, where the terminal does not say.
const USUAL_CELL: (u32, u32) = (8, 16);

/// The window, in cells and in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) columns: usize,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Window {
    pub(super) fn now() -> Self {
        let (columns, rows, width, height) = tcgetwinsize(io::stdout())
            .map_or((0, 0, 0, 0), |size| (size.ws_col, size.ws_row, size.ws_xpixel, size.ws_ypixel));
        Self::of(columns, rows, width, height)
    }

    /// What is 0 is not known.
    pub(super) fn of(columns: u16, rows: u16, width: u16, height: u16) -> Self {
        let or = |value: u16, usual: u32| if value == 0 { usual } else { value.into() };
        let (columns, rows) = (or(columns, 80), or(rows, 24));
        let (width, height) = (or(width, columns * USUAL_CELL.0), or(height, rows * USUAL_CELL.1));
        Self { columns: columns as usize, width, height }
    }

    /// The size of a picture in it, in pixels: its own, or as much as there is room for.
    pub(super) fn fit(&self, width: u32, height: u32) -> (u32, u32) {
        let scaled = |length: u32, by: u32, of: u32| {
            u32::try_from(u64::from(length) * u64::from(by) / u64::from(of)).unwrap_or(length).max(1)
        };
        if width <= self.width && height <= self.height {
            (width, height)
        } else if u64::from(width) * u64::from(self.height) > u64::from(height) * u64::from(self.width) {
            (self.width, scaled(height, self.width, width))
        } else {
            (scaled(width, self.height, height), self.height)
        }
    }

    /// How many columns so many pixels are.
    pub(super) fn columns_of(&self, width: u32) -> u64 {
        (u64::from(width) * self.columns as u64 / u64::from(self.width)).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn a_picture_that_is_too_large_is_made_to_fit() {
        let window = Window::of(80, 24, 800, 480);
        assert_eq!(window.fit(100, 50), (100, 50));
        assert_eq!(window.fit(1600, 100), (800, 50));
        assert_eq!(window.fit(100, 4800), (10, 480));
        assert_eq!(window.fit(u32::MAX, 1), (800, 1));
        assert_eq!(window.columns_of(400), 40);
    }

    #[test]
    fn a_terminal_that_does_not_say_is_taken_for_a_usual_one() {
        let window = Window::of(0, 0, 0, 0);
        assert_eq!((window.columns, window.width, window.height), (80, 640, 384));
    }
}
