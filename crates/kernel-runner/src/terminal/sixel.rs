//! Sixel: pictures as DEC's terminals print them, in bands of six rows and with a palette.

use std::collections::HashMap;
use std::fmt::Write as _;

use color_quant::NeuQuant;
use image::{Pixel as _, Rgba, RgbaImage};

/// How many colors terminals have at least.
const MAX_COLORS: usize = 256;
/// How many rows one character stands for.
const BAND: u32 = 6;
/// The character for no pixel at all; the others are this one and a bit for each row.
const EMPTY: u8 = b'?';
/// One of so many pixels is looked at to choose colors: 1 is best and slowest.
const SAMPLING: i32 = 10;
/// What is less opaque than this is not drawn.
const OPAQUE: u8 = 128;

/// The codes that draw a picture. Transparent pixels show what is behind.
pub(super) fn encode(image: &RgbaImage) -> Vec<u8> {
    let (palette, pixels) = quantize(image);
    let mut codes = format!("\x1bP0;1;0q\"1;1;{};{}", image.width(), image.height());
    for (number, Rgba([red, green, blue, _])) in palette.iter().enumerate() {
        let [red, green, blue] = [red, green, blue].map(|value| (u32::from(*value) * 100 + 127) / 255);
        write!(codes, "#{number};2;{red};{green};{blue}").expect("a String takes everything");
    }
    let mut codes = codes.into_bytes();
    let width = image.width() as usize;
    for (number, band) in pixels.chunks(width * BAND as usize).enumerate() {
        if number > 0 {
            codes.push(b'-');
        }
        for (number, (color, line)) in lines(band, width, palette.len()).enumerate() {
            if number > 0 {
                codes.push(b'$');
            }
            codes.extend_from_slice(format!("#{color}").as_bytes());
            repeat(&line, &mut codes);
        }
    }
    codes.extend_from_slice(b"\x1b\\");
    codes
}

/// The colors, and the number of each pixel's color, where it has one.
fn quantize(image: &RgbaImage) -> (Vec<Rgba<u8>>, Vec<Option<usize>>) {
    let color = |pixel: &Rgba<u8>| (pixel.0[3] >= OPAQUE).then(|| Rgba([pixel.0[0], pixel.0[1], pixel.0[2], u8::MAX]));
    let mut known = HashMap::new();
    let mut palette = Vec::new();
    for color in image.pixels().filter_map(color) {
        known.entry(color).or_insert_with(|| {
            palette.push(color);
            palette.len() - 1
        });
    }
    if palette.len() > MAX_COLORS {
        let opaque: Vec<u8> = image.pixels().filter_map(color).flat_map(|color| color.0).collect();
        let chosen = NeuQuant::new(SAMPLING, MAX_COLORS, &opaque);
        for (color, number) in &mut known {
            *number = chosen.index_of(color.channels());
        }
        palette = chosen.color_map_rgba().chunks_exact(4).map(|channels| *Rgba::from_slice(channels)).collect();
    }
    let pixels = image.pixels().map(|pixel| color(pixel).and_then(|color| known.get(&color).copied())).collect();
    (palette, pixels)
}

/// Each color of a band, with a character for each column.
fn lines(band: &[Option<usize>], width: usize, colors: usize) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let mut lines = vec![Vec::new(); colors];
    for (row, pixels) in band.chunks(width).enumerate() {
        for (column, color) in pixels.iter().enumerate().filter_map(|(column, color)| Some((column, (*color)?))) {
            let line = &mut lines[color];
            line.resize(width, EMPTY);
            line[column] += 1 << row;
        }
    }
    lines.into_iter().enumerate().filter(|(_, line)| !line.is_empty())
}

