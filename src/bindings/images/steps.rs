//! What is done to images: read, step by step changed, written. Knows no JavaScript.

use std::io::Cursor;
use std::sync::Arc;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, ImageReader, Limits, Rgba, RgbaImage};
use serde::Deserialize;

/// A code of Cloudflare's and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) u32, pub(super) String);

type Answer<T> = Result<T, Refused>;

/// Pixels of a side.
const MAX_SIDE: u32 = 12_000;
/// Bytes that an image takes in memory.
const MAX_MEMORY: u64 = 512 << 20;

const UNREADABLE: u32 = 9412;
const WRONG_OPTION: u32 = 9401;

fn wrong(what: impl Into<String>) -> Refused {
    Refused(WRONG_OPTION, what.into())
}

/// An image by its number, and what is done to it.
#[derive(Deserialize)]
struct Plan {
    image: usize,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    transform: Option<Transform>,
    draw: Option<Plan>,
    #[serde(default)]
    options: Draw,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transform {
    width: Option<f64>,
    height: Option<f64>,
    fit: Option<String>,
    gravity: Option<Gravity>,
    rotate: Option<i64>,
    flip: Option<String>,
    blur: Option<f32>,
    brightness: Option<f32>,
    contrast: Option<f32>,
    background: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Gravity {
    Side(String),
    Point { x: Option<f64>, y: Option<f64> },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    opacity: Option<f32>,
    top: Option<i64>,
    left: Option<i64>,
    bottom: Option<i64>,
    right: Option<i64>,
}

#[derive(Deserialize)]
struct Output {
    format: String,
    quality: Option<f64>,
    background: Option<String>,
}

/// The format, and the size unless it is a drawing.
pub(super) fn info(bytes: &[u8]) -> Answer<Vec<Told>> {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).trim_start().to_owned();
    if start.starts_with("<svg") || (start.starts_with("<?xml") && start.contains("<svg")) {
        return Ok(vec![Told::Text("image/svg+xml")]);
    }
    let reader = reader(bytes)?;
    let format = reader.format().map(|format| format.to_mime_type()).unwrap_or_default();
    let (width, height) = reader.into_dimensions().map_err(|error| Refused(UNREADABLE, error.to_string()))?;
    Ok(vec![Told::Text(format), Told::Number(width), Told::Number(height)])
}

/// A part of what [`info`] tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    Text(&'static str),
    Number(u32),
}

/// Runs a plan and writes what comes of it; both are JSON.
pub(super) fn run(images: &[Arc<[u8]>], plan: &str, output: &str) -> Answer<Vec<u8>> {
    let plan: Plan = serde_json::from_str(plan).map_err(|error| wrong(explained(&error)))?;
    let output: Output = serde_json::from_str(output).map_err(|error| wrong(explained(&error)))?;
    let made = perform(images, &plan)?;
    write(&made, &output)
}

/// Without the place, which nobody wrote.
fn explained(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.find(" at line").unwrap_or(text.len());
    text[..end].to_owned()
}

fn reader(bytes: &[u8]) -> Answer<ImageReader<Cursor<&[u8]>>> {
    let unreadable =
        || Refused(UNREADABLE, "The image could not be read: it is of no format that is known.".to_owned());
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| unreadable())?;
    reader.format().ok_or_else(unreadable)?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    Ok(reader)
}

fn perform(images: &[Arc<[u8]>], plan: &Plan) -> Answer<DynamicImage> {
    let bytes = images.get(plan.image).ok_or_else(|| wrong("there is no such image"))?;
    let mut made = reader(bytes)?.decode().map_err(|error| Refused(UNREADABLE, error.to_string()))?;
    for step in &plan.steps {
        if let Some(transform) = &step.transform {
            made = transform.apply(made)?;
        }
        if let Some(drawn) = &step.draw {
            let drawn = perform(images, drawn)?;
            made = step.options.apply(made, &drawn);
        }
    }
    Ok(made)
}

