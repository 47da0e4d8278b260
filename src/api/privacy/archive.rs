//! The archive of an export, made while it is read: one case and one file at a time are in memory, and nothing of it
//! lies on the disk.

use std::io::{self, Write};

use actix_web::web::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::Stream;
use futures_util::stream::unfold;
use minijinja::{Environment, context};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::app::App;
use crate::db::types::CaseId;
use crate::domain::actor::Actor;
use crate::domain::cases::find_visible;
use crate::domain::notifications::date;
use crate::domain::privacy::documents;
use crate::domain::privacy::exports::Download;
use crate::domain::views;
use crate::error::{Error, Language, Result};

/// Pieces that wait for a slow reader.
const PIECES: usize = 8;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// What each file of the archive holds.
const SCHEMA: &str = include_str!("schema.json");

type Piece = io::Result<Bytes>;

/// The archive piece by piece; a fault cuts it off, so that nobody takes half of it for the whole.
pub fn stream(app: App, begun: Download, reader: Language) -> impl Stream<Item = Piece> {
    let (sender, receiver) = channel::<Piece>(PIECES);
    tokio::task::spawn_blocking(move || {
        let told = sender.clone();
        if let Err(error) = write(&app, &begun, reader, sender) {
            tracing::warn!(export.id = %begun.export.id, %error, "an export was cut off");
            // the reader may have gone away
            let _ = told.blocking_send(Err(io::Error::other("cut off")));
        }
    });
    unfold(receiver, |mut receiver: Receiver<Piece>| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    })
}

/// Hands full pieces over.
struct Pipe {
    sender: Sender<Piece>,
    gathered: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.gathered));
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The archive as it grows.
struct Archive {
    tar: tar::Builder<GzEncoder<Pipe>>,
    /// Seconds since 1970.
    at: u64,
}

impl Archive {
    fn add(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(self.at);
        self.tar.append_data(&mut header, path, bytes).map_err(Error::internal)
    }

    fn add_json(&mut self, path: &str, value: &impl serde::Serialize) -> Result<()> {
        self.add(path, &serde_json::to_vec_pretty(value).map_err(Error::internal)?)
    }
}

fn write(app: &App, begun: &Download, reader: Language, sender: Sender<Piece>) -> Result<()> {
    let pipe = Pipe { sender, gathered: Vec::new() };
    let at = u64::try_from(app.clock.now().as_microsecond() / 1_000_000).unwrap_or(0);
    let tar = tar::Builder::new(GzEncoder::new(pipe, Compression::default()));
    let mut archive = Archive { tar, at };
    archive.add("schema.json", SCHEMA.as_bytes())?;
    let record = app.db.read_here(|connection| {
        let act = app.act(connection, Actor::System)?;
        documents::record(connection, &act, &begun.export, &begun.cases)
    })?;
    archive.add_json("citizen.json", &record)?;
    let mut listed = Vec::new();
    for case in &begun.cases {
        listed.push((*case, add_case(app, &mut archive, *case, reader)?));
    }
    for (language, name) in [(Language::Fa, "index.fa.html"), (Language::En, "index.en.html")] {
        let lines: Result<Vec<Value>> =
            listed.iter().map(|(case, line)| in_words(app, *case, line, language)).collect();
        archive.add(name, index(&record, &lines?, language)?.as_bytes())?;
    }
    let gzip = archive.tar.into_inner().map_err(Error::internal)?;
    gzip.finish().and_then(|mut pipe| pipe.flush()).map_err(Error::internal)
}

/// Adds one case with its files; gives its line of the index.
fn add_case(app: &App, archive: &mut Archive, case: CaseId, reader: Language) -> Result<Value> {
    let (document, files) = app.db.read_here(|connection| {
        let act = app.act(connection, Actor::System)?;
        documents::case(connection, &act, case, reader)
    })?;
    let code = document.case.tracking_code.clone();
    archive.add_json(&format!("cases/{code}/case.json"), &document)?;
    for file in files.iter().filter(|file| file.scan().may_open()) {
        let bytes = app.gateways.storage.get(&file.sha256).map_err(Error::internal)?;
        archive.add(&format!("cases/{code}/files/{}", documents::file_name(file)), &bytes)?;
    }
    Ok(json!({ "code": code, "subject": document.case.subject }))
}

/// The line of a case with its status and its day as readers of this language write them.
fn in_words(app: &App, case: CaseId, line: &Value, language: Language) -> Result<Value> {
    let (status, at) = app.db.read_here(|connection| {
        let act = app.act(connection, Actor::System)?;
        let row = find_visible(connection, &act, case)?;
        let view = views::public_case(connection, &act, &row, language)?;
        Ok((view.status_text, date(Some(view.registered_at), language)))
    })?;
    Ok(json!({ "code": line["code"], "subject": line["subject"], "status": status, "at": at }))
}

/// A page to begin with, in one language.
fn index(record: &Value, listed: &[Value], language: Language) -> Result<String> {
    let say = |fa: &'static str, en: &'static str| if language == Language::En { en } else { fa };
    let values = context! {
        lang => say("fa", "en"),
        dir => say("rtl", "ltr"),
        title => say("همه داده‌های شما در سامد", "All your data at SAMAD"),
        about => say(
            "در citizen.json مشخصات شما و فهرست کسانی که آن را خوانده‌اند، و در پوشه هر پرونده متن، پیام‌ها، پاسخ‌ها و پیوست‌های خودتان است. نام کارکنان و اشخاص دیگر در آن نیست.",
            "citizen.json holds your particulars and when they were read; the folder of each case holds its text, messages, answers and your own files. Names of staff and of other persons are not in it.",
        ),
        name => record["citizen"]["name"],
        listed => listed,
    };
    let mut environment = Environment::new();
    environment
        .add_template("index.html", include_str!("index.html"))
        .and_then(|()| environment.get_template("index.html")?.render(&values))
        .map_err(Error::internal)
}
