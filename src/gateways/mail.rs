//! What our mails look like: text and a page in the direction of their words, and headers that tell other machines not
//! to answer.

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::scrubbed;
use crate::config::Config;
use crate::domain::notifications::outbox::Letter;
use crate::error::Language;

/// In whose name we write.
#[derive(Debug, Clone)]
pub(super) struct Stationery {
    from: Mailbox,
    reply_to: Option<Mailbox>,
    /// Where a reader finds help (RFC 2369 §3.1).
    help: String,
}

impl Stationery {
    /// What the settings say.
    ///
    /// # Errors
    /// One line that names the wrong setting.
    pub(super) fn new(config: &Config) -> Result<Self, String> {
        let (from, reply_to) = (config.smtp.from.parse(), config.smtp.reply_to.as_str());
        let reply_to = Some(reply_to).filter(|address| !address.is_empty()).map(str::parse).transpose();
        Ok(Self {
            from: from.map_err(|_| "smtp.from (SAMAD__SMTP__FROM): not a sender".to_owned())?,
            reply_to: reply_to
                .map_err(|_| "smtp.reply_to (SAMAD__SMTP__REPLY_TO): not an address".to_owned())?,
            help: format!("{}/track", config.server.public_url.trim_end_matches('/')),
        })
    }

    /// The Message-ID of a letter: the same at every try, and nobody else can make it up.
    pub(super) fn message_id(&self, letter: &Letter) -> String {
        format!("<{}@{}>", letter.thread.local, self.from.email.domain())
    }

    /// The mail as it goes out; the error says why there is none.
    pub(super) fn compose(&self, letter: &Letter) -> Result<Message, String> {
        let to: Address =
            letter.address.parse().map_err(|_| "the address is no e-mail address".to_owned())?;
        let text = letter.rendered.body.trim_end().to_owned();
        let page = page(&text, letter.language);
        let mut mail = Message::builder()
            .from(self.from.clone())
            .to(to.into())
            .subject(letter.rendered.subject.clone().unwrap_or_default())
            .message_id(Some(self.message_id(letter)))
            .date_now();
        if let Some(reply_to) = &self.reply_to {
            mail = mail.reply_to(reply_to.clone());
        }
        if let Some(answers) = &letter.thread.answers {
            mail = mail.in_reply_to(answers.clone()).references(answers.clone());
        }
        // RFC 3834 §5 and what Exchange reads: no vacation notice answers this
        let list = format!("<notices.{}>", self.from.email.domain());
        let headers = [
            ("Auto-Submitted", "auto-generated".to_owned()),
            ("X-Auto-Response-Suppress", "All".to_owned()),
            ("List-Id", list),
            ("List-Help", format!("<{}>", self.help)),
        ];
        for (name, value) in headers {
            mail = mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        mail.multipart(MultiPart::alternative_plain_html(text, page))
            .map_err(|error| scrubbed(&error.to_string()))
    }
}

/// The text as a page: each paragraph in the direction of its own words, addresses and numbers left to right.
fn page(text: &str, language: Language) -> String {
    let (lang, direction) = match language {
        Language::Fa => ("fa", "rtl"),
        Language::En => ("en", "ltr"),
    };
    let paragraph = |paragraph: &str| {
        let own = direction_of(paragraph).unwrap_or(direction);
        let lines: Vec<String> = paragraph.lines().map(line).collect();
        format!("<p dir=\"{own}\">{}</p>", lines.join("<br>\n"))
    };
    let paragraphs = text.split("\n\n").map(str::trim).filter(|text| !text.is_empty()).map(paragraph);
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\" dir=\"{direction}\">\n<head><meta charset=\"utf-8\"></head>\n\
         <body dir=\"{direction}\" style=\"font-family: Vazirmatn, Tahoma, sans-serif; line-height: 1.8\">\n{}\n</body>\n</html>\n",
        paragraphs.collect::<Vec<_>>().join("\n")
    )
}

