//! The new words of a reply: without what it quotes and without its signature. The raw mail keeps all of it.

/// Lines that begin what is quoted, in the words of the usual mail programs.
const DIVIDERS: [&str; 11] = [
    "-----original message-----",
    "----- original message -----",
    "-------- original message --------",
    "---------- forwarded message",
    "begin forwarded message",
    "-----پیام اصلی-----",
    "-------- پیام اصلی --------",
    "---------- پیام هدایت‌شده",
    "---------- پیام ارجاع شده",
    "________________________________",
    "--- reply above this line ---",
];
/// Ends of the line by which a mail program introduces a quotation.
const WROTE: [&str; 10] = [
    "wrote:",
    "writes:",
    "نوشت:",
    "نوشته است:",
    "نوشته‌است:",
    "نوشته:",
    "نوشتند:",
    "نوشته‌اند:",
    "schrieb:",
    "a écrit :",
];
/// Headers that stand at the head of a quoted mail.
const FROM: [&str; 4] = ["from:", "از:", "فرستنده:", "*from:*"];
const NEXT: [&str; 12] = [
    "sent:",
    "date:",
    "to:",
    "subject:",
    "ارسال:",
    "ارسال شده:",
    "تاریخ:",
    "به:",
    "موضوع:",
    "*sent:*",
    "*to:*",
    "*date:*",
];
/// Marks of phones under what they sent.
const DEVICES: [&str; 8] = [
    "sent from my ",
    "sent from outlook",
    "sent from yahoo",
    "sent from mail for",
    "get outlook for",
    "ارسال از ",
    "ارسال شده از ",
    "فرستاده شده از ",
];

/// The sender's own new words; empty where there are none.
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = (0..lines.len()).find(|at| is_end(&lines, *at)).unwrap_or(lines.len());
    let kept = lines[..end].iter().filter(|line| !is_quoted(line)).copied();
    let mut kept: Vec<&str> = kept.collect();
    while kept.last().is_some_and(|line| line.trim().is_empty() || is_device(line)) {
        kept.pop();
    }
    kept.join("\n").trim().to_owned()
}

fn plain(line: &str) -> String {
    let marks =
        |c: &char| !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    line.chars().filter(marks).collect::<String>().trim().replace('ي', "ی").replace('ك', "ک").to_lowercase()
}

fn is_quoted(line: &str) -> bool {
    line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{200F}' || c == '\u{200E}')
        .starts_with('>')
}

/// Whether nothing of the sender stands from this line on.
fn is_end(lines: &[&str], at: usize) -> bool {
    // "-- " begins a signature (RFC 3676 §4.3); many programs drop the blank
    if matches!(lines[at].trim_end_matches(['\r']), "-- " | "--") {
        return true;
    }
    let line = plain(lines[at]);
    if DIVIDERS.iter().any(|divider| line.starts_with(divider)) {
        return true;
    }
    is_introduction(lines, at, &line) || is_header(lines, at, &line)
}

/// "On …, … wrote:", on one line or broken into up to three.
fn is_introduction(lines: &[&str], at: usize, line: &str) -> bool {
    let ends = |text: &str| WROTE.iter().any(|wrote| text.ends_with(wrote));
    let is_dated = |text: &str| text.chars().any(char::is_numeric) || text.contains('@');
    let begins = ["on ", "در ", "در تاریخ", "am ", "le "].iter().any(|start| line.starts_with(start));
    if !begins && !line.contains('@') && !line.chars().next().is_some_and(char::is_numeric) {
        return false;
    }
    let mut whole = String::new();
    for next in lines[at..].iter().take(3) {
        let next = plain(next);
        if next.is_empty() {
            return false;
        }
        whole.push_str(&next);
        if ends(&whole) {
            return is_dated(&whole);
        }
    }
    false
}

/// The head of a quoted mail: "From:" and one or two lines later "Sent:" or "To:".
fn is_header(lines: &[&str], at: usize, line: &str) -> bool {
    FROM.iter().any(|from| line.starts_with(from))
        && lines[at + 1..]
            .iter()
            .take(3)
            .map(|line| plain(line))
            .filter(|line| NEXT.iter().any(|next| line.starts_with(next)))
            .count()
            >= 2
}

fn is_device(line: &str) -> bool {
    let line = plain(line);
    line.chars().count() < 80 && DEVICES.iter().any(|device| line.starts_with(device))
}