/// Writes the characters, repeated ones as `!COUNT CHARACTER`.
fn repeat(line: &[u8], codes: &mut Vec<u8>) {
    for run in line.chunk_by(|one, next| one == next) {
        match run {
            [one, _, _, _, ..] => {
                codes.extend_from_slice(format!("!{}", run.len()).as_bytes());
                codes.push(*one);
            }
            few => codes.extend_from_slice(few),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The color of each pixel that is drawn, in percents.
    type Drawn = HashMap<(usize, usize), [u32; 3]>;

    /// What a terminal makes of the codes: the size, and what it draws.
    fn decode(codes: &[u8]) -> ((usize, usize), Drawn) {
        let codes = std::str::from_utf8(codes).unwrap();
        let mut rest = codes.strip_prefix("\x1bP0;1;0q\"1;1;").unwrap().strip_suffix("\x1b\\").unwrap();
        let take_number = move |rest: &mut &str| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            *rest = after;
            number.parse::<usize>().unwrap()
        };
        let width = take_number(&mut rest);
        rest = &rest[1..];
        let height = take_number(&mut rest);
        let (mut palette, mut pixels) = (HashMap::new(), HashMap::new());
        let (mut color, mut x, mut y) = (0, 0, 0);
        while let Some(kind) = rest.chars().next() {
            rest = &rest[1..];
            let mut count = 1;
            let mut sixel = kind;
            match kind {
                '#' => {
                    color = take_number(&mut rest);
                    if let Some(values) = rest.strip_prefix(";2;") {
                        rest = values;
                        let mut channel = || {
                            let value = take_number(&mut rest);
                            rest = rest.strip_prefix(';').unwrap_or(rest);
                            u32::try_from(value).unwrap()
                        };
                        palette.insert(color, [channel(), channel(), channel()]);
                    }
                    continue;
                }
                '$' => {
                    x = 0;
                    continue;
                }
                '-' => {
                    (x, y) = (0, y + 6);
                    continue;
                }
                '!' => {
                    count = take_number(&mut rest);
                    sixel = rest.chars().next().unwrap();
                    rest = &rest[1..];
                }
                _ => {}
            }
            let bits = u32::from(sixel) - 0x3f;
            for _ in 0..count {
                for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                    assert_eq!(pixels.insert((x, y + row), palette[&color]), None, "drawn twice");
                }
                x += 1;
            }
        }
        ((width, height), pixels)
    }

    fn percents(pixel: Rgba<u8>) -> [u32; 3] {
        [pixel[0], pixel[1], pixel[2]].map(|value| (u32::from(value) * 100 + 127) / 255)
    }

    #[test]
    fn a_small_picture_reads_as_in_the_manual() {
        let image = RgbaImage::from_fn(5, 7, |_, y| Rgba([255, if y < 6 { 0 } else { 255 }, 0, 255]));
        let expected = "\x1bP0;1;0q\"1;1;5;7#0;2;100;0;0#1;2;100;100;0#0!5~-#1!5@\x1b\\";
        assert_eq!(String::from_utf8(encode(&image)).unwrap(), expected);
    }

    #[test]
    fn few_colors_are_kept_and_transparent_pixels_are_not_drawn() {
        let alpha = |x: u32| if x.is_multiple_of(5) { 0 } else { 255 };
        let image = RgbaImage::from_fn(37, 20, |x, y| {
            Rgba([u8::try_from(x % 8).unwrap() * 30, u8::try_from(y).unwrap() * 10, 9, alpha(x)])
        });
        let (size, pixels) = decode(&encode(&image));
        assert_eq!(size, (37, 20));
        for (x, y, pixel) in image.enumerate_pixels() {
            let expected = (pixel[3] == 255).then(|| percents(*pixel));
            assert_eq!(pixels.get(&(x as usize, y as usize)).copied(), expected);
        }
    }

    #[test]
    fn many_colors_are_shown_by_similar_ones() {
        let byte = |value: u32| u8::try_from(value).unwrap();
        let image = RgbaImage::from_fn(256, 256, |x, y| Rgba([byte(x), byte(y), byte(u32::midpoint(x, y)), 255]));
        let (_, pixels) = decode(&encode(&image));
        assert_eq!(pixels.len(), 256 * 256);
        let error: u32 = image
            .enumerate_pixels()
            .map(|(x, y, pixel)| {
                let shown = pixels[&(x as usize, y as usize)];
                shown.iter().zip(percents(*pixel)).map(|(shown, wanted)| shown.abs_diff(wanted)).sum::<u32>()
            })
            .sum();
        let mean = f64::from(error) / f64::from(3 * 256 * 256);
        assert!(mean < 3.0, "a mean error of {mean} percents");
    }

    #[test]
    fn a_picture_without_a_visible_pixel_draws_nothing() {
        assert!(decode(&encode(&RgbaImage::new(3, 3))).1.is_empty());
    }
}
