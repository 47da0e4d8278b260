//! Pictures are drawn anew: only the pixels are taken, so that place, time, device and owner stay behind.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::Notice;

/// Pixels of the largest picture: a phone's 50 megapixels, and a page of A2 at 400 dpi.
pub const MAX_PIXELS: u64 = 64_000_000;
/// Longest side.
const MAX_SIDE: u32 = 16_384;
/// Bytes of memory that a decoder may take.
const MAX_MEMORY: u64 = 400 << 20;
/// Quality of a JPEG drawn anew.
const QUALITY: u8 = 88;

/// The same picture as new bytes without anything else, and their media type: a JPEG stays one; a picture with
/// transparency, and the first of several, becomes PNG; WebP without transparency JPEG.
///
/// # Errors
/// What is wrong with it; nothing of it is then to be trusted.
pub fn redrawn(bytes: &[u8], media_type: &str) -> Result<(Vec<u8>, &'static str), Notice> {
    let format = ImageFormat::from_mime_type(media_type).ok_or(Notice::Unreadable)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| Notice::Unreadable)?;
    let (width, height) = decoder.dimensions();
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Notice::TooManyPixels);
    }
    // how it was held when it was taken stands beside the pixels too
    let orientation = decoder.orientation().map_err(|_| Notice::Unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| match error {
        image::ImageError::Limits(_) => Notice::TooManyPixels,
        _ => Notice::Unreadable,
    })?;
    picture.apply_orientation(orientation);
    let is_photo =
        format == ImageFormat::Jpeg || (format == ImageFormat::WebP && !picture.color().has_alpha());
    let mut out = Cursor::new(Vec::new());
    let drawn = if is_photo {
        picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, QUALITY))
    } else {
        picture.write_to(&mut out, ImageFormat::Png)
    };
    drawn.map_err(|_| Notice::Unreadable)?;
    Ok((out.into_inner(), if is_photo { "image/jpeg" } else { "image/png" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG with an EXIF block that says how it was held (6: turned by a quarter) and where it was taken.
    fn with_place() -> Vec<u8> {
        let mut plain = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(40, 20).write_to(&mut plain, ImageFormat::Jpeg).unwrap();
        let plain = plain.into_inner();
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        tiff.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
        tiff.extend([0; 4]);
        tiff.extend(b"GPS 35.6892N 51.3890E");
        let mut exif = b"Exif\0\0".to_vec();
        exif.extend(tiff);
        let mut bytes = plain[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        bytes.extend(exif);
        bytes.extend(&plain[2..]);
        bytes
    }

    #[test]
    fn a_picture_loses_its_place_and_keeps_its_orientation() {
        let bytes = with_place();
        assert!(bytes.windows(3).any(|part| part == b"GPS"));
        let (drawn, media_type) = redrawn(&bytes, "image/jpeg").unwrap();
        assert_eq!(media_type, "image/jpeg");
        assert!(
            !drawn.windows(3).any(|part| part == b"GPS") && !drawn.windows(4).any(|part| part == b"Exif")
        );
        let picture = image::load_from_memory(&drawn).unwrap();
        assert_eq!((picture.width(), picture.height()), (20, 40), "turned as it was held");
    }

    #[test]
    fn a_picture_that_claims_absurd_sides_is_not_drawn() {
        let mut out = Cursor::new(Vec::new());
        DynamicImage::new_luma8(4, 4).write_to(&mut out, ImageFormat::Png).unwrap();
        let mut bytes = out.into_inner();
        bytes[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
        // the checksum of the header must be right, or it is only broken
        let sum = flate2::Crc::new();
        let mut sum = sum;
        sum.update(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&sum.sum().to_be_bytes());
        assert_eq!(redrawn(&bytes, "image/png"), Err(Notice::TooManyPixels));
        assert_eq!(redrawn(b"\x89PNG\r\n\x1a\n....", "image/png"), Err(Notice::Unreadable));
    }
}
