//! Sheets: letters set on A4 and written as one PDF, right to left in Persian, with subset fonts.
//!
//! Pure: the same letters give the same pages. Each letter begins on a page of its own; a long one goes on with its
//! number and page at the head. Lengths are points (1/72 inch).

mod draw;
mod text;

use text::{Face, Line, Weight, lines};

use super::content::PaperLetter;
use crate::domain::text::{isolate_ltr, persian_digits};
use crate::error::{Error, Language, Result};

pub use draw::{pdf, separators};

/// A4.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 62.0;
/// The foot begins here: address of the office and how the letter is checked.
const FOOT: f32 = HEIGHT - 108.0;
/// Side of the QR, with its quiet zone 3.3 cm.
const QR: f32 = 76.0;

/// What stands before the number in the code of a separator page, so that a QR inside a letter separates nothing.
pub const SEPARATOR: &str = "SAMAD-LETTER:";

/// One thing on a page.
enum Mark {
    Text {
        line: Line,
        x: f32,
        y: f32,
        size: f32,
        weight: Weight,
    },
    Rule {
        y: f32,
    },
    /// Dark squares of a QR, row by row.
    Qr {
        side: usize,
        dark: Vec<bool>,
        x: f32,
        y: f32,
        size: f32,
    },
}

/// One page.
#[derive(Default)]
struct Sheet {
    marks: Vec<Mark>,
}

/// Where on the line a text stands, seen by its reader.
#[derive(Clone, Copy)]
enum Place {
    /// Where reading begins: right in Persian.
    Start,
    End,
    Middle,
}

struct Setting<'a> {
    letter: &'a PaperLetter,
    sheets: Vec<Sheet>,
    y: f32,
}

/// Letters in their order, page by page.
fn sheets(letters: &[PaperLetter]) -> Result<Vec<Sheet>> {
    let mut all = Vec::new();
    for letter in letters {
        let mut setting = Setting { letter, sheets: vec![Sheet::default()], y: MARGIN };
        setting.head()?;
        setting.body()?;
        setting.feet()?;
        all.append(&mut setting.sheets);
    }
    Ok(all)
}

