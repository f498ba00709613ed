//! Pictures as the codes that make a terminal show them.

use std::env;
use std::fmt::Write as _;
use std::io::{self, Cursor, IsTerminal as _};

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::PngEncoder;
use image::imageops::thumbnail;
use image::{DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader};

use super::window::Window;
use super::{ask, sixel};
use crate::local;

/// Larger pictures are not decoded: this many pixels take up 256 MiB.
const MAX_PIXELS: u64 = 64 * 1024 * 1024;
/// How much of a picture kitty takes in one piece.
const KITTY_CHUNK: usize = 4096;

/// How a terminal is told to show a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Kitty,
    Iterm2,
    Sixel,
}

impl Protocol {
    /// What the terminal shows pictures with, from what it says of itself. Nothing may read from it yet.
    pub(super) fn detect() -> Option<Self> {
        let variable = |name: &str| env::var(name).unwrap_or_default();
        if let Some(known) = Self::of_terminal(variable) {
            return Some(known);
        }
        if ["", "dumb"].contains(&variable("TERM").as_str()) {
            return None;
        }
        let heard = ask::ask()?;
        if io::stdin().is_terminal() {
            local::typed_ahead().extend(heard.typed);
        }
        heard.shows_sixel.then_some(Self::Sixel)
    }

    /// What the terminal is known to understand, by its environment variables. A multiplexer hides the terminal.
    fn of_terminal(variable: impl Fn(&str) -> String) -> Option<Self> {
        let term = variable("TERM");
        let is_hidden = ["TMUX", "STY", "ZELLIJ"].iter().any(|name| !variable(name).is_empty());
        if is_hidden || term.starts_with("tmux") || term.starts_with("screen") {
            return None;
        }
        match (term.as_str(), variable("TERM_PROGRAM").as_str()) {
            ("xterm-kitty" | "xterm-ghostty", _) | (_, "ghostty") => Some(Self::Kitty),
            (_, "iTerm.app" | "WezTerm" | "mintty") => Some(Self::Iterm2),
            (_, "") if !variable("KITTY_WINDOW_ID").is_empty() => Some(Self::Kitty),
            (_, "") if variable("LC_TERMINAL") == "iTerm2" => Some(Self::Iterm2),
            _ => None,
        }
    }

    /// The codes that show a picture. One that is larger than the window is shown smaller.
    pub(super) fn encode(self, data: &[u8], window: Window) -> anyhow::Result<Vec<u8>> {
        let (image, format) = decode(data)?;
        let (width, _) = window.fit(image.width(), image.height());
        let columns = (width < image.width()).then(|| window.columns_of(width));
        match self {
            Self::Kitty if format == ImageFormat::Png => Ok(kitty(data, columns)),
            Self::Kitty => Ok(kitty(&png(&image)?, columns)),
            Self::Iterm2 if format == ImageFormat::WebP => Ok(iterm2(&png(&image)?, columns)),
            Self::Iterm2 => Ok(iterm2(data, columns)),
            Self::Sixel => {
                let (width, height) = window.fit(image.width(), image.height());
                // Of one kind of pixels: the code that makes pictures smaller is there once for each kind that it gets.
                let image = image.into_rgba8();
                Ok(sixel::encode(&if columns.is_some() { thumbnail(&image, width, height) } else { image }))
            }
        }
    }
}

/// The picture, and what it was encoded as: terminals say nothing when they cannot make anything of it.
fn decode(data: &[u8]) -> anyhow::Result<(DynamicImage, ImageFormat)> {
    let reader = ImageReader::new(Cursor::new(data)).with_guessed_format()?;
    let format = reader.format().context("a format that is not known here")?;
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    ensure!(pixels > 0, "it has no pixels");
    ensure!(pixels <= MAX_PIXELS, "{width} x {height} pixels are too many");
    Ok((DynamicImage::from_decoder(decoder)?, format))
}

