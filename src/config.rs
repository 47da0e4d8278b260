//! Settings: `config/default.toml` (built in), then `config/local.toml`, then `SAMAD__SECTION__KEY`.
//!
//! Everything wrong is found at once and named with its remedy; a start stops on the first line.

mod fax;
mod imap;
mod outbox;
mod phone;
pub mod sms;
mod systems;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Deserialize;
pub use sms::Sms;
pub use systems::{Open311, Webhooks};

pub use fax::Fax;
pub use imap::{Imap, ImapAddress, ImapMailbox, ImapSecurity};
pub use outbox::Outbox;
pub use phone::{Exchange, Phone};

use crate::db::Location;

/// The settings that the binary carries.
pub const DEFAULTS: &str = include_str!("../config/default.toml");

/// All settings, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub storage: Storage,
    pub files: Files,
    pub antivirus: Antivirus,
    pub database: Database,
    pub keys: KeysFile,
    pub tokens: Tokens,
    pub sign_in: SignIn,
    pub oidc: Oidc,
    pub configuration: Configuration,
    pub limits: Limits,
    pub web: Web,
    pub smtp: Smtp,
    pub imap: Imap,
    pub sms: Sms,
    pub phone: Phone,
    pub letters: Letters,
    pub folders: Folders,
    pub ocr: Ocr,
    pub outbox: Outbox,
    pub fax: Fax,
    pub webhooks: Webhooks,
    pub open311: Open311,
    pub log: Log,
    /// Set by `serve --demo`: real gateways stay off.
    #[serde(skip)]
    pub is_demo: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: String,
    pub public_url: String,
    pub threads: usize,
    pub stop_seconds: u64,
    pub body_limit: usize,
    pub attachment_limit: usize,
    pub intake_limit: usize,
    pub trusted_proxies: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    pub dir: PathBuf,
}

impl Storage {
    fn check(&self, wrong: &mut dyn FnMut(&str, String)) {
        if self.kind == StorageKind::Local {
            return;
        }
        if !is_safe_address(&self.s3_endpoint) {
            wrong("storage.s3_endpoint", "write https://… (http:// only on this machine)".into());
        }
        for (key, value, what) in [
            ("storage.s3_bucket", &self.s3_bucket, "the name of the bucket is missing"),
            ("storage.s3_region", &self.s3_region, "the region is missing, for example us-east-1"),
            ("storage.s3_access_key", &self.s3_access_key, "the access key is missing"),
            ("storage.s3_secret_key", &self.s3_secret_key, "the secret key is missing"),
        ] {
            if value.trim().is_empty() {
                wrong(key, what.into());
            }
        }
    }
}

impl Antivirus {
    fn check(&self, wrong: &mut dyn FnMut(&str, String)) {
        let address = self.address.trim();
        let is_host = address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
        if !address.is_empty() && !address.starts_with('/') && !is_host {
            wrong("antivirus.address", format!("'{address}' is neither host:port nor the path of a socket"));
        }
    }
}

/// Where files lie.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    pub kind: StorageKind,
    pub s3_endpoint: String,
    pub s3_bucket: String,
    pub s3_region: String,
    pub s3_access_key: String,
    pub s3_secret_key: String,
}

/// The sort of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StorageKind {
    /// A directory under `data.dir`.
    Local,
    /// A bucket of an S3 service.
    S3,
}

/// What is taken as a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub allowed: String,
    pub upload_hours: i64,
}

impl Files {
    /// Media types that are taken.
    pub fn allowed_types(&self) -> Vec<String> {
        self.allowed.split(',').map(|one| one.trim().to_lowercase()).filter(|one| !one.is_empty()).collect()
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Antivirus {
    pub address: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub url: String,
    pub pool: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysFile {
    pub file: PathBuf,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    pub access_seconds: i64,
    pub refresh_seconds: i64,
    pub citizen_seconds: i64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub require_second_factor: String,
}

impl SignIn {
    /// Codes of the roles whose holders may do nothing without a second factor.
    pub fn second_factor_roles(&self) -> impl Iterator<Item = &str> {
        self.require_second_factor.split(',').map(str::trim).filter(|one| !one.is_empty())
    }
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    pub issuer: String,
    pub client_id: String,
    pub client_secret: String,
    pub scopes: String,
    pub username_claim: OidcClaim,
    pub second_factor: String,
}

/// The claim of an ID token that is the user name here (OpenID Connect Core 1.0 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OidcClaim {
    PreferredUsername,
    /// Only where the provider verified it.
    Email,
    Sub,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Whether a change of the configuration needs a second person.
    pub four_eyes: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub public_per_minute: u32,
    pub staff_per_minute: u32,
    pub lookup_tries: i32,
}

/// Filing by the web.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    pub draft_hours: i64,
    pub proof_free_per_minute: u32,
    pub proof_free_of_all_per_minute: u32,
    pub proof_bits: u32,
    pub proof_bits_most: u32,
}

impl Web {
    fn check(&self, wrong: &mut dyn FnMut(&str, String)) {
        if self.proof_bits == 0 || self.proof_bits > self.proof_bits_most {
            wrong("web.proof_bits", "at least 1, and no more than web.proof_bits_most".into());
        }
        if self.proof_bits_most > PROOF_BITS_MOST {
            let what = format!("at most {PROOF_BITS_MOST}: a telephone would not find the proof in time");
            wrong("web.proof_bits_most", what);
        }
    }
}

/// About a minute of work for a telephone.
const PROOF_BITS_MOST: u32 = 26;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    pub url: String,
    pub from: String,
    pub reply_to: String,
    /// Most mails a minute; 0 is any number.
    pub per_minute: u32,
}

