//! Recognition: the pages of a scan or fax become images, and their words text with a confidence for each line.
//!
//! What came from outside is read by programs of their own (tiff2pdf, pdftoppm, tesseract), each with limits of time and
//! memory; this process only checks what a TIFF says of itself. What is recognised is a proposal for a person: digits in
//! particular are never trusted. A fax at 204×98 comes out at its true shape, since its PDF keeps both resolutions.

pub(super) mod confine;
mod separator;
mod tiff;
mod tsv;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use separator::separator;

use crate::config;
use crate::text_enum;

text_enum! {
    /// Why no page could be read.
    pub enum Unreadable {
        /// It wants a password.
        Encrypted = "encrypted",
        /// Its head promises more than it holds, or more than a page can have.
        LiesAboutSize = "lies_about_size",
        TooManyPages = "too_many_pages",
        TookTooLong = "took_too_long",
        TooMuchMemory = "too_much_memory",
        Damaged = "damaged",
        /// No image and no document.
        NoPages = "no_pages",
        /// A program of the recognition is missing.
        NoProgram = "no_program",
    }
}

/// One line of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RecognisedLine {
    pub text: String,
    /// 0 to 100: the mean of its words.
    pub confidence: u8,
    /// Where it stands on the image: left, top, width, height in pixels.
    pub place: [u32; 4],
}

/// One page: its image as PNG, and what was read of it.
#[derive(Clone)]
pub struct RecognisedPage {
    pub png: Vec<u8>,
    pub lines: Vec<RecognisedLine>,
}

/// The programs and their limits.
#[derive(Debug, Clone)]
pub struct Ocr {
    settings: config::Ocr,
}

/// Pixels to the inch of the images; the finer resolution of a fax.
const RESOLUTION: &str = "204";

impl Ocr {
    /// Recognition by these settings.
    pub fn new(settings: &config::Ocr) -> Self {
        Self { settings: settings.clone() }
    }

    /// Whether it is switched on and its programs are there.
    pub fn is_ready(&self) -> bool {
        self.settings.enabled && self.can_render() && confine::find(&self.settings.tesseract).is_some()
    }

    /// Whether pages can be made images of, with or without recognition.
    pub fn can_render(&self) -> bool {
        let there = |program: &str| confine::find(program).is_some();
        there(&self.settings.pdftoppm) && there(&self.settings.tiff2pdf)
    }

    /// Whether somebody wants it and a program is missing.
    pub fn is_missing(&self) -> bool {
        self.settings.enabled && !self.is_ready()
    }

    /// Reads every page of one file. Blocks for about a second a page.
    ///
    /// # Errors
    /// Why none could be read.
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<RecognisedPage>, Unreadable> {
        let folder = tempfile::tempdir().map_err(|_| Unreadable::NoProgram)?;
        let images = self.images(bytes, folder.path())?;
        images
            .iter()
            .map(|image| {
                let png = std::fs::read(image).map_err(|_| Unreadable::Damaged)?;
                Ok(RecognisedPage { lines: self.lines(image)?, png })
            })
            .collect()
    }

    /// The pages of one file as PNG files in `folder`, in their order.
    pub fn images(&self, bytes: &[u8], folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
        let file = folder.join("in");
        std::fs::write(&file, bytes).map_err(|_| Unreadable::NoProgram)?;
        match crate::domain::files::kinds::sniff(bytes) {
            "application/pdf" => self.rendered(&file, folder),
            "image/tiff" => {
                tiff::check(bytes, self.settings.pages)?;
                let document = folder.join("in.pdf");
                let args = ["-o".as_ref(), document.as_os_str(), file.as_os_str()];
                self.run(&self.settings.tiff2pdf, &args, &[])?;
                self.rendered(&document, folder)
            }
            "image/png" | "image/jpeg" => Ok(vec![file]),
            _ => Err(Unreadable::NoPages),
        }
    }

    fn rendered(&self, document: &Path, folder: &Path) -> Result<Vec<PathBuf>, Unreadable> {
        let most = self.settings.pages;
        let (last, prefix) = ((most + 1).to_string(), folder.join("page"));
        let options = ["-r", RESOLUTION, "-gray", "-png", "-l", &last].map(OsStr::new);
        let args = [&options[..], &[document.as_os_str(), prefix.as_os_str()]].concat();
        self.run(&self.settings.pdftoppm, &args, &[])?;
        let mut images: Vec<PathBuf> = std::fs::read_dir(folder)
            .map_err(|_| Unreadable::Damaged)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
            .collect();
        images.sort();
        match images.len() {
            0 => Err(Unreadable::NoPages),
            count if count > most => Err(Unreadable::TooManyPages),
            _ => Ok(images),
        }
    }

    /// The words of one image.
    pub fn lines(&self, image: &Path) -> Result<Vec<RecognisedLine>, Unreadable> {
        let options = ["stdout", "-l", &self.settings.languages, "--dpi", RESOLUTION, "tsv"].map(OsStr::new);
        let args = [&[image.as_os_str()], &options[..]].concat();
        // one thread a page is four times faster than several
        let told = self.run(&self.settings.tesseract, &args, &[("OMP_THREAD_LIMIT", "1")])?;
        Ok(tsv::lines(&String::from_utf8_lossy(&told)))
    }

    fn run(&self, program: &str, args: &[&OsStr], variables: &[(&str, &str)]) -> Result<Vec<u8>, Unreadable> {
        confine::run(program, args, variables, self.settings.seconds, self.settings.memory_mb)
    }
}