impl Setting<'_> {
    fn say(&self, fa: &'static str, en: &'static str) -> &'static str {
        if self.letter.language == Language::En { en } else { fa }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.marks.push(mark);
        }
    }

    /// Sets a line at the height `y`.
    fn put(&mut self, line: Line, y: f32, size: f32, weight: Weight, place: Place) {
        let (left, right) = (MARGIN, WIDTH - MARGIN - line.width * size);
        let x = match (place, self.letter.language) {
            (Place::Start, Language::Fa) | (Place::End, Language::En) => right,
            (Place::Start, Language::En) | (Place::End, Language::Fa) => left,
            (Place::Middle, _) => (WIDTH - line.width * size) / 2.0,
        };
        self.mark(Mark::Text { line, x, y, size, weight });
    }

    /// One line that is cut to the page, at the height of the pen.
    fn short(&mut self, text: &str, size: f32, weight: Weight, place: Place) -> Result<()> {
        let room = (WIDTH - 2.0 * MARGIN) / size;
        if let Some(line) = lines(Face::of(weight)?, text, self.letter.language, room).into_iter().next() {
            self.put(line, self.y, size, weight, place);
        }
        Ok(())
    }

    /// A paragraph at the pen, over as many pages as it needs.
    fn paragraph(&mut self, text: &str, size: f32, weight: Weight) -> Result<()> {
        let room = (WIDTH - 2.0 * MARGIN) / size;
        for line in lines(Face::of(weight)?, text, self.letter.language, room) {
            if self.y > FOOT - size {
                self.next_page()?;
            }
            self.put(line, self.y, size, weight, Place::Start);
            self.y += size * 1.75;
        }
        Ok(())
    }

    fn next_page(&mut self) -> Result<()> {
        self.sheets.push(Sheet::default());
        self.y = MARGIN;
        let number = self.letter.number.clone();
        self.short(&number, 9.0, Weight::Regular, Place::End)?;
        self.y += 30.0;
        Ok(())
    }

    /// Letterhead, number and date, and whom it is for.
    fn head(&mut self) -> Result<()> {
        let letter = self.letter;
        self.short(&letter.issuer, 13.0, Weight::Bold, Place::Start)?;
        let number = format!("{}: {}", self.say("شماره", "Number"), isolate_ltr(&letter.number));
        self.short(&number, 10.0, Weight::Regular, Place::End)?;
        self.y += 20.0;
        if letter.office != letter.issuer {
            self.short(&letter.office, 11.0, Weight::Regular, Place::Start)?;
        }
        let date = format!("{}: {}", self.say("تاریخ", "Date"), letter.date);
        self.short(&date, 10.0, Weight::Regular, Place::End)?;
        self.y += 16.0;
        if letter.annexes > 0 {
            let annexes =
                format!("{}: {}", self.say("پیوست", "Annexes"), digits(letter.annexes, letter.language));
            self.short(&annexes, 10.0, Weight::Regular, Place::End)?;
        }
        self.y += 4.0;
        self.mark(Mark::Rule { y: self.y });
        self.y += 34.0;
        for line in &letter.recipient {
            self.paragraph(line, 11.0, Weight::Bold)?;
        }
        self.y += 10.0;
        if let Some(subject) = &letter.subject {
            let subject = format!("{}: {subject}", self.say("موضوع", "Subject"));
            self.paragraph(&subject, 11.0, Weight::Bold)?;
            self.y += 8.0;
        }
        Ok(())
    }

    fn body(&mut self) -> Result<()> {
        let letter = self.letter;
        for paragraph in letter.body.lines() {
            if paragraph.trim().is_empty() {
                self.y += 9.0;
            } else {
                self.paragraph(paragraph, 11.5, Weight::Regular)?;
            }
        }
        Ok(())
    }

    /// On each page who wrote and which page of how many; on the last one the QR and how to check the letter.
    fn feet(&mut self) -> Result<()> {
        let letter = self.letter;
        let total = self.sheets.len();
        let pages = std::mem::take(&mut self.sheets);
        for (index, sheet) in pages.into_iter().enumerate() {
            self.sheets.push(sheet);
            // far enough from the code for its quiet zone
            self.mark(Mark::Rule { y: FOOT + 4.0 });
            self.y = HEIGHT - 30.0;
            self.short(&letter.foot, 8.5, Weight::Regular, Place::Middle)?;
            if total > 1 {
                self.y = MARGIN - 26.0;
                let count = |n: usize| digits(u32::try_from(n).unwrap_or(u32::MAX), letter.language);
                let page = format!("{} / {}", count(index + 1), count(total));
                self.short(&page, 8.5, Weight::Regular, Place::Middle)?;
            }
        }
        self.qr()?;
        self.y = FOOT + 30.0;
        for line in &letter.check {
            self.short(line, 9.0, Weight::Regular, Place::Start)?;
            self.y += 15.0;
        }
        Ok(())
    }

    fn qr(&mut self) -> Result<()> {
        let x = if self.letter.language == Language::Fa { MARGIN } else { WIDTH - MARGIN - QR };
        self.mark(qr(&self.letter.qr, x, FOOT + 14.0, QR)?);
        Ok(())
    }
}

/// A code whose left upper corner is at `x`, `y`.
fn qr(text: &str, x: f32, y: f32, size: f32) -> Result<Mark> {
    let code =
        qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).map_err(Error::internal)?;
    let dark: Vec<bool> = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
    Ok(Mark::Qr { side: code.width(), dark, x, y, size })
}

/// Pages to lay between the letters of a stack before it is scanned: the number of the letter behind, as a code and to read.
fn separator_sheets(numbers: &[String]) -> Result<Vec<Sheet>> {
    let page = |number: &String| {
        let mut marks = vec![qr(&format!("{SEPARATOR}{number}"), (WIDTH - 240.0) / 2.0, 180.0, 240.0)?];
        for (text, y, size) in
            [(number.as_str(), 480.0, 30.0), ("برگ جداکننده نامه؛ پیش از نامه بگذارید", 530.0, 14.0)]
        {
            let room = (WIDTH - 2.0 * MARGIN) / size;
            let line = lines(Face::of(Weight::Bold)?, text, Language::Fa, room).into_iter().next();
            marks.extend(line.map(|line| {
                let x = (WIDTH - line.width * size) / 2.0;
                Mark::Text { line, x, y, size, weight: Weight::Bold }
            }));
        }
        Ok(Sheet { marks })
    };
    numbers.iter().map(page).collect()
}

fn digits(number: u32, language: Language) -> String {
    if language == Language::Fa { persian_digits(&number.to_string()) } else { number.to_string() }
}

#[cfg(test)]
mod tests;