/// Watched folders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folders {
    pub fax: PathBuf,
    pub letters: PathBuf,
}

/// Recognition of scans.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ocr {
    pub enabled: bool,
    pub tesseract: String,
    pub pdftoppm: String,
    pub tiff2pdf: String,
    pub languages: String,
    pub seconds: u64,
    pub memory_mb: u64,
    pub pages: usize,
}

/// The letterhead.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Letters {
    pub issuer_fa: String,
    pub issuer_en: String,
    pub foot_fa: String,
    pub foot_en: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: String,
}

macro_rules! hide {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
hide!(Database, Exchange, Oidc, Phone, Smtp, Sms, Storage);

impl Config {
    /// Reads the settings; the error is one line that names what is wrong.
    pub fn load(local: &Path) -> Result<Self, String> {
        let mut builder =
            config::Config::builder().add_source(config::File::from_str(DEFAULTS, config::FileFormat::Toml));
        if local.exists() {
            builder = builder.add_source(config::File::from(local));
        }
        let environment = config::Environment::with_prefix("SAMAD").prefix_separator("__").separator("__");
        builder
            .add_source(environment)
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| format!("setting: {error}"))
    }

    /// Everything wrong with the settings, one line each; empty when all is well.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut wrong = |key: &str, what: String| {
            found.push(format!("{key} (SAMAD__{}): {what}", key.to_uppercase().replace('.', "__")))
        };
        if self.server.listen.parse::<SocketAddr>().is_err() {
            wrong(
                "server.listen",
                format!("'{}' is no address and port such as 127.0.0.1:8080", self.server.listen),
            );
        }
        if !(self.server.public_url.starts_with("http://") || self.server.public_url.starts_with("https://"))
        {
            wrong("server.public_url", "write http://… or https://…".into());
        }
        if let Err(what) = self.location() {
            wrong("database.url", what);
        }
        if self.database.pool == 0 {
            wrong("database.pool", "at least 1".into());
        }
        for proxy in self.trusted_proxies().iter().filter(|proxy| proxy.parse::<IpAddr>().is_err()) {
            wrong("server.trusted_proxies", format!("'{proxy}' is no IP address"));
        }
        self.storage.check(&mut wrong);
        self.antivirus.check(&mut wrong);
        self.web.check(&mut wrong);
        for (key, seconds) in [
            ("web.draft_hours", self.web.draft_hours),
            ("files.upload_hours", self.files.upload_hours),
            ("tokens.access_seconds", self.tokens.access_seconds),
            ("tokens.refresh_seconds", self.tokens.refresh_seconds),
            ("tokens.citizen_seconds", self.tokens.citizen_seconds),
            ("outbox.backoff_seconds", self.outbox.backoff_seconds),
            ("outbox.backoff_limit_seconds", self.outbox.backoff_limit_seconds),
        ] {
            if seconds <= 0 {
                wrong(key, "must be more than 0".into());
            }
        }
        if !self.oidc.issuer.is_empty() {
            if !is_safe_address(&self.oidc.issuer) {
                wrong("oidc.issuer", "write https://… (http:// only on this machine)".into());
            }
            if self.oidc.client_id.is_empty() {
                wrong("oidc.client_id", "the name of this service at the provider is missing".into());
            }
        }
        for (key, line) in
            [("letters.issuer_fa", &self.letters.issuer_fa), ("letters.issuer_en", &self.letters.issuer_en)]
        {
            if line.trim().is_empty() {
                wrong(key, "write who issues the letters".into());
            }
        }
        for (key, folder) in [("folders.fax", &self.folders.fax), ("folders.letters", &self.folders.letters)]
        {
            if !folder.as_os_str().is_empty() && !folder.is_dir() {
                wrong(key, format!("'{}' is no folder", folder.display()));
            }
        }
        if self.ocr.seconds == 0 || self.ocr.memory_mb < 128 || self.ocr.pages == 0 {
            wrong("ocr.seconds", "seconds and pages must be at least 1, memory_mb at least 128".into());
        }
        if self.ocr.languages.is_empty()
            || !self.ocr.languages.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '_'))
        {
            wrong("ocr.languages", format!("'{}' is no list such as fas+eng", self.ocr.languages));
        }
        self.webhooks.check(&mut wrong);
        if self.outbox.max_attempts < 1 || self.outbox.concurrency < 1 {
            wrong("outbox.max_attempts", "tries and concurrency must be at least 1".into());
        }
        if let Err(what) = self.outbox.quiet() {
            wrong("outbox.quiet_hours", what);
        }
        if let Err(what) = self.fax.check() {
            wrong("fax.command", what);
        }
        if !self.smtp.url.is_empty()
            && lettre::AsyncSmtpTransport::<lettre::Tokio1Executor>::from_url(&smtp_url(&self.smtp.url))
                .is_err()
        {
            wrong("smtp.url", "write smtp://host:port or smtps://user:password@host".into());
        }
        if self.smtp.from.parse::<lettre::message::Mailbox>().is_err() {
            wrong("smtp.from", format!("'{}' is no sender such as Samad <samad@example.ir>", self.smtp.from));
        }
        if !self.smtp.reply_to.is_empty() && self.smtp.reply_to.parse::<lettre::message::Mailbox>().is_err() {
            wrong(
                "smtp.reply_to",
                format!("'{}' is no address such as citizens@example.ir", self.smtp.reply_to),
            );
        }
        for what in self.imap.problems() {
            wrong("imap.url", what);
        }
        for (key, what) in self.phone.problems() {
            wrong(&format!("phone.{key}"), what);
        }
        for (key, what) in self.sms.problems() {
            wrong(&format!("sms.{key}"), what);
        }
        if tracing_subscriber::EnvFilter::try_new(&self.log.filter).is_err() {
            wrong("log.filter", format!("'{}' is no filter such as info", self.log.filter));
        }
        if !["text", "json"].contains(&self.log.format.as_str()) {
            wrong("log.format", format!("'{}' is neither text nor json", self.log.format));
        }
        found
    }

    /// Where the database is.
    pub fn location(&self) -> Result<Location, String> {
        if self.database.url.is_empty() {
            return Ok(Location::Sqlite(self.data.dir.join("samad.db")));
        }
        Location::parse(&self.database.url)
    }

    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed.
    pub fn trusted_proxies(&self) -> Vec<String> {
        self.server
            .trusted_proxies
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Where the root key and the master keys lie.
    pub fn keys_file(&self) -> PathBuf {
        if self.keys.file.as_os_str().is_empty() {
            self.data.dir.join("keys.hex")
        } else {
            self.keys.file.clone()
        }
    }

    /// Where attachments lie.
    pub fn attachments_dir(&self) -> PathBuf {
        self.data.dir.join("attachments")
    }

    /// Where anchors of the history are exported to.
    pub fn anchors_dir(&self) -> PathBuf {
        self.data.dir.join("anchors")
    }
}

