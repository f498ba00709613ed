//! The page on pictures: what it has in each language shows the picture.

use std::fs;

use image::{ImageFormat, Rgb, RgbImage};
use runner_core::Display;
use runner_testkit::{Client, Daemon};

use crate::PROGRAM;
use crate::pages::Page;

/// The picture that pages show.
pub fn picture() -> RgbImage {
    RgbImage::from_fn(3, 2, |x, y| Rgb([u8::try_from(x * 100).unwrap(), u8::try_from(y * 200).unwrap(), 7]))
}

pub fn are_shown(language: &str) {
    let page = Page::read("docs/src/display.md");
    let blocks = page.blocks();
    let code = blocks.iter().find(|block| block.language == language);
    let code = code.unwrap_or_else(|| panic!("{} has no {language}", page.path)).code;
    let daemon = Daemon::of(PROGRAM, language);
    let picture = picture();
    picture.save(daemon.work_dir().join("picture.png")).unwrap();
    let bytes = fs::read(daemon.work_dir().join("picture.png")).unwrap();
    let mut client = Client::connect(&daemon);

    let outcome = client.query(code);

    assert_eq!(outcome.exit_code, Some(0), "{outcome:?}");
    assert_eq!(outcome.displays, [Display::new("image/png", bytes)], "{outcome:?}");
    let shown = image::load_from_memory_with_format(outcome.displays[0].forms()[0].1, ImageFormat::Png).unwrap();
    assert_eq!(shown.to_rgb8(), picture);
}
