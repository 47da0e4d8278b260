//! PDF: how many pages, whether a password locks it, and what it says.

use pdf_extract::Document;

use super::Notice;

/// How many pages, and what a person should know of it.
pub fn looked_at(bytes: &[u8]) -> (Option<i32>, Option<Notice>) {
    let Ok(document) = Document::load_mem(bytes) else {
        let is_locked = bytes.windows(8).any(|part| part == b"/Encrypt");
        return (None, Some(if is_locked { Notice::Locked } else { Notice::Unreadable }));
    };
    // one without a user password is open to everybody
    if document.trailer.has(b"Encrypt") && !document.was_encrypted() {
        return (None, Some(Notice::Locked));
    }
    let pages = i32::try_from(document.get_pages().len()).unwrap_or(i32::MAX);
    (Some(pages), (pages == 0).then_some(Notice::Unreadable))
}

/// All its words, page after page; nothing where it has none (a scan) or cannot be read.
pub fn text(bytes: &[u8]) -> String {
    pdf_extract::extract_text_from_mem(bytes).unwrap_or_default()
}