/// Whether what is said there stays private: HTTPS, or this machine.
fn is_safe_address(address: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(address) else { return false };
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

/// The URL as lettre reads it: plain `smtp://` takes STARTTLS only when asked for.
pub fn smtp_url(url: &str) -> String {
    match url.strip_prefix("smtp+starttls://") {
        Some(rest) => format!("smtp://{rest}{}tls=required", if rest.contains('?') { '&' } else { '?' }),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Config {
        Config::load(Path::new("/nowhere/local.toml")).expect("the built-in settings are whole")
    }

    #[test]
    fn the_built_in_settings_are_right() {
        assert_eq!(defaults().problems(), Vec::<String>::new());
    }

    #[test]
    fn several_mailboxes_have_names_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("local.toml");
        let one = "[[imap]]\nname = \"a\"\nurl = \"imaps://u:p@h\"\n";
        std::fs::write(&file, format!("{one}{}", one.replace("\"a\"", "\"b\""))).unwrap();
        let config = Config::load(&file).unwrap();
        assert_eq!(config.imap.mailboxes().map(ImapMailbox::name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(config.problems(), Vec::<String>::new());
        std::fs::write(&file, format!("{one}{one}")).unwrap();
        let problems = Config::load(&file).unwrap().problems().join("\n");
        assert!(problems.contains("SAMAD__IMAP__URL") && problems.contains("'a'"), "{problems}");
        assert_eq!(defaults().imap.mailboxes().count(), 0);
    }

    #[test]
    fn every_wrong_setting_is_named_at_once() {
        let mut config = defaults();
        config.server.listen = "here".into();
        config.database.url = "mysql://x".into();
        config.sms.provider = "pigeon".into();
        config.storage.kind = StorageKind::S3;
        config.storage.s3_endpoint = "http://s3.example.ir".into();
        config.antivirus.address = "clamd".into();
        let problems = config.problems().join("\n");
        for key in [
            "SAMAD__SERVER__LISTEN",
            "SAMAD__DATABASE__URL",
            "SAMAD__SMS__PROVIDER",
            "SAMAD__STORAGE__S3_ENDPOINT",
            "SAMAD__STORAGE__S3_BUCKET",
            "SAMAD__STORAGE__S3_SECRET_KEY",
            "SAMAD__ANTIVIRUS__ADDRESS",
        ] {
            assert!(problems.contains(key), "{problems}");
        }
    }
}
