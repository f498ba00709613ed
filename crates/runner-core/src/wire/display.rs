use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Frames;
use super::request::to_json;

/// Something to look at, in one or more forms: a MIME bundle, as Jupyter has it.
///
/// The Backend.AI wire has room for one form of it, which [`frames`](Self::frames) has first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    forms: Vec<(String, Bytes)>,
    id: Option<String>,
    is_update: bool,
}

/// `media` on the wire.
#[derive(Serialize, Deserialize)]
struct Media {
    #[serde(rename = "type")]
    mime: String,
    /// The text itself, a `data:` URL where the type is binary, or what a graph consists of.
    data: Value,
}

impl Display {
    /// One form of something.
    ///
    /// ```
    /// use runner_core::Display;
    /// let picture = Display::new("image/png", &b"png"[..]).or("text/plain", "a picture");
    /// let (kind, payload) = picture.frames().next().unwrap();
    /// assert_eq!((kind, &payload[..]), ("media", &br#"{"type":"image/png","data":"data:image/png;base64,cG5n"}"#[..]));
    /// ```
    #[must_use]
    pub fn new(mime: impl Into<String>, data: impl Into<Bytes>) -> Self {
        Self { forms: vec![(mime.into(), data.into())], id: None, is_update: false }
    }

    /// Another form of the same thing.
    #[must_use]
    pub fn or(mut self, mime: impl Into<String>, data: impl Into<Bytes>) -> Self {
        self.forms.push((mime.into(), data.into()));
        self
    }

    /// Names it, so that another one can take its place.
    #[must_use]
    pub fn named(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Takes the place of the one that has this name. A client that cannot do that shows it as well.
    #[must_use]
    pub fn instead_of(mut self, id: impl Into<String>) -> Self {
        self.is_update = true;
        self.named(id)
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Whether it takes the place of the one with its name.
    #[must_use]
    pub fn is_update(&self) -> bool {
        self.is_update
    }

    /// Its forms, the most telling one first: a MIME type and data each.
    #[must_use]
    pub fn forms(&self) -> Vec<(&str, &Bytes)> {
        let mut forms: Vec<_> = self.forms.iter().map(|(mime, data)| (&mime[..], data)).collect();
        forms.sort_by_key(|(mime, _)| rank(mime));
        forms
    }

    /// Each form as a message, the most telling one first: HTML as `html`, everything else as `media`.
    pub fn frames(&self) -> impl Iterator<Item = Frames> {
        self.forms().into_iter().map(|(mime, data)| (kind(mime), payload(mime, data)))
    }

    pub(super) fn kind(&self) -> &'static str {
        kind(self.forms()[0].0)
    }

    /// All forms by their MIME types, as Jupyter has them: text as a string, JSON as it is, everything else in base64.
    #[must_use]
    pub fn bundle(&self) -> Value {
        let value = |mime: &str, data: &Bytes| {
            let text = || Value::from(String::from_utf8_lossy(data));
            match () {
                () if is_json(mime) => serde_json::from_slice(data).unwrap_or_else(|_| text()),
                () if is_text(mime) => text(),
                () => STANDARD.encode(data).into(),
            }
        };
        Value::Object(self.forms.iter().map(|(mime, data)| (mime.clone(), value(mime, data))).collect::<Map<_, _>>())
    }

    /// What the name of a file with such a form ends with, without a dot.
    ///
    /// ```
    /// use runner_core::Display;
    /// assert_eq!(["image/png", "image/svg+xml", "text/plain"].map(Display::extension), ["png", "svg", "txt"]);
    /// ```
    #[must_use]
    pub fn extension(mime: &str) -> &str {
        let subtype = mime.split(';').next().and_then(|mime| mime.split('/').nth(1)).unwrap_or_default();
        match subtype.split('+').next().unwrap_or_default() {
            "plain" => "txt",
            "latex" => "tex",
            "markdown" => "md",
            "javascript" => "js",
            name if !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()) => name,
            _ => "bin",
        }
    }

    /// Roughly how much memory it takes up, in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.forms.iter().map(|(mime, data)| mime.len() + data.len()).sum()
    }

    pub(super) fn decode_media(payload: &[u8]) -> anyhow::Result<Self> {
        let Media { mime, data } = serde_json::from_slice(payload)?;
        let data = match data {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let bytes = match data.strip_prefix("data:").and_then(|url| url.split_once(";base64,")) {
            Some((_, base64)) if !is_text(&mime) => STANDARD.decode(base64)?.into(),
            _ => Bytes::from(data),
        };
        Ok(Self::new(mime, bytes))
    }
}