fn png(image: &DynamicImage) -> anyhow::Result<Vec<u8>> {
    let (mut png, image) = (Vec::new(), image.to_rgba8());
    // Named, so that the encoders of other formats are not linked.
    PngEncoder::new(&mut png).write_image(&image, image.width(), image.height(), ExtendedColorType::Rgba8)?;
    Ok(png)
}

/// Kitty's graphics protocol: PNG in base64, in pieces. `q=2` keeps the terminal from answering.
fn kitty(png: &[u8], columns: Option<u64>) -> Vec<u8> {
    let base64 = STANDARD.encode(png);
    let size = columns.map(|columns| format!(",c={columns}")).unwrap_or_default();
    let mut control = format!("a=T,f=100,q=2{size},");
    let mut codes = Vec::with_capacity(base64.len() + base64.len() / 256);
    let mut chunks = base64.as_bytes().chunks(KITTY_CHUNK).peekable();
    while let Some(chunk) = chunks.next() {
        let more = u8::from(chunks.peek().is_some());
        codes.extend_from_slice(format!("\x1b_G{control}m={more};").as_bytes());
        codes.extend_from_slice(chunk);
        codes.extend_from_slice(b"\x1b\\");
        control.clear();
    }
    codes
}

/// iTerm2's protocol: the file in base64.
fn iterm2(data: &[u8], columns: Option<u64>) -> Vec<u8> {
    let mut codes = format!("\x1b]1337;File=inline=1;size={}", data.len());
    if let Some(columns) = columns {
        write!(codes, ";width={columns}").expect("a String takes everything");
    }
    codes.push(':');
    STANDARD.encode_string(data, &mut codes);
    codes.push('\x07');
    codes.into_bytes()
}

#[cfg(test)]
mod tests {
    use image::{GenericImageView as _, Rgb, RgbImage};

    use super::*;