impl Transform {
    fn apply(&self, image: DynamicImage) -> Answer<DynamicImage> {
        let mut made = match self.rotate {
            None | Some(0) => image,
            Some(90) => image.rotate90(),
            Some(180) => image.rotate180(),
            Some(270) => image.rotate270(),
            Some(other) => return Err(wrong(format!("rotate must be 90, 180 or 270, not {other}"))),
        };
        if let Some(flip) = &self.flip {
            made = if flip.contains('h') { made.fliph() } else { made };
            made = if flip.contains('v') { made.flipv() } else { made };
        }
        made = self.resize(&made)?;
        if let Some(blur) = self.blur.filter(|blur| *blur > 0.0) {
            made = made.blur(blur.min(250.0) / 2.0);
        }
        if let Some(brightness) = self.brightness {
            let scaled = |value: u8| saturated(f32::from(value) * brightness);
            made = each_channel(&made, scaled);
        }
        if let Some(contrast) = self.contrast {
            let scaled = |value: u8| saturated((f32::from(value) - 127.5) * contrast + 127.5);
            made = each_channel(&made, scaled);
        }
        match &self.background {
            Some(color) => Ok(on(&made, parse_color(color)?)),
            None => Ok(made),
        }
    }

    fn resize(&self, image: &DynamicImage) -> Answer<DynamicImage> {
        let (wide, high) = (f64::from(image.width()), f64::from(image.height()));
        let (width, height) = match (self.width, self.height) {
            (None, None) => return Ok(image.clone()),
            (Some(width), None) => (width, f64::INFINITY),
            (None, Some(height)) => (f64::INFINITY, height),
            (Some(width), Some(height)) => (width, height),
        };
        if !(width >= 1.0 && height >= 1.0) {
            return Err(wrong("width and height must be positive"));
        }
        let inside = (width / wide).min(height / high);
        let both = width.is_finite() && height.is_finite();
        let scaled = |by: f64| image.resize_exact(side(wide * by), side(high * by), FilterType::Lanczos3);
        match self.fit.as_deref().unwrap_or("scale-down") {
            "scale-down" => Ok(if inside < 1.0 { scaled(inside) } else { image.clone() }),
            "contain" => Ok(scaled(inside)),
            _ if !both => Ok(scaled(inside)),
            "squeeze" => Ok(image.resize_exact(side(width), side(height), FilterType::Lanczos3)),
            "pad" => Ok(self.padded(&scaled(inside), side(width), side(height))),
            fit @ ("cover" | "crop") => {
                let by = (width / wide).max(height / high);
                let by = if fit == "crop" { by.min(1.0) } else { by };
                Ok(self.cropped(&scaled(by), side(width), side(height)))
            }
            other => Err(wrong(format!("fit {other:?} is not known"))),
        }
    }

    /// Where what is kept or placed stands, from 0 to 1 both ways.
    fn anchor(&self) -> (f64, f64) {
        match &self.gravity {
            None => (0.5, 0.5),
            Some(Gravity::Point { x, y }) => (x.unwrap_or(0.5), y.unwrap_or(0.5)),
            Some(Gravity::Side(side)) => match side.as_str() {
                "left" => (0.0, 0.5),
                "right" => (1.0, 0.5),
                "top" => (0.5, 0.0),
                "bottom" => (0.5, 1.0),
                _ => (0.5, 0.5),
            },
        }
    }

    fn cropped(&self, image: &DynamicImage, width: u32, height: u32) -> DynamicImage {
        let (width, height) = (width.min(image.width()), height.min(image.height()));
        let (x, y) = self.anchor();
        let left = offset(image.width() - width, x);
        let top = offset(image.height() - height, y);
        image.crop_imm(left, top, width, height)
    }

    fn padded(&self, image: &DynamicImage, width: u32, height: u32) -> DynamicImage {
        let mut around = RgbaImage::from_pixel(width, height, Rgba([255, 255, 255, 0]));
        let (x, y) = self.anchor();
        let left = offset(width.saturating_sub(image.width()), x);
        let top = offset(height.saturating_sub(image.height()), y);
        imageops::replace(&mut around, &image.to_rgba8(), i64::from(left), i64::from(top));
        around.into()
    }
}

