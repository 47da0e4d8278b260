//! Shaping: a paragraph of Persian or English becomes lines of glyphs, in the order in which the eye meets them.
//!
//! Bidirectional order is by UAX #9 over the whole paragraph, joining and marks by the font's own rules. Lines break
//! at blanks; a word that is longer than a line breaks where it must.

use std::ops::Range;
use std::sync::OnceLock;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, UnicodeBuffer};
use unicode_bidi::{BidiInfo, Level, ParagraphInfo};

use crate::error::{Error, Language, Result};

/// The two cuts of Vazirmatn (SIL Open Font License 1.1, see `fonts/OFL.txt`).
static REGULAR: &[u8] = include_bytes!("../fonts/Vazirmatn-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/Vazirmatn-Bold.ttf");

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// A font that shapes and is drawn with.
pub(super) struct Face {
    shaper: rustybuzz::Face<'static>,
    pub(super) font: Font,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        let shaper = rustybuzz::Face::from_slice(bytes, 0)?;
        Some(Self { shaper, font: Font::new(bytes.into(), 0)? })
    }

    /// The font of this weight, read once.
    pub(super) fn of(weight: Weight) -> Result<&'static Self> {
        static FACES: OnceLock<Option<(Face, Face)>> = OnceLock::new();
        let faces = FACES.get_or_init(|| Face::load(REGULAR).zip(Face::load(BOLD)));
        let (regular, bold) =
            faces.as_ref().ok_or_else(|| Error::internal("the font of letters cannot be read"))?;
        Ok(match weight {
            Weight::Regular => regular,
            Weight::Bold => bold,
        })
    }

    fn em(&self, units: i32) -> f32 {
        // font units are small: nothing is lost
        units as f32 / self.shaper.units_per_em() as f32
    }

    /// Shapes one run of one direction; glyphs come from left to right.
    fn shape(&self, text: &str, run: Range<usize>, level: Level) -> Vec<KrillaGlyph> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(&text[run.clone()]);
        buffer.guess_segment_properties();
        buffer.set_direction(if level.is_rtl() { Direction::RightToLeft } else { Direction::LeftToRight });
        let shaped = rustybuzz::shape(&self.shaper, &[], buffer);
        let mut starts: Vec<usize> =
            shaped.glyph_infos().iter().map(|glyph| run.start + glyph.cluster as usize).collect();
        let clusters = starts.clone();
        starts.push(run.end);
        starts.sort_unstable();
        let glyph = |(index, start): (usize, &usize)| {
            let (info, position) = (shaped.glyph_infos()[index], shaped.glyph_positions()[index]);
            let end = starts.iter().find(|next| *next > start).copied().unwrap_or(run.end);
            KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                self.em(position.x_advance),
                self.em(position.x_offset),
                self.em(position.y_offset),
                self.em(position.y_advance),
                *start..end,
                None,
            )
        };
        clusters.iter().enumerate().map(glyph).collect()
    }
}

/// One line, ready to be drawn.
pub(super) struct Line {
    /// The paragraph that it is a part of; glyphs name their letters in it.
    pub(super) text: String,
    pub(super) glyphs: Vec<KrillaGlyph>,
    /// In em.
    pub(super) width: f32,
}

/// A paragraph in lines of at most `width` em; an empty one is one empty line.
pub(super) fn lines(face: &Face, paragraph: &str, language: Language, width: f32) -> Vec<Line> {
    let base = if language == Language::Fa { Level::rtl() } else { Level::ltr() };
    let info = BidiInfo::new(paragraph, Some(base));
    let Some(whole) = info.paragraphs.first() else {
        return vec![Line { text: String::new(), glyphs: Vec::new(), width: 0.0 }];
    };
    let line = |range: Range<usize>| line(face, paragraph, &info, whole, range);
    breaks(face, paragraph, &info, whole, width).into_iter().map(line).collect()
}

fn line(face: &Face, text: &str, info: &BidiInfo<'_>, whole: &ParagraphInfo, range: Range<usize>) -> Line {
    let glyphs = glyphs(face, text, info, whole, range);
    let width = glyphs.iter().map(|glyph| glyph.x_advance).sum();
    Line { text: text.to_owned(), glyphs, width }
}

fn glyphs(
    face: &Face,
    text: &str,
    info: &BidiInfo<'_>,
    whole: &ParagraphInfo,
    range: Range<usize>,
) -> Vec<KrillaGlyph> {
    if range.is_empty() {
        return Vec::new();
    }
    let (levels, runs) = info.visual_runs(whole, range);
    runs.into_iter().flat_map(|run| face.shape(text, run.clone(), levels[run.start])).collect()
}

