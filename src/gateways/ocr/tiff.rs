//! What a TIFF says of itself (TIFF 6.0), checked before any program reads it: directories, sizes, and that its strips lie
//! inside the file.

use super::Unreadable;

/// Most pixels of a side; a fax is 1728 by about 2300, a letter at 600 dpi 4960 by 7016.
const SIDE: u64 = 20_000;
/// Most pixels of a page.
const AREA: u64 = 120_000_000;
/// Most entries of a directory.
const ENTRIES: u16 = 200;

struct Reader<'a> {
    bytes: &'a [u8],
    is_little: bool,
}

/// One entry of a directory: where its values are, how long each is, how many.
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    at: usize,
}

impl Reader<'_> {
    fn two(&self, at: usize) -> Option<u16> {
        let bytes: [u8; 2] = self.bytes.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn four(&self, at: usize) -> Option<u32> {
        let bytes: [u8; 4] = self.bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if self.is_little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        Some(Entry {
            tag: self.two(at)?,
            kind: self.two(at + 2)?,
            count: self.four(at + 4)?.into(),
            at: at + 8,
        })
    }

    /// The values of a short or long entry.
    fn values(&self, entry: &Entry) -> Option<Vec<u64>> {
        let size = match entry.kind {
            3 => 2,
            4 => 4,
            _ => return None,
        };
        let length = usize::try_from(entry.count).ok()?.checked_mul(size)?;
        let start = if length <= 4 { entry.at } else { self.four(entry.at)? as usize };
        // all of them must be in the file before room is made for them
        self.bytes.get(start..start.checked_add(length)?)?;
        (0..length / size)
            .map(|index| match size {
                2 => self.two(start + index * 2).map(u64::from),
                _ => self.four(start + index * 4).map(u64::from),
            })
            .collect()
    }
}

/// Checks every directory; gives how many pages there are.
///
/// # Errors
/// `TooManyPages`, `LiesAboutSize` or `Damaged`.
pub(super) fn check(bytes: &[u8], most: usize) -> Result<usize, Unreadable> {
    let reader = Reader { bytes, is_little: bytes.starts_with(b"II") };
    let mut at = reader.four(4).ok_or(Unreadable::Damaged)? as usize;
    let mut pages = 0;
    while at != 0 {
        pages += 1;
        // a chain of directories that bites its tail ends here too
        if pages > most {
            return Err(Unreadable::TooManyPages);
        }
        at = directory(&reader, at)?;
    }
    if pages == 0 { Err(Unreadable::NoPages) } else { Ok(pages) }
}

/// Checks one directory; gives where the next one is.
fn directory(reader: &Reader<'_>, at: usize) -> Result<usize, Unreadable> {
    let count = reader.two(at).ok_or(Unreadable::Damaged)?;
    if count == 0 || count > ENTRIES {
        return Err(Unreadable::Damaged);
    }
    let start = at + 2;
    let end = start + usize::from(count) * 12;
    let entries: Option<Vec<Entry>> =
        (0..usize::from(count)).map(|index| reader.entry(start + index * 12)).collect();
    let entries = entries.ok_or(Unreadable::Damaged)?;
    let all = |tag: u16| entries.iter().find(|entry| entry.tag == tag).map(|entry| reader.values(entry));
    let first = |tag: u16| all(tag).flatten().and_then(|values| values.first().copied());
    let (Some(width), Some(height)) = (first(256), first(257)) else { return Err(Unreadable::Damaged) };
    if width == 0 || height == 0 || width > SIDE || height > SIDE || width * height > AREA {
        return Err(Unreadable::LiesAboutSize);
    }
    // strips or tiles: where each begins, and how long it is
    for (offsets, lengths) in [(273, 279), (324, 325)] {
        let Some(offsets) = all(offsets) else { continue };
        let (Some(offsets), Some(lengths)) = (offsets, all(lengths).flatten()) else {
            return Err(Unreadable::LiesAboutSize);
        };
        let inside = |(offset, length): (&u64, &u64)| offset + length <= reader.bytes.len() as u64;
        if offsets.len() != lengths.len() || !offsets.iter().zip(&lengths).all(inside) {
            return Err(Unreadable::LiesAboutSize);
        }
    }
    reader.four(end).map(|next| next as usize).ok_or(Unreadable::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of one strip: width, height, where its strip begins and how long it is; then the next directory.
    fn page(bytes: &mut Vec<u8>, values: [u32; 4], next: u32) {
        bytes.extend(4_u16.to_le_bytes());
        for (tag, value) in [256_u16, 257, 273, 279].into_iter().zip(values) {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(4_u16.to_le_bytes());
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(next.to_le_bytes());
    }

    fn tiff(values: [u32; 4], next: u32) -> Vec<u8> {
        let mut bytes = b"II*\0\x08\0\0\0".to_vec();
        page(&mut bytes, values, next);
        bytes.extend([0_u8; 8]);
        bytes
    }

    #[test]
    fn an_honest_page_is_counted() {
        assert_eq!(check(&tiff([1728, 2290, 8, 8], 0), 10), Ok(1));
    }

    #[test]
    fn a_page_that_lies_about_its_size_is_named() {
        assert_eq!(check(&tiff([4_000_000_000, 2290, 8, 8], 0), 10), Err(Unreadable::LiesAboutSize));
        assert_eq!(check(&tiff([19_000, 19_000, 8, 8], 0), 10), Err(Unreadable::LiesAboutSize));
        assert_eq!(check(&tiff([1728, 2290, 8, 4_000_000], 0), 10), Err(Unreadable::LiesAboutSize));
        assert_eq!(check(&tiff([0, 2290, 8, 8], 0), 10), Err(Unreadable::LiesAboutSize));
    }

    #[test]
    fn directories_without_an_end_and_broken_ones_are_named() {
        assert_eq!(check(&tiff([1728, 2290, 8, 8], 8), 10), Err(Unreadable::TooManyPages));
        let whole = tiff([1728, 2290, 8, 8], 0);
        for length in 8..whole.len() - 8 {
            assert!(check(&whole[..length], 10).is_err(), "cut at {length}");
        }
        assert_eq!(check(b"II*\0\0\0\0\0", 10), Err(Unreadable::NoPages));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail(rest in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let mut bytes = b"MM\0*".to_vec();
            bytes.extend(rest);
            let _ = check(&bytes, 50);
        }
    }
}
