//! `samad evaluate`: how well the service reads what people send, measured over a folder of real messages.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use serde::Deserialize;

use crate::intake::email::{self, Mail};

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum Evaluate {
    /// Read every mail of a folder and compare with its index: sender, subject, text, attachments
    ///
    /// The folder holds index.csv with the columns file, subject, text_start and attachments (names with | between them)
    /// and the mails that it names. The sender is compared with the From header of the mail itself; what the index itself
    /// could not read (U+FFFD) is no reference. Ends with 1 when a mail is lost: neither read nor refused with a reason.
    Mails {
        /// The folder
        folder: PathBuf,
        /// Tell each mail that was read otherwise than the index says
        #[arg(long)]
        misses: bool,
    },
}

/// Runs one of them.
pub fn run(evaluate: &Evaluate) -> anyhow::Result<()> {
    let Evaluate::Mails { folder, misses } = evaluate;
    let report = mails(folder)?;
    if *misses {
        report.misses.iter().for_each(|miss| println!("{miss}"));
    }
    print!("{report}");
    match report.lost {
        0 => Ok(()),
        lost => bail!("{lost} mails are lost"),
    }
}

/// A mail of the index.
#[derive(Debug, Deserialize)]
struct Row {
    file: String,
    subject: String,
    text_start: String,
    attachments: String,
}

/// How often a part was right, of how many that have one in the index.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Score {
    right: usize,
    of: usize,
}

impl Score {
    fn note(&mut self, is_right: bool) {
        self.right += usize::from(is_right);
        self.of += 1;
    }
}

#[derive(Debug, Default)]
struct Report {
    mails: usize,
    read: usize,
    /// Refused with a reason; such a mail is kept and named at the door.
    refused: usize,
    lost: usize,
    sender: Score,
    subject: Score,
    text: Score,
    attachments: Score,
    misses: Vec<String>,
}

fn mails(folder: &Path) -> anyhow::Result<Report> {
    let index = folder.join("index.csv");
    let mut rows = csv::Reader::from_path(&index).with_context(|| format!("{}", index.display()))?;
    let mut report = Report::default();
    for row in rows.deserialize() {
        let row: Row = row.with_context(|| format!("{}", index.display()))?;
        let file = folder.join(&row.file);
        let bytes = std::fs::read(&file).with_context(|| format!("{}", file.display()))?;
        report.mails += 1;
        // a reader that panics loses the mail
        match std::panic::catch_unwind(|| email::parse(&bytes)) {
            Ok(Ok(mail)) => report.compare(&row, &mail, &bytes),
            Ok(Err(error)) => {
                report.refused += 1;
                report.misses.push(format!("{}: refused, {}", row.file, error.code().as_str()));
            }
            Err(_) => {
                report.lost += 1;
                report.misses.push(format!("{}: lost", row.file));
            }
        }
    }
    Ok(report)
}

impl Report {
    fn compare(&mut self, row: &Row, mail: &Mail, bytes: &[u8]) {
        self.read += 1;
        let mut miss = |what: &str, is_right: bool, wanted: &str, got: &str| {
            if !is_right {
                self.misses.push(format!("{}: {what}: wanted {wanted:?}, read {got:?}", row.file));
            }
        };
        let from = header(bytes, "from:");
        let address = mail.from.as_ref().map(|from| from.address.as_str()).unwrap_or_default();
        if from.contains('@') {
            let is_right = !address.is_empty() && folded(&from).contains(&folded(address));
            miss("sender", is_right, &from, address);
            self.sender.note(is_right);
        }
        let subject = mail.subject.as_deref().unwrap_or_default();
        if !folded(&row.subject).is_empty() && is_sound(&row.subject) {
            let is_right = folded(subject).starts_with(&folded(&row.subject))
                || folded(&row.subject).starts_with(&folded(subject)) && subject.chars().count() > 60;
            miss("subject", is_right, &row.subject, subject);
            self.subject.note(is_right);
        }
        if !folded(&row.text_start).is_empty() && is_sound(&row.text_start) {
            let is_right = folded(&mail.text).contains(&folded(&row.text_start));
            let start: String = mail.text.chars().take(120).collect();
            miss("text", is_right, &row.text_start, &start);
            self.text.note(is_right);
        }
        let names: Vec<String> = mail.files.iter().map(|file| folded(&file.name)).collect();
        let wanted: Vec<&str> = row.attachments.split('|').filter(|name| !name.is_empty()).collect();
        if !wanted.is_empty() {
            let mut left = names.clone();
            let is_right = wanted.iter().all(|name| {
                let at = left.iter().position(|known| *known == folded(name));
                at.map(|at| left.swap_remove(at)).is_some()
            });
            miss("attachments", is_right, &row.attachments, &names.join("|"));
            self.attachments.note(is_right);
        }
    }
}

/// A header of the raw mail with the lines that go on with it.
fn header(bytes: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text
        .lines()
        .take_while(|line| !line.is_empty())
        .skip_while(|line| !line.to_lowercase().starts_with(name));
    let first = lines.next().unwrap_or_default();
    let rest = lines.take_while(|line| line.starts_with([' ', '\t']));
    std::iter::once(first).chain(rest).collect::<Vec<_>>().join(" ")
}

/// Whether the index itself was read rightly; a replacement character in it is no reference.
fn is_sound(reference: &str) -> bool {
    !reference.contains(char::REPLACEMENT_CHARACTER) && !reference.contains("\\ufffd")
}

/// Letters and digits in lower case: how a line is broken or a blank written is no difference.
fn folded(text: &str) -> String {
    text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "Mails: {}. Read: {}; refused with a reason: {}; lost: {}.",
            self.mails, self.read, self.refused, self.lost
        )?;
        writeln!(f, "{:<12} {:>6} {:>6} {:>8}", "", "right", "of", "share")?;
        for (name, score) in [
            ("sender", self.sender),
            ("subject", self.subject),
            ("text", self.text),
            ("attachments", self.attachments),
        ] {
            let share = if score.of == 0 { 100.0 } else { 100.0 * score.right as f64 / score.of as f64 };
            writeln!(f, "{name:<12} {:>6} {:>6} {share:>7.1} %", score.right, score.of)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_index_is_seen_and_what_is_no_mail_is_refused_and_not_lost() {
        let folder = tempfile::tempdir().unwrap();
        let mail = "From: A <a@b.ir>\r\nSubject: Hello\r\n\r\nGood day to you\r\n";
        std::fs::write(folder.path().join("1.eml"), mail).unwrap();
        std::fs::write(folder.path().join("2.eml"), "").unwrap();
        let index = "file,subject,text_start,attachments\n1.eml,Hello,Good evening,a.pdf\n2.eml,x,y,\n";
        std::fs::write(folder.path().join("index.csv"), index).unwrap();
        let report = mails(folder.path()).unwrap();
        assert_eq!((report.mails, report.read, report.refused, report.lost), (2, 1, 1, 0));
        let one = |right| Score { right, of: 1 };
        assert_eq!(
            (report.sender, report.subject, report.text, report.attachments),
            (one(1), one(1), one(0), one(0))
        );
        assert!(report.to_string().contains("sender            1      1   100.0 %"), "{report}");
    }
}
