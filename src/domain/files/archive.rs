//! Archives, and office documents, which are archives: what they unpack to is counted, not believed.

use std::io::{Cursor, Read};

use super::Notice;

/// Bytes that all entries may unpack to.
const MAX_UNPACKED: u64 = 300 << 20;
/// How many times its packed size an archive may unpack to, once that is more than a megabyte.
const MAX_RATIO: u64 = 150;
/// Entries of an archive.
const MAX_ENTRIES: usize = 5_000;

/// Unpacks everything into nothing and counts.
///
/// # Errors
/// `Bomb` where it is too much; `Locked` where entries need a password; `Unreadable` where it is no archive.
pub fn weighed(bytes: &[u8]) -> Result<(), Notice> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Notice::Unreadable)?;
    if archive.len() > MAX_ENTRIES {
        return Err(Notice::Bomb);
    }
    let most = MAX_UNPACKED.min((bytes.len() as u64).saturating_mul(MAX_RATIO).max(1 << 20));
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let is_locked = archive.by_index_raw(index).map_err(|_| Notice::Unreadable)?.encrypted();
        if is_locked {
            return Err(Notice::Locked);
        }
        let entry = archive.by_index(index).map_err(|_| Notice::Unreadable)?;
        let left = most - unpacked;
        unpacked +=
            std::io::copy(&mut entry.take(left + 1), &mut std::io::sink()).map_err(|_| Notice::Unreadable)?;
        if unpacked > most {
            return Err(Notice::Bomb);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(zeros: usize) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("a.txt", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(&vec![0; zeros]).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn an_archive_that_unpacks_to_far_more_than_it_is_is_refused() {
        assert_eq!(weighed(&packed(1000)), Ok(()));
        assert_eq!(weighed(&packed(60 << 20)), Err(Notice::Bomb));
        assert_eq!(weighed(b"PK\x03\x04...."), Err(Notice::Unreadable));
    }
}
