//! What a file is made of: opened, counted, drawn anew. Runs in a process of its own, with limits of time and memory.

use serde::{Deserialize, Serialize};

use super::{Notice, archive, image, pdf, tiff, words};

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Media type of what is to be kept.
    pub media_type: String,
    /// Pages, where it has such.
    pub pages: Option<i32>,
    pub notice: Option<Notice>,
}

/// Whether files of this type are opened before they are kept.
pub fn is_opened(media_type: &str) -> bool {
    media_type == "application/pdf" || is_picture(media_type) || is_archive(media_type)
}

/// Whether this is a picture.
pub fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/jpeg" | "image/png" | "image/webp" | "image/gif" | "image/tiff")
}

fn is_archive(media_type: &str) -> bool {
    media_type == "application/zip" || words::is_office(media_type)
}

/// Opens a file of this sniffed type; gives what was found, and new bytes where not the old ones are to be kept.
pub fn check(media_type: &str, bytes: &[u8]) -> (Found, Option<Vec<u8>>) {
    let found = |pages, notice| Found { media_type: media_type.to_owned(), pages, notice };
    match media_type {
        "application/pdf" => {
            let (pages, notice) = pdf::looked_at(bytes);
            (found(pages, notice), None)
        }
        "image/tiff" => match tiff::scrubbed(bytes) {
            Ok((kept, pages)) => (found(Some(pages), None), Some(kept).filter(|kept| kept != bytes)),
            Err(notice) => (found(None, Some(notice)), None),
        },
        picture if is_picture(picture) => match image::redrawn(bytes, picture) {
            Ok((kept, media_type)) => {
                (Found { media_type: media_type.to_owned(), pages: None, notice: None }, Some(kept))
            }
            Err(notice) => (found(None, Some(notice)), None),
        },
        packed if is_archive(packed) => (found(None, archive::weighed(bytes).err()), None),
        _ => (found(None, None), None),
    }
}
