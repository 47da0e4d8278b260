//! `samad load pages`: how well and how fast pages are read: known texts are printed, made fax pages of, recognised, compared.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use crate::cli::start;
use crate::domain::letters::{PaperLetter, sheet};
use crate::domain::text::storage_form;
use crate::error::Language;
use crate::gateways::Ocr;

/// Which pages.
#[derive(Debug, Args)]
pub struct Pages {
    /// Texts, UTF-8, one a line
    texts: PathBuf,
    /// How many pages
    #[arg(long, default_value_t = 20)]
    pages: usize,
}

/// How a page reaches us.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A fax in fine resolution, Group 4.
    Fine,
    /// A fax in standard resolution, Group 3: every second line is missing.
    Standard,
    /// A scan of 300 dpi.
    Scan,
}

impl Way {
    fn name(self) -> &'static str {
        match self {
            Way::Fine => "fax 204x196 G4",
            Way::Standard => "fax 204x98 G3",
            Way::Scan => "scan 300 dpi",
        }
    }

    /// Across, down, and how it is packed.
    fn shape(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Way::Fine => ("204", "196", "g4"),
            Way::Standard => ("204", "98", "g3"),
            Way::Scan => ("300", "300", "g4"),
        }
    }
}

/// Prints how much was right, and how long a page took.
pub fn run(settings: &Path, args: &Pages) -> anyhow::Result<()> {
    let ocr = Ocr::new(&start::settings(settings)?.ocr);
    if !ocr.is_ready() {
        bail!(
            "tesseract, pdftoppm or tiff2pdf is missing: apt-get install tesseract-ocr tesseract-ocr-fas poppler-utils libtiff-tools"
        );
    }
    let texts = std::fs::read_to_string(&args.texts).with_context(|| format!("{}", args.texts.display()))?;
    let texts: Vec<String> =
        texts.lines().filter(|line| line.chars().count() > 100).map(page_of).take(args.pages).collect();
    if texts.is_empty() {
        bail!("{} has no line of more than 100 characters", args.texts.display());
    }
    for way in [Way::Fine, Way::Standard, Way::Scan] {
        measure(&ocr, &texts, way)?;
    }
    Ok(())
}

/// As much of a text as one page holds.
fn page_of(text: &str) -> String {
    text.chars().take(1400).collect()
}

fn measure(ocr: &Ocr, texts: &[String], way: Way) -> anyhow::Result<()> {
    let (mut right, mut all, mut seconds, mut unread) = (0_usize, 0_usize, 0.0_f64, 0_usize);
    for text in texts {
        let fax = rendered(text, way)?;
        let start = Instant::now();
        let read = ocr.read(&fax);
        seconds += start.elapsed().as_secs_f64();
        let read: Vec<String> = match read {
            Ok(pages) => pages.into_iter().flat_map(|page| page.lines).map(|line| line.text).collect(),
            Err(_) => {
                unread += 1;
                Vec::new()
            }
        };
        let (wanted, got) = (plain(text), plain(&read.join(" ")));
        right += wanted.len() - distance(&wanted, &got).min(wanted.len());
        all += wanted.len();
    }
    let count = texts.len() as f64;
    println!(
        "{}: {} pages, {:.1} % of {all} characters right, {:.2} s a page, unread {unread}",
        way.name(),
        texts.len(),
        100.0 * right as f64 / all.max(1) as f64,
        seconds / count
    );
    Ok(())
}

/// A printed letter as it comes out of a machine.
fn rendered(text: &str, way: Way) -> anyhow::Result<Vec<u8>> {
    let letter = PaperLetter {
        language: Language::Fa,
        issuer: String::new(),
        office: String::new(),
        number: String::new(),
        date: String::new(),
        annexes: 0,
        recipient: Vec::new(),
        subject: None,
        body: text.to_owned(),
        check: Vec::new(),
        foot: String::new(),
        qr: "samad".into(),
    };
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("page.pdf"), sheet::pdf(&[letter])?)?;
    let (across, down, packed) = way.shape();
    made(
        "pdftoppm",
        &[
            "-rx",
            across,
            "-ry",
            down,
            "-mono",
            "-tiff",
            "-f",
            "1",
            "-l",
            "1",
            "-singlefile",
            &at("page.pdf"),
            &at("page"),
        ],
    )?;
    made("tiffcp", &["-c", packed, &at("page.tif"), &at("fax.tif")])?;
    Ok(std::fs::read(at("fax.tif"))?)
}

fn made(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status =
        Command::new(program).args(arguments).status().with_context(|| format!("{program} is missing"))?;
    if status.success() { Ok(()) } else { bail!("{program} {} failed", arguments.join(" ")) }
}

/// Letters as they are stored, with single blanks and without invisible marks.
fn plain(text: &str) -> Vec<char> {
    let form = storage_form(text);
    let visible: String =
        form.chars().filter(|letter| !matches!(letter, '\u{200c}' | '\u{200e}' | '\u{200f}')).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect()
}

/// Fewest changes that make `wanted` of some part of `got`: what stands before and behind it on the page costs nothing.
fn distance(wanted: &[char], got: &[char]) -> usize {
    let mut row: Vec<usize> = vec![0; got.len() + 1];
    for (index, letter) in wanted.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (at, other) in got.iter().enumerate() {
            let changed = diagonal + usize::from(letter != other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(row[at + 1] + 1);
        }
    }
    row.into_iter().min().unwrap_or(wanted.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_the_text_costs_nothing_and_each_wrong_letter_one() {
        let far = |wanted: &str, got: &str| distance(&plain(wanted), &plain(got));
        assert_eq!(far("آب قطع است", "شماره ۱ آب قطع است پایان"), 0);
        assert_eq!(far("آب قطع است", "آب قطغ است"), 1);
        assert_eq!(far("آب قطع است", "آب است"), 4);
        assert_eq!(far("آب", ""), 2);
    }
}