/// Where the lines of a paragraph are, without the blanks between them.
fn breaks(
    face: &Face,
    text: &str,
    info: &BidiInfo<'_>,
    whole: &ParagraphInfo,
    width: f32,
) -> Vec<Range<usize>> {
    let measure = |range: Range<usize>| -> f32 {
        glyphs(face, text, info, whole, range).iter().map(|glyph| glyph.x_advance).sum()
    };
    let blank = measure_blank(face);
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut filled = 0.0_f32;
    for word in words(text) {
        for piece in pieces(text, word, width, &measure) {
            let wide = measure(piece.clone());
            match lines.last_mut() {
                Some(last) if filled + blank + wide <= width => {
                    last.end = piece.end;
                    filled += blank + wide;
                }
                _ => {
                    lines.push(piece);
                    filled = wide;
                }
            }
        }
    }
    if lines.is_empty() {
        lines.push(0..0);
    }
    lines
}

fn measure_blank(face: &Face) -> f32 {
    face.shape(" ", 0..1, Level::ltr()).iter().map(|glyph| glyph.x_advance).sum()
}

fn words(text: &str) -> Vec<Range<usize>> {
    let is_blank = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\r');
    let start = text.as_ptr() as usize;
    let at = |word: &str| {
        let from = word.as_ptr() as usize - start;
        from..from + word.len()
    };
    text.split(is_blank).filter(|word| !word.is_empty()).map(at).collect()
}

/// A word as it is, or cut where it does not fit a line.
fn pieces(
    text: &str,
    word: Range<usize>,
    width: f32,
    measure: &impl Fn(Range<usize>) -> f32,
) -> Vec<Range<usize>> {
    if measure(word.clone()) <= width {
        return vec![word];
    }
    let mut cut = Vec::new();
    let mut from = word.start;
    for (offset, letter) in text[word.clone()].char_indices() {
        let (at, next) = (word.start + offset, word.start + offset + letter.len_utf8());
        if at > from && measure(from..next) > width {
            cut.push(from..at);
            from = at;
        }
    }
    cut.push(from..word.end);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shaped(text: &str, language: Language, width: f32) -> Vec<Line> {
        lines(Face::of(Weight::Regular).unwrap(), text, language, width)
    }

    /// The letters under the glyphs, from left to right.
    fn seen(line: &Line) -> String {
        line.glyphs.iter().map(|glyph| &line.text[glyph.text_range.clone()]).collect()
    }

    #[test]
    fn a_number_reads_left_to_right_inside_persian() {
        let line = &shaped("کد ۱۲۳ است", Language::Fa, 100.0)[0];
        let reversed: String = "کد ".chars().rev().collect();
        assert!(seen(line).ends_with(&format!("۱۲۳{reversed}")), "{}", seen(line));
    }

    #[test]
    fn letters_join_and_every_one_has_a_glyph() {
        let line = &shaped("پاسخ", Language::Fa, 100.0)[0];
        let alone: f32 = "پاسخ".chars().map(|c| shaped(&c.to_string(), Language::Fa, 100.0)[0].width).sum();
        assert_eq!(line.glyphs.iter().filter(|glyph| glyph.glyph_id.to_u32() == 0).count(), 0);
        assert!(line.width < alone, "joined letters are narrower: {} {alone}", line.width);
    }

    #[test]
    fn no_line_is_wider_than_the_page_and_no_letter_is_lost() {
        let long = "آ".repeat(300);
        let text = format!("سه روز است که آب محله قطع است و کسی پاسخ نمی‌دهد {long} code 1405/12 ok");
        let lines = shaped(&text, Language::Fa, 20.0);
        assert!(lines.len() > 5);
        for line in &lines {
            assert!(line.width <= 20.01, "{}", line.width);
        }
        let kept: usize =
            lines.iter().map(|line| seen(line).chars().filter(|c| !c.is_whitespace()).count()).sum();
        assert!(kept >= text.chars().filter(|c| !c.is_whitespace()).count());
    }

    #[test]
    fn an_empty_paragraph_is_an_empty_line() {
        assert_eq!(shaped("", Language::Fa, 20.0).len(), 1);
        assert_eq!(shaped("   ", Language::En, 20.0).len(), 1);
    }
}
