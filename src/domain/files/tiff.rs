//! TIFF: pages of a fax or a scanner stay as they are (they may be many, in codings of their own); only what tells a
//! place or a person is blanked (TIFF 6.0 §2, Exif 3.0 §4.6).

use super::Notice;

/// Tags that lead to another directory: Exif, GPS; and whole blocks: XMP, IPTC, Photoshop.
const TOLD: [u16; 5] = [0x8769, 0x8825, 0x02bc, 0x83bb, 0x8649];
const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
/// Pages that are looked at.
const MAX_PAGES: usize = 2_000;
/// Longest side: a fax page at 400 dpi may be metres long.
const MAX_SIDE: u32 = 65_535;
/// Pixels of a page; a page of black and white has eight of them in a byte.
const MAX_PIXELS: u64 = 400_000_000;

/// Reads numbers in the file's own order of bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

impl Reader<'_> {
    fn short(&self, at: usize) -> Option<u16> {
        let pair: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let four: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }
}

/// The bytes with place and person blanked, and how many pages there are.
///
/// # Errors
/// `Unreadable` where the directories lead nowhere, `TooManyPixels` where a page claims absurd sides.
pub fn scrubbed(bytes: &[u8]) -> Result<(Vec<u8>, i32), Notice> {
    let reader = Reader { bytes, is_little: bytes.starts_with(b"II") };
    let mut blanks = Vec::new();
    let mut seen = Vec::new();
    let mut at = reader.long(4).ok_or(Notice::Unreadable)? as usize;
    while at != 0 {
        if seen.contains(&at) || seen.len() >= MAX_PAGES {
            return Err(Notice::Unreadable);
        }
        seen.push(at);
        at = page(&reader, at, &mut blanks)? as usize;
    }
    if seen.is_empty() {
        return Err(Notice::Unreadable);
    }
    let mut out = bytes.to_vec();
    for (from, length) in blanks {
        if let Some(part) = out.get_mut(from..from.saturating_add(length).min(bytes.len())) {
            part.fill(0);
        }
    }
    Ok((out, i32::try_from(seen.len()).unwrap_or(i32::MAX)))
}

/// Looks at one directory; gives where the next one lies.
fn page(reader: &Reader<'_>, at: usize, blanks: &mut Vec<(usize, usize)>) -> Result<u32, Notice> {
    let count = usize::from(reader.short(at).ok_or(Notice::Unreadable)?);
    let (mut width, mut height) = (0, 0);
    for entry in (0..count).map(|index| at + 2 + index * 12) {
        let tag = reader.short(entry).ok_or(Notice::Unreadable)?;
        let sort = reader.short(entry + 2).ok_or(Notice::Unreadable)?;
        let value = match sort {
            3 => reader.short(entry + 8).map(u32::from),
            _ => reader.long(entry + 8),
        }
        .ok_or(Notice::Unreadable)?;
        match tag {
            WIDTH => width = value,
            HEIGHT => height = value,
            told if TOLD.contains(&told) => {
                blanks.extend(behind(reader, entry, told));
                // the entry itself: an unknown private tag with nothing in it
                blanks.push((entry + 8, 4));
            }
            _ => {}
        }
    }
    if width > MAX_SIDE || height > MAX_SIDE || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Notice::TooManyPixels);
    }
    reader.long(at + 2 + count * 12).ok_or(Notice::Unreadable)
}

/// Where the values lie to which an entry leads.
fn behind(reader: &Reader<'_>, entry: usize, tag: u16) -> Vec<(usize, usize)> {
    let (Some(count), Some(to)) = (reader.long(entry + 4), reader.long(entry + 8)) else { return Vec::new() };
    let (count, to) = (count as usize, to as usize);
    if !matches!(tag, 0x8769 | 0x8825) {
        return vec![(to, count.saturating_mul(4))];
    }
    let entries = usize::from(reader.short(to).unwrap_or(0));
    let mut all = vec![(to + 2, entries * 12)];
    for inner in (0..entries).map(|index| to + 2 + index * 12) {
        let size = match reader.short(inner + 2) {
            Some(3 | 8) => 2,
            Some(4 | 9 | 11) => 4,
            Some(5 | 10 | 12) => 8,
            _ => 1,
        };
        let length = size * reader.long(inner + 4).unwrap_or(0) as usize;
        if length > 4 {
            all.extend(reader.long(inner + 8).map(|from| (from as usize, length)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(width: u16, with_place: bool) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        bytes.extend(if with_place { [3, 0] } else { [2, 0] });
        for (tag, value) in [(WIDTH, width), (HEIGHT, 10)] {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([3, 0, 1, 0, 0, 0]);
            bytes.extend(value.to_le_bytes());
            bytes.extend([0, 0]);
        }
        if with_place {
            bytes.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 50, 0, 0, 0]);
        }
        bytes.extend([0; 4]);
        if with_place {
            // one entry of text that lies behind it
            bytes.extend([1, 0, 1, 0, 2, 0, 12, 0, 0, 0, 68, 0, 0, 0, 0, 0, 0, 0]);
            bytes.extend(b"35.68N 51.3E");
        }
        bytes
    }

    #[test]
    fn a_scan_loses_its_place_and_nothing_else() {
        let bytes = page_of(1728, true);
        let (out, pages) = scrubbed(&bytes).unwrap();
        assert_eq!((pages, out.len()), (1, bytes.len()));
        assert!(!out.windows(5).any(|part| part == b"35.68"));
        assert_eq!(scrubbed(&page_of(1728, false)).unwrap().0, page_of(1728, false));
    }

    #[test]
    fn a_scan_that_lies_is_told() {
        assert_eq!(scrubbed(b"II*\0 a page"), Err(Notice::Unreadable));
        assert_eq!(scrubbed(b"II*\0\x08\0\0\0\xff\xff"), Err(Notice::Unreadable));
        let mut circle = page_of(8, false);
        let end = circle.len() - 4;
        circle[end] = 8;
        assert_eq!(scrubbed(&circle), Err(Notice::Unreadable));
        let mut wide = page_of(8, false);
        wide[12..14].copy_from_slice(&[4, 0]);
        wide[18..22].copy_from_slice(&[0xff; 4]);
        assert_eq!(scrubbed(&wide), Err(Notice::TooManyPixels));
    }
}
