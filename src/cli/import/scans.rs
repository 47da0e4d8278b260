//! Scans of a batch: which files and pages belong to which letter.
//!
//! A letter names its files; or its pages lie in a stack behind a separator page, which holds the registry number as a QR
//! code; or its files' names begin with its number.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::table::Row;
use crate::domain::text::machine_field;
use crate::gateways::Ocr;
use crate::gateways::ocr::separator;

/// The files of a folder, and the pages of its stacks.
pub struct Scans {
    folder: PathBuf,
    /// Every file, by its name.
    files: BTreeMap<String, PathBuf>,
    /// Pages behind separator pages, by the number on the separator.
    stacks: BTreeMap<String, Vec<PathBuf>>,
    /// Files that were taken apart.
    stacked: BTreeSet<PathBuf>,
    /// Files that could not be looked at, and why.
    unread: Vec<(String, String)>,
    /// Where pages of stacks lie while the command runs.
    _pages: tempfile::TempDir,
}

/// A number as a name or a code may hold it.
fn key(number: &str) -> String {
    machine_field(number).to_lowercase()
}

impl Scans {
    /// Looks through a folder. Where the programs of the recognition are missing, no separator page is found.
    pub fn find(folder: &Path, ocr: &Ocr) -> anyhow::Result<Self> {
        let mut scans = Self {
            folder: folder.to_owned(),
            files: BTreeMap::new(),
            stacks: BTreeMap::new(),
            stacked: BTreeSet::new(),
            unread: Vec::new(),
            _pages: tempfile::tempdir()?,
        };
        let entries =
            std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let kind = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            if path.is_file() && ["pdf", "tif", "tiff", "png", "jpg", "jpeg"].contains(&kind.as_str()) {
                scans.files.insert(name, path);
            }
        }
        if ocr.can_render() {
            scans.unstack(ocr)?;
        }
        Ok(scans)
    }

    /// Takes the stacks apart: documents of which a page is a separator.
    fn unstack(&mut self, ocr: &Ocr) -> anyhow::Result<()> {
        let documents: Vec<(String, PathBuf)> = self
            .files
            .iter()
            .filter(|(name, _)| {
                [".pdf", ".tif", ".tiff"].iter().any(|end| name.to_lowercase().ends_with(end))
            })
            .map(|(name, path)| (name.clone(), path.clone()))
            .collect();
        for (index, (name, path)) in documents.into_iter().enumerate() {
            let pages = self._pages.path().join(index.to_string());
            std::fs::create_dir(&pages)?;
            match ocr.images(&std::fs::read(&path)?, &pages) {
                Ok(images) => self.sort(&path, images)?,
                Err(why) => self.unread.push((name, why.to_string())),
            }
        }
        Ok(())
    }

    fn sort(&mut self, document: &Path, images: Vec<PathBuf>) -> anyhow::Result<()> {
        let mut current: Option<String> = None;
        for image in images {
            if let Some(number) = separator(&std::fs::read(&image)?) {
                let number = key(&number);
                self.stacks.entry(number.clone()).or_default();
                self.stacked.insert(document.to_owned());
                current = Some(number);
            } else if let Some(number) = &current {
                self.stacks.entry(number.clone()).or_default().push(image);
            }
        }
        Ok(())
    }

    /// The files of a letter, in their order.
    ///
    /// # Errors
    /// A file that the row names and that is not there, or a letter without words and without a scan.
    pub fn of(&self, row: &Row) -> Result<Vec<PathBuf>, String> {
        let named: Vec<&str> = row.files.as_deref().unwrap_or_default().split(';').map(str::trim).collect();
        let named: Vec<&str> = named.into_iter().filter(|name| !name.is_empty()).collect();
        if !named.is_empty() {
            let file = |name: &&str| {
                let known = self.files.get(*name).cloned();
                known.ok_or_else(|| format!("the file {name} is not in {}", self.folder.display()))
            };
            return named.iter().map(file).collect();
        }
        let number = key(&row.registry_number);
        if let Some(pages) = self.stacks.get(&number).filter(|pages| !pages.is_empty()) {
            return Ok(pages.clone());
        }
        let own: Vec<PathBuf> = self
            .files
            .iter()
            .filter(|(name, path)| begins(name, &number) && !self.stacked.contains(*path))
            .map(|(_, path)| path.clone())
            .collect();
        if own.is_empty() && row.text.as_deref().unwrap_or_default().trim().is_empty() {
            return Err("there is neither a text nor a scan of it".into());
        }
        Ok(own)
    }

    /// Files and stacked pages that no letter took.
    pub fn left(&self, used: &BTreeSet<PathBuf>) -> Vec<String> {
        let files =
            self.files.iter().filter(|(_, path)| !used.contains(*path) && !self.stacked.contains(*path));
        let stacks = self.stacks.iter().filter(|(_, pages)| !pages.iter().all(|page| used.contains(page)));
        files
            .map(|(name, _)| name.clone())
            .chain(stacks.map(|(number, pages)| format!("separator {number}: {} pages", pages.len())))
            .collect()
    }

    /// Files that could not be looked at, and why.
    pub fn unread(&self) -> &[(String, String)] {
        &self.unread
    }
}

/// Whether a file's name is the number, alone or with a dash, an underscore or a bracket behind it.
fn begins(name: &str, number: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if key(stem) == number {
        return true;
    }
    let heads = stem.char_indices().filter(|(_, letter)| matches!(letter, '_' | '-' | ' ' | '('));
    heads.map(|(at, _)| &stem[..at]).any(|head| !head.is_empty() && key(head) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_number_that_its_name_begins_with() {
        for name in ["123.pdf", "۱۲۳.pdf", "123-1.tif", "123_2.jpg", "123 (2).png"] {
            assert!(begins(name, "123"), "{name}");
        }
        for name in ["1234.pdf", "12-3x.pdf", "a123.pdf", "1.pdf"] {
            assert!(!begins(name, "123"), "{name}");
        }
        assert!(begins("14-05-7.pdf", &key("14/05/7")));
    }
}
