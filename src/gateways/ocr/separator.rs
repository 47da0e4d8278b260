//! Separator pages: a page between two letters of a stack, which holds the number of the letter behind it as a QR code.

use std::io::Cursor;

use crate::domain::letters::sheet::SEPARATOR;

/// Most pixels of a page that is looked at.
const MOST: usize = 120_000_000;

/// The number on a separator page; none for any other page.
pub fn separator(png: &[u8]) -> Option<String> {
    let (width, height, grey) = grey(png)?;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let codes = image.detect_grids().into_iter().filter_map(|grid| grid.decode().ok());
    let number =
        codes.map(|(_, text)| text).find_map(|text| text.strip_prefix(SEPARATOR).map(str::to_owned))?;
    Some(number.trim().to_owned()).filter(|number| !number.is_empty())
}

/// The pixels of a page in grey.
fn grey(png: &[u8]) -> Option<(usize, usize, Vec<u8>)> {
    let mut decoder = png::Decoder::new(Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().ok()?;
    let size = reader.output_buffer_size().filter(|size| *size <= MOST)?;
    let mut buffer = vec![0; size];
    let frame = reader.next_frame(&mut buffer).ok()?;
    let (width, height) = (frame.width as usize, frame.height as usize);
    let samples = frame.color_type.samples();
    // the first sample is grey, or red, which is as good for black on white
    let grey: Vec<u8> = buffer[..frame.buffer_size()].chunks(samples).map(|pixel| pixel[0]).collect();
    (grey.len() == width * height).then_some((width, height, grey))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page with a code in its middle.
    fn page(text: &str) -> Vec<u8> {
        let code = qrcode::QrCode::new(text).unwrap();
        let (side, dark) = (code.width(), code.to_colors());
        let pixels = 1000_usize;
        let start = 300;
        let grey: Vec<u8> = (0..pixels * pixels)
            .map(|at| {
                let (x, y) = ((at % pixels).wrapping_sub(start) / 8, (at / pixels).wrapping_sub(start) / 8);
                let is_dark = x < side && y < side && dark[y * side + x] == qrcode::Color::Dark;
                if is_dark { 0 } else { 255 }
            })
            .collect();
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, 1000, 1000);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&grey).unwrap();
        png
    }

    #[test]
    fn a_separator_tells_its_number_and_another_code_none() {
        assert_eq!(separator(&page("SAMAD-LETTER:1405/77")).as_deref(), Some("1405/77"));
        assert_eq!(separator(&page("https://samad.example.ir/track")), None);
        assert_eq!(separator(b"\x89PNG\r\n\x1a\nbroken"), None);
    }
}