    fn window() -> Window {
        Window::of(80, 24, 800, 480)
    }

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        // Noise, so that it is too large for one chunk.
        let noise = |x: u32, y: u32| ((x * 7919) ^ (y * 104_729)).wrapping_mul(2_654_435_761).to_be_bytes();
        let image = RgbImage::from_fn(width, height, |x, y| Rgb([noise(x, y)[0], noise(x, y)[1], noise(x, y)[2]]));
        let mut data = Cursor::new(Vec::new());
        image.write_to(&mut data, format).unwrap();
        data.into_inner()
    }

    fn codes(protocol: Protocol, data: &[u8]) -> String {
        String::from_utf8(protocol.encode(data, window()).unwrap()).unwrap()
    }

    /// The control data of the first piece, and the PNG of all of them.
    fn kitty_shows(codes: &str) -> (String, Vec<u8>) {
        let mut base64 = String::new();
        let mut control = None;
        let pieces: Vec<_> = codes.split_terminator("\x1b\\").collect();
        for (number, piece) in pieces.iter().enumerate() {
            let (keys, data) = piece.strip_prefix("\x1b_G").unwrap().split_once(';').unwrap();
            assert!(data.len() <= KITTY_CHUNK);
            let more = if number + 1 < pieces.len() { "m=1" } else { "m=0" };
            assert!(keys.ends_with(more), "{keys}");
            control.get_or_insert_with(|| keys.strip_suffix(more).unwrap().to_owned());
            base64.push_str(data);
        }
        (control.unwrap(), STANDARD.decode(base64).unwrap())
    }

    #[test]
    fn kitty_gets_a_png_as_it_is() {
        let png = picture(100, 50, ImageFormat::Png);
        assert_eq!(kitty_shows(&codes(Protocol::Kitty, &png)), ("a=T,f=100,q=2,".to_owned(), png));
    }

    #[test]
    fn kitty_gets_other_formats_as_png() {
        for format in [ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
            let data = picture(20, 10, format);
            let (_, png) = kitty_shows(&codes(Protocol::Kitty, &data));
            let (shown, format) = decode(&png).unwrap();
            assert_eq!((shown.to_rgba8(), format), (decode(&data).unwrap().0.to_rgba8(), ImageFormat::Png));
        }
    }

    #[test]
    fn a_picture_that_is_too_large_is_given_columns() {
        let png = picture(400, 960, ImageFormat::Png);
        assert_eq!(kitty_shows(&codes(Protocol::Kitty, &png)).0, "a=T,f=100,q=2,c=20,");
        assert!(
            codes(Protocol::Iterm2, &png).starts_with(&format!("\x1b]1337;File=inline=1;size={};width=20:", png.len()))
        );
    }

    #[test]
    fn iterm2_gets_the_file() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif] {
            let data = picture(20, 10, format);
            let codes = codes(Protocol::Iterm2, &data);
            let (control, base64) = codes.strip_suffix('\x07').unwrap().split_once(':').unwrap();
            assert_eq!(control, format!("\x1b]1337;File=inline=1;size={}", data.len()));
            assert_eq!(STANDARD.decode(base64).unwrap(), data);
        }
    }

    #[test]
    fn sixel_pictures_fit_into_the_window() {
        let codes = codes(Protocol::Sixel, &picture(400, 960, ImageFormat::Png));
        assert!(codes.starts_with("\x1bP0;1;0q\"1;1;200;480#"), "{}", &codes[..40]);
    }

    #[test]
    fn a_picture_that_is_none_is_an_error() {
        let png = picture(20, 10, ImageFormat::Png);
        let error = |data: &[u8]| format!("{:#}", Protocol::Kitty.encode(data, window()).unwrap_err());
        assert!(error(b"").contains("format"), "{}", error(b""));
        assert!(!error(&png[..png.len() / 2]).is_empty());
        assert!(!error(&png[..20]).is_empty());
        let sized = |width: u32, height: u32| {
            let mut ihdr = b"IHDR".to_vec();
            ihdr.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
            ihdr.extend([8, 6, 0, 0, 0]);
            let mut data = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
            data.extend_from_slice(&ihdr);
            data.extend(crc32(&ihdr).to_be_bytes());
            data.extend_from_slice(b"\0\0\0\0IDAT\x35\xaf\x06\x1e");
            data
        };
        assert!(error(&sized(30_000, 30_000)).contains("30000 x 30000"), "{}", error(&sized(30_000, 30_000)));
        assert!(!error(&sized(0, 0)).is_empty());
        assert!(!error(&sized(10, 10)).is_empty());
    }

    fn crc32(data: &[u8]) -> u32 {
        !data.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    #[test]
    fn a_terminal_is_known_by_its_environment() {
        let protocol = |variables: &[(&str, &str)]| {
            Protocol::of_terminal(|name| {
                variables
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map_or_else(String::new, |(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(protocol(&[("TERM", "xterm-kitty")]), Some(Protocol::Kitty));
        assert_eq!(protocol(&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")]), Some(Protocol::Kitty));
        assert_eq!(protocol(&[("TERM_PROGRAM", "ghostty")]), Some(Protocol::Kitty));
        for program in ["iTerm.app", "WezTerm", "mintty"] {
            assert_eq!(protocol(&[("TERM_PROGRAM", program)]), Some(Protocol::Iterm2));
        }
        assert_eq!(protocol(&[("LC_TERMINAL", "iTerm2")]), Some(Protocol::Iterm2));
        assert_eq!(protocol(&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1")]), None);
        assert_eq!(protocol(&[("TMUX", "/tmp/tmux"), ("TERM_PROGRAM", "WezTerm")]), None);
        assert_eq!(protocol(&[("TERM_PROGRAM", "vscode"), ("KITTY_WINDOW_ID", "1")]), None);
        assert_eq!(protocol(&[("TERM", "xterm-256color")]), None);
    }

    #[test]
    fn what_is_shown_as_png_has_the_picture_s_pixels() {
        let image = decode(&picture(3, 2, ImageFormat::Png)).unwrap().0;
        assert_eq!(decode(&png(&image).unwrap()).unwrap().0.get_pixel(2, 1), image.get_pixel(2, 1));
    }
}