fn kind(mime: &str) -> &'static str {
    if mime == HTML { "html" } else { "media" }
}

fn payload(mime: &str, data: &Bytes) -> Bytes {
    if mime == HTML {
        return String::from_utf8_lossy(data).into_owned().into();
    }
    if let Some(graph) = as_it_is(mime, data) {
        return graph;
    }
    let data = match packed(mime, data) {
        Some(drawing) => STANDARD.encode(drawing),
        None if is_text(mime) => String::from_utf8_lossy(data).into_owned(),
        None => format!("data:{mime};base64,{}", STANDARD.encode(data)),
    };
    to_json(&Media { mime: mime.to_owned(), data: data.into() })
}

/// A drawing's commands as clients want them: `MessagePack` of what is JSON here.
fn packed(mime: &str, data: &Bytes) -> Option<Vec<u8>> {
    if mime != DRAWING {
        return None;
    }
    let commands: Value = serde_json::from_slice(data).ok()?;
    rmp_serde::to_vec(&commands).ok()
}

/// A graph as clients want it: JSON within the JSON, where everything else is a text.
fn as_it_is(mime: &str, data: &Bytes) -> Option<Bytes> {
    if mime != GRAPH {
        return None;
    }
    let _: IgnoredAny = serde_json::from_slice(data).ok()?;
    Some([format!(r#"{{"type":"{mime}","data":"#).as_bytes(), data, b"}"].concat().into())
}

pub(super) const HTML: &str = "text/html";
/// The commits that the original's `%show graph` shows.
const GRAPH: &str = "application/vnd.sorna.gitgraph";
/// The drawings of the original's `Canvas` and `Turtle`.
const DRAWING: &str = "application/x-sorna-drawing";

/// The lower, the more a form tells those who look.
fn rank(mime: &str) -> u8 {
    match mime {
        HTML => 0,
        "image/svg+xml" => 1,
        "text/markdown" => 4,
        "text/latex" => 5,
        DRAWING => 2,
        "text/plain" => 8,
        _ if mime.starts_with("image/") => 2,
        _ if is_json(mime) => 6,
        _ if is_text(mime) => 7,
        _ => 3,
    }
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || mime.ends_with("+json") || mime == DRAWING || mime == GRAPH
}

/// SVG is text as well.
fn is_text(mime: &str) -> bool {
    mime.starts_with("text/") || mime.ends_with("+xml") || is_json(mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_telling_form_comes_first_and_text_last() {
        let frame =
            Display::new("text/plain", "a frame").or("text/latex", "x").or("text/html", "<table>").or("image/png", "p");
        let order: Vec<_> = frame.forms().into_iter().map(|(mime, _)| mime.to_owned()).collect();
        assert_eq!(order, ["text/html", "image/png", "text/latex", "text/plain"]);
        assert_eq!(frame.frames().next().unwrap(), ("html", "<table>".into()));
    }

    #[test]
    fn a_bundle_keeps_every_form() {
        let display = Display::new("image/png", "p").or("application/json", r#"{"a":1}"#).or("text/plain", "x");
        let expected = serde_json::json!({ "image/png": "cA==", "application/json": { "a": 1 }, "text/plain": "x" });
        assert_eq!(display.bundle(), expected);
    }

    #[test]
    fn a_drawing_is_packed() {
        let drawing = Display::new(DRAWING, r#"[["line",0,1.5]]"#);
        let base64 = STANDARD.encode(rmp_serde::to_vec(&serde_json::json!([["line", 0, 1.5]])).unwrap());
        let expected = format!(r#"{{"type":"{DRAWING}","data":"{base64}"}}"#);
        assert_eq!(drawing.frames().next().unwrap().1, expected);
    }

    #[test]
    fn a_graph_is_no_text() {
        let graph = Display::new(GRAPH, r#"[{"oid":"a"}]"#);
        let (_, payload) = graph.frames().next().unwrap();
        let expected = serde_json::json!({ "type": GRAPH, "data": [{ "oid": "a" }] });
        assert_eq!(serde_json::from_slice::<Value>(&payload).unwrap(), expected);
        assert_eq!(Display::decode_media(&payload).unwrap(), graph);
    }

    #[test]
    fn media_are_read_as_they_were_written() {
        for display in [Display::new("image/png", &b"\x89PNG"[..]), Display::new("image/svg+xml", "<svg/>")] {
            assert_eq!(Display::decode_media(&display.frames().next().unwrap().1).unwrap(), display);
        }
    }
}
