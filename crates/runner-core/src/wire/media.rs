use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Something to look at: a picture, most often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// The MIME type.
    #[serde(rename = "type")]
    pub mime: String,
    /// The text itself, or a `data:` URL where the type is binary.
    pub data: String,
}

impl Media {
    /// Wraps `data` as its type asks: SVG and textual types stay text, everything else becomes a base64 `data:` URL.
    ///
    /// ```
    /// use runner_core::Media;
    /// assert_eq!(Media::new("image/png", b"png").data, "data:image/png;base64,cG5n");
    /// assert_eq!(Media::new("image/svg+xml", b"<svg/>").data, "<svg/>");
    /// ```
    #[must_use]
    pub fn new(mime: &str, data: &[u8]) -> Self {
        let textual = mime.starts_with("text/") || mime.ends_with("+xml") || mime.ends_with("json");
        let data = if textual {
            String::from_utf8_lossy(data).into_owned()
        } else {
            format!("data:{mime};base64,{}", STANDARD.encode(data))
        };
        Self { mime: mime.to_owned(), data }
    }
}