impl Draw {
    fn apply(&self, below: DynamicImage, drawn: &DynamicImage) -> DynamicImage {
        let mut below = below.into_rgba8();
        let mut drawn = drawn.to_rgba8();
        if let Some(opacity) = self.opacity {
            for pixel in drawn.pixels_mut() {
                pixel.0[3] = saturated(f32::from(pixel.0[3]) * opacity);
            }
        }
        let place = |near: Option<i64>, far: Option<i64>, whole: u32, part: u32| {
            let room = i64::from(whole) - i64::from(part);
            near.or_else(|| far.map(|far| room - far)).unwrap_or(room / 2)
        };
        let left = place(self.left, self.right, below.width(), drawn.width());
        let top = place(self.top, self.bottom, below.height(), drawn.height());
        imageops::overlay(&mut below, &drawn, left, top);
        below.into()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held to what a side can be")]
fn side(length: f64) -> u32 {
    length.round().clamp(1.0, f64::from(MAX_SIDE)) as u32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and the room")]
fn offset(room: u32, share: f64) -> u32 {
    (f64::from(room) * share.clamp(0.0, 1.0)).round() as u32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held to what a channel can be")]
fn saturated(value: f32) -> u8 {
    value.round().clamp(0.0, 255.0) as u8
}

/// All but how opaque it is.
fn each_channel(image: &DynamicImage, change: impl Fn(u8) -> u8) -> DynamicImage {
    let mut image = image.to_rgba8();
    for pixel in image.pixels_mut() {
        for channel in &mut pixel.0[..3] {
            *channel = change(*channel);
        }
    }
    image.into()
}

fn on(image: &DynamicImage, color: Rgba<u8>) -> DynamicImage {
    let mut below = RgbaImage::from_pixel(image.width(), image.height(), color);
    imageops::overlay(&mut below, &image.to_rgba8(), 0, 0);
    below.into()
}

/// `#rgb`, `#rrggbb` or `#rrggbbaa`, and a few names.
fn parse_color(text: &str) -> Answer<Rgba<u8>> {
    let unknown = || wrong(format!("the color {text:?} is not known: write it as #rrggbb"));
    let hex = match text {
        "white" => "ffffff",
        "black" => "000000",
        "red" => "ff0000",
        "transparent" => "00000000",
        _ => text.strip_prefix('#').ok_or_else(unknown)?,
    };
    let digits: Option<Vec<u8>> =
        hex.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.ok_or_else(unknown)?;
    let channels: Vec<u8> = match digits.len() {
        3 => digits.iter().map(|digit| digit * 17).collect(),
        6 | 8 => digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect(),
        _ => return Err(unknown()),
    };
    Ok(Rgba([channels[0], channels[1], channels[2], channels.get(3).copied().unwrap_or(255)]))
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a quality is held to 1 to 100")]
fn write(image: &DynamicImage, output: &Output) -> Answer<Vec<u8>> {
    let image = match &output.background {
        Some(color) => &on(image, parse_color(color)?),
        None => image,
    };
    let mut bytes = Cursor::new(Vec::new());
    let written = match output.format.as_str() {
        "rgb" => return Ok(image.to_rgb8().into_raw()),
        "rgba" => return Ok(image.to_rgba8().into_raw()),
        "image/jpeg" => {
            let quality = output.quality.unwrap_or(75.0).clamp(1.0, 100.0) as u8;
            image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
        }
        "image/png" => image.write_to(&mut bytes, ImageFormat::Png),
        "image/gif" => image.to_rgba8().write_to(&mut bytes, ImageFormat::Gif),
        "image/webp" => image.to_rgba8().write_to(&mut bytes, ImageFormat::WebP),
        other => return Err(wrong(format!("devflare cannot write {other}"))),
    };
    written.map_err(|error| Refused(9523, error.to_string()))?;
    Ok(bytes.into_inner())
}
