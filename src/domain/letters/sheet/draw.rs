//! Pages as a PDF.

use krilla::Document;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::surface::Surface;

use super::text::Face;
use super::{FOOT, HEIGHT, MARGIN, Mark, QR, Sheet, WIDTH, separator_sheets, sheets};
use crate::domain::letters::content::PaperLetter;
use crate::error::{Error, Language, Result};

/// Letters as one PDF, each on pages of its own.
///
/// # Errors
/// `Internal` where the font is broken or a code does not fit its square.
pub fn pdf(letters: &[PaperLetter]) -> Result<Vec<u8>> {
    let mut document = Document::new();
    let language = letters.first().map_or(Language::Fa, |letter| letter.language);
    document.set_metadata(
        Metadata::new()
            .title(letters.first().map(|letter| letter.number.clone()).unwrap_or_default())
            .language(if language == Language::En { "en".into() } else { "fa".into() }),
    );
    written(document, sheets(letters)?)
}

/// Separator pages with these numbers, one a page.
///
/// # Errors
/// `Internal` where a number does not fit its code.
pub fn separators(numbers: &[String]) -> Result<Vec<u8>> {
    written(Document::new(), separator_sheets(numbers)?)
}

fn written(mut document: Document, sheets: Vec<Sheet>) -> Result<Vec<u8>> {
    for sheet in sheets {
        page(&mut document, sheet)?;
    }
    document.finish().map_err(|error| Error::internal(format!("a letter cannot be written: {error:?}")))
}

fn page(document: &mut Document, sheet: Sheet) -> Result<()> {
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| Error::internal("A4 has a size"))?;
    let mut page = document.start_page_with(size);
    let mut surface = page.surface();
    for mark in sheet.marks {
        draw(&mut surface, mark)?;
    }
    surface.finish();
    page.finish();
    Ok(())
}

fn draw(surface: &mut Surface<'_>, mark: Mark) -> Result<()> {
    match mark {
        Mark::Text { line, x, y, size, weight } => {
            let font = Face::of(weight)?.font.clone();
            surface.draw_glyphs(Point::from_xy(x, y), &line.glyphs, font, &line.text, size, false);
        }
        Mark::Rule { y } => squares(surface, [Rect::from_xywh(MARGIN, y, WIDTH - 2.0 * MARGIN, 0.7)]),
        Mark::Qr { side, dark, x, y, size } => {
            // four modules of quiet zone lie in the margin and the foot around it
            let module = size / side as f32;
            let square = |(index, _): (usize, &bool)| {
                let (row, column) = ((index / side) as f32, (index % side) as f32);
                // a hair wider, so that no reader sees a line between two
                Rect::from_xywh(x + column * module, y + row * module, module * 1.02, module * 1.02)
            };
            squares(surface, dark.iter().enumerate().filter(|(_, dark)| **dark).map(square));
        }
    }
    Ok(())
}

fn squares(surface: &mut Surface<'_>, rects: impl IntoIterator<Item = Option<Rect>>) {
    let mut path = PathBuilder::new();
    rects.into_iter().flatten().for_each(|rect| path.push_rect(rect));
    if let Some(path) = path.finish() {
        surface.draw_path(&path);
    }
}

// the foot must hold the code
const _: () = assert!(FOOT + 14.0 + QR < HEIGHT - 14.0);
