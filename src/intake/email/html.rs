//! HTML as plain text: no script, no style, no address that is fetched.

use html2text::config;

/// Characters of HTML that are laid out; of more the rest is read as bare words.
const LAID_OUT: usize = 2_000_000;
/// Tags that are laid out: the layout of nested tables costs more than their length.
const TAGS: usize = 20_000;
/// Quotations and lists inside each other: each moves its words in, until no room is left for them.
const MOVED_IN: usize = 200;
/// Wider than any line, so that no line is broken.
const WIDTH: usize = 2000;

/// The words of a page, a line for each paragraph. What is too large or too deep to be laid out loses its lines only.
pub(super) fn text(html: &str) -> String {
    let is_small = html.len() <= LAID_OUT && html.bytes().filter(|byte| *byte == b'<').count() <= TAGS;
    let page = if is_small && moved_in(html) <= MOVED_IN { laid_out(html) } else { None };
    page.unwrap_or_else(|| mail_parser::decoders::html::html_to_text(html))
}

/// How many tags of a page move their words in.
fn moved_in(html: &str) -> usize {
    let names = html.split('<').skip(1).map(|tag| tag.get(..2).unwrap_or_default().to_ascii_lowercase());
    names.filter(|name| ["bl", "ul", "ol", "dl", "dd"].contains(&name.as_str())).count()
}

fn laid_out(html: &str) -> Option<String> {
    let lines = config::plain_no_decorate().no_table_borders().raw_mode(true).allow_width_overflow();
    let text = lines.string_from_read(html.as_bytes(), WIDTH).ok()?;
    let trimmed: Vec<&str> = text.lines().map(str::trim_end).collect();
    Some(trimmed.join("\n"))
}