/// The direction of the first letter that has one (Unicode Bidirectional Algorithm, P2); none of figures alone.
fn direction_of(text: &str) -> Option<&'static str> {
    text.split_whitespace().filter(|word| !word.contains("://")).flat_map(str::chars).find_map(|letter| {
        match letter {
            '\u{591}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
                if letter.is_alphabetic() =>
            {
                Some("rtl")
            }
            _ if letter.is_alphabetic() => Some("ltr"),
            _ => None,
        }
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One line: addresses can be followed, and long numbers keep their order inside Persian.
fn line(text: &str) -> String {
    let word = |word: &str| {
        let end = word.trim_end_matches(['.', ',', ';', ')', '،', '؛', '؟', '»']);
        let rest = escaped(&word[end.len()..]);
        let digits = end.chars().filter(|letter| letter.is_numeric()).count();
        if end.starts_with("https://") || end.starts_with("http://") {
            let url = escaped(end);
            format!("<a href=\"{url}\"><bdi dir=\"ltr\">{url}</bdi></a>{rest}")
        } else if digits >= 5 && end.chars().all(|letter| letter.is_numeric() || "-+/.".contains(letter)) {
            format!("<bdi dir=\"ltr\">{}</bdi>{rest}", escaped(end))
        } else {
            escaped(word)
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::types::MessageId;
    use crate::domain::notifications::outbox::Thread;
    use crate::domain::notifications::{Outlet, Rendered};

    fn letter(address: &str) -> Letter {
        Letter {
            message: MessageId(42),
            outlet: Outlet::Email,
            address: address.into(),
            language: Language::Fa,
            rendered: Rendered {
                subject: Some("سامد: پرونده".into()),
                body: "سلام\n<b>\n\nپایان".into(),
                filled: Default::default(),
            },
            thread: Thread { local: "samad.42.proof".into(), answers: Some("<one@example.ir>".into()) },
            haste: Default::default(),
            page: None,
        }
    }

    fn stationery() -> Stationery {
        Stationery {
            from: "Samad <no-reply@samad.example>".parse().unwrap(),
            reply_to: Some("people@samad.example".parse().unwrap()),
            help: "https://samad.example/track".into(),
        }
    }

    #[test]
    fn a_mail_is_text_and_a_page_in_its_thread_and_asks_machines_for_silence() {
        let mail =
            String::from_utf8(stationery().compose(&letter("a@example.ir")).unwrap().formatted()).unwrap();
        for part in [
            "Message-ID: <samad.42.proof@samad.example>",
            "In-Reply-To: <one@example.ir>",
            "References: <one@example.ir>",
            "Reply-To: people@samad.example",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "List-Id: <notices.samad.example>",
            "List-Help: <https://samad.example/track>",
            "multipart/alternative",
            "text/plain; charset=utf-8",
            "text/html; charset=utf-8",
        ] {
            assert!(mail.contains(part), "{part} is missing in\n{mail}");
        }
    }

    #[test]
    fn each_paragraph_runs_as_its_words_do() {
        let page = page(
            "سلام\n<b>\n\nThe answer in English\n\n۱۲۳\n\nکد: 04051234567. https://x.ir/a?b=1&c",
            Language::Fa,
        );
        for part in [
            "<html lang=\"fa\" dir=\"rtl\">",
            "<p dir=\"rtl\">سلام<br>\n&lt;b&gt;</p>",
            "<p dir=\"ltr\">The answer in English</p>",
            "<p dir=\"rtl\">۱۲۳</p>",
            "<bdi dir=\"ltr\">04051234567</bdi>.",
            "<a href=\"https://x.ir/a?b=1&amp;c\"><bdi dir=\"ltr\">https://x.ir/a?b=1&amp;c</bdi></a>",
        ] {
            assert!(page.contains(part), "{part} is missing in\n{page}");
        }
    }

    #[test]
    fn a_bad_address_is_refused_and_not_told() {
        let error = stationery().compose(&letter("nobody at home")).unwrap_err();
        assert!(!error.contains("nobody"));
    }
}
