//! What may come in as a file: told by its bytes, checked against its name and what was declared.

use super::{Notice, kinds};
use crate::error::{Code, Error, FieldError, Result};

/// A file as somebody hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Offered<'a> {
    pub name: &'a str,
    /// Media type that was declared with it, where one was.
    pub declared: Option<&'a str>,
    pub bytes: &'a [u8],
}

/// Names of kinds for a sentence to a person.
fn labels(allowed: &[String]) -> String {
    let known = allowed.iter().filter_map(|media_type| kinds::of(media_type));
    known.map(|kind| kind.label).collect::<Vec<_>>().join(", ")
}

/// The name on one line, short enough to stand in a sentence.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Only the last part of a path, and never nothing.
pub fn bare_name(name: &str) -> String {
    let bare = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let bare: String = bare.chars().filter(|c| !c.is_control()).take(200).collect();
    if bare.trim().is_empty() { "file".to_owned() } else { bare.trim().to_owned() }
}

/// The refusal of a file larger than `limit` bytes.
pub fn too_large(name: &str, limit: usize) -> Error {
    let (name, megabytes) = (short(name), limit.div_ceil(1 << 20));
    Error::Clash {
        code: Code::PayloadTooLarge,
        fields: vec![FieldError::new(
            "file",
            "too_large",
            format!(
                "پرونده «{name}» بزرگ‌تر از {megabytes} مگابایت است؛ آن را کوچک‌تر کنید یا در چند پرونده بفرستید."
            ),
            format!(
                "The file '{name}' is larger than {megabytes} MB; make it smaller, or send it as several files."
            ),
        )],
    }
}

/// The refusal of an empty file.
pub fn empty(name: &str) -> Error {
    let name = short(name);
    Error::field(FieldError::new(
        "file",
        "empty",
        format!("پرونده «{name}» خالی است؛ آن را دوباره ذخیره کنید و بفرستید."),
        format!("The file '{name}' is empty; save it anew and send it again."),
    ))
}

/// The refusal of what cannot be made safe; names the file and the remedy.
pub fn refused(name: &str, notice: Notice) -> Error {
    let (name, (fa, en)) = (short(name), notice.told());
    Error::field(FieldError::new(
        "file",
        notice.as_str(),
        format!("«{name}»: {fa}"),
        format!("'{name}': {en}"),
    ))
}

/// The type that the bytes show, where it is allowed and neither name nor declaration says quite another.
///
/// # Errors
/// `type_not_allowed`, `type_mismatch` on the field `file`.
pub fn admitted(offered: &Offered<'_>, allowed: &[String]) -> Result<&'static str> {
    let media_type = kinds::sniff(offered.bytes);
    let name = short(offered.name);
    let promised = kinds::of_name(offered.name).map(|kind| kind.media_type);
    let declared = offered.declared.filter(|declared| kinds::of(declared).is_some());
    let is_other = |said: &str| said != media_type && !kinds::are_near(said, media_type);
    if let Some(said) = promised.into_iter().chain(declared).find(|said| is_other(said)) {
        let (said, is) = (label(said), label(media_type));
        return Err(Error::field(FieldError::new(
            "file",
            "type_mismatch",
            format!(
                "«{name}» خود را {said} می‌خواند ولی محتوای آن {is} است؛ پرونده درست را با نام درست بفرستید."
            ),
            format!(
                "'{name}' says that it is {said}, but its content is {is}; send the right file under its right name."
            ),
        )));
    }
    if !allowed.iter().any(|one| one == media_type) {
        let list = labels(allowed);
        return Err(Error::field(FieldError::new(
            "file",
            "type_not_allowed",
            format!("پرونده «{name}» از نوعی است که پذیرفته نمی‌شود؛ یکی از این‌ها را بفرستید: {list}"),
            format!("The file '{name}' is of a type that is not taken; send one of these: {list}"),
        )));
    }
    Ok(media_type)
}

fn label(media_type: &str) -> &str {
    kinds::of(media_type).map_or(media_type, |kind| kind.label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(name: &str, declared: Option<&str>, bytes: &[u8]) -> String {
        let allowed: Vec<String> =
            ["application/pdf", "image/png", "text/plain"].iter().map(|one| one.to_string()).collect();
        match admitted(&Offered { name, declared, bytes }, &allowed) {
            Ok(media_type) => media_type.to_owned(),
            Err(Error::Invalid(fields)) => {
                assert!(fields[0].en.contains(name) && fields[0].fa.contains(name), "the file is named");
                fields[0].code.to_owned()
            }
            Err(other) => other.to_string(),
        }
    }

    #[test]
    fn name_declaration_and_bytes_must_agree() {
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
        assert_eq!(code("a.pdf", None, b"%PDF-1.4"), "application/pdf");
        assert_eq!(code("a", Some("application/octet-stream"), b"%PDF-1.4"), "application/pdf");
        assert_eq!(code("a.jpg", Some("image/jpeg"), PNG), "image/png");
        assert_eq!(code("a.pdf", None, PNG), "type_mismatch");
        assert_eq!(code("a.png", Some("application/pdf"), PNG), "type_mismatch");
        assert_eq!(code("a.pdf", None, b"MZ\x90\0\x03"), "type_mismatch");
        assert_eq!(code("a.exe", None, b"MZ\x90\0\x03"), "type_not_allowed");
        assert_eq!(code("a.txt", None, b"<html><script>"), "type_not_allowed");
        assert_eq!(code("a.svg", None, b"<svg xmlns='x'>"), "type_not_allowed");
    }

    #[test]
    fn a_name_is_one_line_without_a_path() {
        assert_eq!(bare_name("../a\\ب\n.pdf"), "ب.pdf");
        assert_eq!(bare_name(" / "), "file");
    }
}
