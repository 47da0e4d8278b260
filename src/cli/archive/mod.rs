//! The archive of a backup: a gzipped tar of parts, and last a manifest that names each with its digest.
//!
//! It is written beside its place as FILE.part and gets its name only when it is whole and on the disk; an
//! archive that broke off has no manifest and is refused. Nothing of it is believed before it is checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::db::snapshot::Table;

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// Folder of the archive in which attachments lie, each under its SHA-256.
pub const ATTACHMENTS: &str = "attachments/";
/// The embedded database in the archive.
pub const SQLITE_PART: &str = "database/samad.db";

/// What an archive holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Version of the program that wrote it.
    pub samad: String,
    /// When its database was read.
    pub taken_at: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// Versions of the migrations that had run.
    pub migrations: Vec<String>,
    /// Rows by table.
    pub rows: BTreeMap<String, i64>,
    /// Tables of PostgreSQL with their columns, parents first.
    pub tables: Vec<Table>,
    /// Parts of the database in their order.
    pub parts: Vec<Part>,
    pub attachments: Attachments,
}

/// One part with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// The files of attachments: each lies under its own digest, so that their names are enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachments {
    pub files: u64,
    pub bytes: u64,
    /// Digest over their names, sorted, one in a line.
    pub sha256_of_names: String,
    /// Digests that the database names and that were not on the disk.
    pub missing: Vec<String>,
}

