//! A service of its own for each test: database, standing clock, gateways in memory, and a real HTTP server.

mod agreed;
mod cast;
mod client;
pub mod issuer;
mod stolen;
mod template;

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::TcpListener;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use samad::app::{App, Nudges};
use samad::clock::Clock;
use samad::config::Config;
use samad::db::types::Time;
use samad::db::{Db, DbConnection, IdMaker};
use samad::domain::history::{Signer, audit};
use samad::domain::rulebook::RulebookCache;
use samad::domain::vault::Vault;
use samad::error::Result;
use samad::gateways::{Bench, FaxGateway, Gateways, Mailer, Memory, SmsGateway};
use samad::{server, workers};

pub use cast::{Case, MARYAM, REZA, filing};
pub use client::{Client, Reply};
pub use stolen::Stolen;
use template::Database;
pub use template::KEYS_FILE;

/// When every test begins: a Wednesday morning in Tehran.
pub const START: &str = "2026-06-10T06:00:00Z";

/// A running service with its own database.
pub struct TestApp {
    pub app: App,
    address: String,
    http: reqwest::Client,
    tokens: RefCell<HashMap<String, String>>,
    server: actix_web::dev::ServerHandle,
    database: Rc<Database>,
}

impl TestApp {
    /// A service with the national tree and the demo staff, and no case.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Rc::new(Database::copied());
        Self::over(database, Clock::standing_at(time(START)), change)
    }

    /// Another process of the same service: the same database and clock, nothing else in common.
    pub async fn another(&self) -> Self {
        self.another_with(|_| {}).await
    }

    /// The same with other settings.
    pub async fn another_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        Self::over(self.database.clone(), self.app.clock.clone(), change)
    }

    fn over(database: Rc<Database>, clock: Clock, change: impl FnOnce(&mut Config)) -> Self {
        static SLOTS: AtomicI64 = AtomicI64::new(1);
        let mut config =
            Config::load(Path::new("/nowhere/local.toml")).expect("the built-in settings are whole");
        config.data.dir = database.directory().to_owned();
        config.database.pool = 4;
        config.server.threads = 1;
        config.limits.public_per_minute = 0;
        config.limits.staff_per_minute = 0;
        // what an unknown sender says becomes a case at once; the dialogue has stories of its own
        config.sms.ask_identity = false;
        // a test that moves the clock by weeks need not sign in again
        config.tokens.access_seconds = 10 * 366 * 86_400;
        // where its programs happen to be installed, a test must not run otherwise
        config.ocr.enabled = false;
        // and at any hour of its clock
        config.outbox.quiet_hours.clear();
        change(&mut config);
        let db = Db::open(database.location(), config.database.pool).expect("the copy opens");
        let vault = db.read_here(|connection| Vault::unlock(connection, template::masters()));
        let mut gateways = Gateways::in_memory(&config);
        gateways.bench = Bench::new(env!("CARGO_BIN_EXE_samad"));
        if !config.sms.gateways.is_empty() {
            gateways.sms = SmsGateway::new(&config).expect("the test's gateways are right");
        }
        let app = App {
            db,
            clock,
            ids: Arc::new(IdMaker::new(SLOTS.fetch_add(1, Ordering::Relaxed) % 1024, 0)),
            keys: template::keys(),
            vault: vault.expect("the template has data keys"),
            rules: RulebookCache::holding(template::rules()),
            gateways,
            nudges: Nudges::default(),
            hashing: samad::app::Hashing::default(),
            config: Arc::new(config),
        };
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("a bound address"));
        let running = server::serve(app.clone(), listener).expect("the server starts");
        let handle = running.handle();
        actix_web::rt::spawn(running);
        let http =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        Self { app, address, http, tokens: RefCell::default(), server: handle, database }
    }

    /// Lets the workers do all that is due now; gives how much that was.
    pub async fn drain(&self) -> usize {
        workers::drain(&self.app).await.expect("the workers run")
    }

    /// Where it listens, such as `http://127.0.0.1:4711`.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn now(&self) -> Time {
        self.app.clock.now()
    }

    pub fn pass_hours(&self, hours: i64) {
        self.app.clock.set(self.now().plus_seconds(hours * 3600));
    }

    pub fn pass_days(&self, days: i64) {
        self.pass_hours(days * 24);
    }

    /// Checks that the history is whole, and that every row says what the events of its case say.
    #[track_caller]
    pub fn whole(&self) {
        let keys = vec![Signer::of(&self.app.keys).unwrap().public()];
        let known = audit::Known {
            keys,
            exported: Vec::new(),
            vault: Some(self.app.vault.clone()),
            root: Some(self.app.keys.clone()),
        };
        let report = self.look(|connection| audit::run(connection, &known, &mut |_| {}));
        assert_eq!(report.findings, []);
    }

    /// Reads the test's database with the domain's own functions.
    pub fn look<T>(&self, read: impl FnOnce(&mut DbConnection) -> Result<T>) -> T {
        self.app.db.read_here(read).expect("the database answers")
    }

    pub fn sms(&self) -> &Memory {
        match &self.app.gateways.sms {
            SmsGateway::Memory(memory) => memory,
            _ => unreachable!("tests run with gateways in memory"),
        }
    }

    pub fn fax(&self) -> &Memory {
        match &self.app.gateways.fax {
            FaxGateway::Memory(memory) => memory,
            _ => unreachable!("tests run with gateways in memory"),
        }
    }

    pub fn mail(&self) -> &Memory {
        match &self.app.gateways.mailer {
            Mailer::Memory(memory) => memory,
            _ => unreachable!("tests run with gateways in memory"),
        }
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // the stop command is sent when the future is made; nobody has to wait for it
        drop(self.server.stop(false));
    }
}

/// An instant in RFC 3339.
pub fn time(text: &str) -> Time {
    text.parse().expect("an RFC 3339 time")
}
