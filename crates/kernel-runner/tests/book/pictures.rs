//! The book's page on pictures: what it has in each language shows the picture.

#![cfg(feature = "all")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers included")]

use std::fs;

use image::{ImageFormat, Rgb, RgbImage};
use runner_core::Display;
use runner_testkit::{Client, Daemon};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kernel-runner");
const PAGE: &str = include_str!("../../../docs/src/display.md");

/// The code of a language on the page.
fn code(language: &str) -> &'static str {
    let start = format!("```{language}\n");
    let (_, rest) = PAGE.split_once(&start).unwrap_or_else(|| panic!("the page has no {language}"));
    rest.split_once("\n```").unwrap().0
}

fn shows_its_picture(language: &str) {
    let picture =
        RgbImage::from_fn(3, 2, |x, y| Rgb([u8::try_from(x * 100).unwrap(), u8::try_from(y * 200).unwrap(), 7]));
    let daemon = Daemon::of(PROGRAM, language);
    picture.save(daemon.work_dir().join("picture.png")).unwrap();
    let bytes = fs::read(daemon.work_dir().join("picture.png")).unwrap();
    let mut client = Client::connect(&daemon);

    let outcome = client.query(code(language));

    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_eq!(outcome.displays, [Display::new("image/png", bytes)], "{outcome:?}");
    let shown = image::load_from_memory_with_format(outcome.displays[0].forms()[0].1, ImageFormat::Png).unwrap();
    assert_eq!(shown.to_rgb8(), picture);
}

/// A test for each language, named after it.
macro_rules! languages {
    ($($language:ident)*) => {
        $(#[test] fn $language() {
            shows_its_picture(stringify!($language));
        })*
    };
}

languages! { c cpp golang haskell java julia lua nodejs octave php python r rust }
