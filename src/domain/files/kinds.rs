//! Kinds of files: what the bytes show, by which name endings they go, and what people call them.

/// A kind of file that may be taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Media type (RFC 6838).
    pub media_type: &'static str,
    /// Endings of its names in lower case, the usual one first.
    pub endings: &'static [&'static str],
    /// What to call it in a sentence to a person.
    pub label: &'static str,
}

const fn kind(media_type: &'static str, endings: &'static [&'static str], label: &'static str) -> Kind {
    Kind { media_type, endings, label }
}

/// Every kind that the setting `files.allowed` may name.
pub const KINDS: &[Kind] = &[
    kind("application/pdf", &["pdf"], "PDF"),
    kind("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"], "JPEG"),
    kind("image/png", &["png"], "PNG"),
    kind("image/webp", &["webp"], "WebP"),
    kind("image/gif", &["gif"], "GIF"),
    kind("image/tiff", &["tif", "tiff"], "TIFF"),
    kind("text/plain", &["txt", "text", "log", "csv", "md"], "TXT"),
    kind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", &["docx"], "DOCX"),
    kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &["xlsx"], "XLSX"),
    kind("application/vnd.openxmlformats-officedocument.presentationml.presentation", &["pptx"], "PPTX"),
    kind("application/vnd.oasis.opendocument.text", &["odt"], "ODT"),
    kind("application/vnd.oasis.opendocument.spreadsheet", &["ods"], "ODS"),
    kind("application/msword", &["doc"], "DOC"),
    kind("application/vnd.ms-excel", &["xls"], "XLS"),
    kind("application/zip", &["zip"], "ZIP"),
    kind("audio/mpeg", &["mp3"], "MP3"),
    kind("audio/ogg", &["ogg", "oga", "opus"], "OGG"),
    kind("audio/wav", &["wav"], "WAV"),
    kind("audio/amr", &["amr"], "AMR"),
    kind("audio/mp4", &["m4a"], "M4A"),
    kind("video/mp4", &["mp4", "m4v"], "MP4"),
    kind("video/3gpp", &["3gp", "3gpp"], "3GP"),
];

/// The kind of this media type.
pub fn of(media_type: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.media_type == media_type)
}

/// The kind that a name promises by its ending.
pub fn of_name(name: &str) -> Option<&'static Kind> {
    let (_, ending) = name.rsplit_once('.')?;
    let ending = ending.trim().to_lowercase();
    KINDS.iter().find(|kind| kind.endings.contains(&ending.as_str()))
}

/// The media type that the bytes themselves show; what shows nothing is text where it reads as such, else bytes.
pub fn sniff(bytes: &[u8]) -> &'static str {
    let Some(found) = infer::get(bytes) else {
        return match is_text(bytes) {
            true if is_markup(bytes) => "text/html",
            true => "text/plain",
            false => "application/octet-stream",
        };
    };
    match found.mime_type() {
        "audio/x-wav" => "audio/wav",
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        "video/x-m4v" => "video/mp4",
        "audio/opus" | "video/ogg" | "application/ogg" => "audio/ogg",
        // handy brands of the container that MP4 also is
        _ if bytes.get(4..11) == Some(b"ftyp3gp") => "video/3gpp",
        other => other,
    }
}

/// UTF-8, or an older code page: letters and the usual white space, and no other control character.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
}

/// Text that a browser would draw or run: it begins with a tag.
fn is_markup(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    bytes.first() == Some(&b'<')
        && bytes.get(1).is_some_and(|next| next.is_ascii_alphabetic() || b"!?".contains(next))
}

/// Whether two types are so near to each other that a name with the other ending is a slip and no trick.
pub fn are_near(one: &str, other: &str) -> bool {
    let family = |media_type: &str| match media_type {
        "application/msword" | "application/vnd.ms-excel" | "application/zip" => "office".to_owned(),
        office if office.starts_with("application/vnd.o") => "office".to_owned(),
        "video/mp4" | "audio/mp4" | "video/3gpp" => "mp4".to_owned(),
        other => other.split('/').next().unwrap_or_default().to_owned(),
    };
    let (one, other) = (family(one), family(other));
    one == other && one != "application"
}

/// The name with the usual ending of its kind, where it promises another kind.
pub fn with_ending(name: &str, media_type: &str) -> String {
    let (Some(kind), Some(told)) = (of(media_type), of_name(name)) else { return name.to_owned() };
    if kind == told {
        return name.to_owned();
    }
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{}", kind.endings[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_and_not_the_name() {
        for (bytes, media_type) in [
            (&b"%PDF-1.7 x"[..], "application/pdf"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"II*\0\x08\0\0\0\x01\0", "image/tiff"),
            (b"PK\x03\x04....", "application/zip"),
            ("متن فارسی".as_bytes(), "text/plain"),
            (b"\xd3\xe1\xc7\xe3 windows-1256\r\n", "text/plain"),
            (b"<!DOCTYPE html><script>", "text/html"),
            (b"\0\x01\x02", "application/octet-stream"),
        ] {
            assert_eq!(sniff(bytes), media_type);
        }
        assert!(of(sniff(b"MZ\x90\0")).is_none(), "a program is of no kind that is taken");
    }

    #[test]
    fn a_wrong_ending_is_mended_only_where_it_is_known() {
        assert_eq!(with_ending("عکس.jpeg", "image/jpeg"), "عکس.jpeg");
        assert_eq!(with_ending("عکس.webp", "image/jpeg"), "عکس.jpg");
        assert_eq!(with_ending("نامه", "application/pdf"), "نامه");
        assert!(are_near("image/png", "image/jpeg") && !are_near("application/pdf", "application/zip"));
    }
}