impl Attachments {
    /// The tally of these names and sizes.
    pub fn of(files: &BTreeMap<String, u64>, missing: Vec<String>) -> Self {
        let names: String = files.keys().map(|name| format!("{name}\n")).collect();
        Self {
            files: files.len() as u64,
            bytes: files.values().sum(),
            sha256_of_names: hex(Sha256::digest(names.as_bytes()).as_slice()),
            missing,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Counts and digests what is read through it.
struct Digesting<R> {
    inner: R,
    sha256: Sha256,
    bytes: u64,
}

impl<R: Read> Digesting<R> {
    fn new(inner: R) -> Self {
        Self { inner, sha256: Sha256::new(), bytes: 0 }
    }

    fn part(self, name: &str) -> Part {
        Part { name: name.to_owned(), bytes: self.bytes, sha256: hex(self.sha256.finalize().as_slice()) }
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.sha256.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// The file beside `target` with `ending` added to its name.
pub fn beside(target: &Path, ending: &str) -> anyhow::Result<PathBuf> {
    let name = target.file_name().with_context(|| format!("{} names no file", target.display()))?;
    let mut name = name.to_owned();
    name.push(ending);
    Ok(target.with_file_name(name))
}

/// A file that exists only while it is being made: gone again unless it is kept. An older one is not touched.
pub fn making(target: &Path, ending: &str) -> anyhow::Result<NamedTempFile> {
    let path = beside(target, ending)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default();
    tempfile::Builder::new().prefix(name).suffix("").rand_bytes(0).tempfile_in(folder).with_context(|| {
        format!(
            "{} cannot be made; if it is left from a run that broke off, delete it and try again",
            path.display()
        )
    })
}

/// An archive that is being written.
pub struct Writer {
    target: PathBuf,
    file: NamedTempFile,
    tar: tar::Builder<GzEncoder<BufWriter<File>>>,
    parts: Vec<Part>,
}

impl Writer {
    /// Begins FILE.part; FILE itself must not exist.
    pub fn create(target: &Path) -> anyhow::Result<Self> {
        if target.exists() {
            bail!("{} exists already; a backup never overwrites a file, name another", target.display());
        }
        let file = making(target, ".part")?;
        let out = BufWriter::with_capacity(1 << 20, file.as_file().try_clone()?);
        let tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
        Ok(Self { target: target.to_owned(), file, tar, parts: Vec::new() })
    }

    /// Adds a part of the database; its digest goes into the manifest.
    pub fn add(&mut self, name: &str, bytes: u64, content: impl Read) -> anyhow::Result<()> {
        let part = self.append(name, bytes, content)?;
        self.parts.push(part);
        Ok(())
    }

    /// Adds the file of an attachment; its digest must be its name.
    pub fn add_attachment(&mut self, sha256: &str, bytes: u64, content: impl Read) -> anyhow::Result<()> {
        let part = self.append(&format!("{ATTACHMENTS}{sha256}"), bytes, content)?;
        if part.sha256 != sha256 {
            bail!(
                "the attachment {sha256} is damaged on the disk (its content has the digest {}); nothing was backed \
                 up. Mend or move that file first",
                part.sha256
            );
        }
        Ok(())
    }

    fn append(&mut self, name: &str, bytes: u64, content: impl Read) -> anyhow::Result<Part> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0));
        let mut content = Digesting::new(content.take(bytes));
        self.tar.append_data(&mut header, name, &mut content).context("the archive cannot be written")?;
        if content.bytes != bytes {
            bail!("{name} became shorter while it was read");
        }
        Ok(content.part(name))
    }

    /// The parts so far, for the manifest.
    pub fn parts(&self) -> Vec<Part> {
        self.parts.clone()
    }

    /// Adds the manifest, brings everything to the disk and gives the archive its name. Gives its size.
    pub fn finish(mut self, manifest: &Manifest) -> anyhow::Result<u64> {
        let text = serde_json::to_vec_pretty(manifest)?;
        self.append(MANIFEST, text.len() as u64, text.as_slice())?;
        let mut out = self.tar.into_inner()?.finish()?;
        out.flush()?;
        self.file.as_file().sync_all().context("the archive cannot be brought to the disk")?;
        let bytes = self.file.as_file().metadata()?.len();
        self.file
            .persist_noclobber(&self.target)
            .map_err(|error| error.error)
            .with_context(|| format!("{} cannot be given its name", self.target.display()))?;
        sync_folder(&self.target)?;
        Ok(bytes)
    }
}

/// Makes a new name in a folder durable.
pub fn sync_folder(of: &Path) -> std::io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// A bar over bytes.
pub fn byte_bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {bar:32} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(length).with_style(style.expect("the template is right")).with_message(what)
}

/// A bar over things that are counted.
pub fn count_bar(length: u64, what: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {bar:32} {pos}/{len} {per_sec} {eta}");
    ProgressBar::new(length).with_style(style.expect("the template is right")).with_message(what)
}

/// Hands over every entry of an archive with its name, in order.
pub fn each_entry(
    file: &Path,
    what: &'static str,
    mut take: impl FnMut(&str, &mut dyn Read, u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let bar = byte_bar(opened.metadata()?.len(), what);
    let mut tar =
        tar::Archive::new(GzDecoder::new(std::io::BufReader::with_capacity(1 << 20, bar.wrap_read(opened))));
    let broken = || format!("{} is no whole backup: it is damaged or broke off", file.display());
    for entry in tar.entries().with_context(broken)? {
        let mut entry = entry.with_context(broken)?;
        let name = entry.path().with_context(broken)?.to_string_lossy().into_owned();
        let bytes = entry.size();
        take(&name, &mut entry, bytes)?;
    }
    bar.finish_and_clear();
    Ok(())
}

/// Reads an archive through and compares every digest; gives its manifest.
///
/// # Errors
/// One sentence that says what is wrong with it.
pub fn check(file: &Path) -> anyhow::Result<Manifest> {
    let mut manifest: Option<Manifest> = None;
    let (mut parts, mut files) = (Vec::new(), BTreeMap::new());
    each_entry(file, "checking the archive", |name, content, _| {
        let broken = || format!("{} is no whole backup: it is damaged or broke off", file.display());
        if name == MANIFEST {
            let mut text = String::new();
            content.read_to_string(&mut text).with_context(broken)?;
            manifest = Some(serde_json::from_str(&text).context("its manifest cannot be read")?);
            return Ok(());
        }
        let mut content = Digesting::new(content);
        std::io::copy(&mut content, &mut std::io::sink()).with_context(broken)?;
        let part = content.part(name);
        match name.strip_prefix(ATTACHMENTS) {
            Some(sha256) if sha256 == part.sha256 => {
                files.insert(sha256.to_owned(), part.bytes);
            }
            Some(_) => bail!("{} is damaged: the digest of {name} is not its name", file.display()),
            None => parts.push(part),
        }
        Ok(())
    })?;
    let Some(manifest) = manifest else {
        bail!("{} has no manifest: it is no backup of samad, or it broke off", file.display());
    };
    if manifest.format != FORMAT {
        bail!("{} has format {}; this version reads format {FORMAT}", file.display(), manifest.format);
    }
    if parts != manifest.parts {
        let wrong = manifest.parts.iter().find(|part| !parts.contains(part));
        let wrong = wrong.map_or("a part that the manifest does not name", |part| part.name.as_str());
        bail!("{} is damaged: {wrong} is missing or its digest is wrong", file.display());
    }
    if Attachments::of(&files, manifest.attachments.missing.clone()) != manifest.attachments {
        bail!(
            "{} is damaged: attachments are missing from it, or there are more than it names",
            file.display()
        );
    }
    Ok(manifest)
}

#[cfg(test)]
mod tests;
