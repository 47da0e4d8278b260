//! A small service for tests: a database of its own, the national rules, three offices, gateways in memory
//! and a clock that the test sets.

use std::sync::Arc;

use diesel::prelude::*;

use crate::app::{App, Nudges};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::schema::{definitions, messages, offices};
use crate::db::sealed::Sealed;
use crate::db::types::{CaseId, DefinitionId, MessageId, OfficeId, Time};
use crate::db::{Db, DbConnection, IdMaker, Location, migrate};
use crate::domain::actor::{Act, Actor};
use crate::domain::cases::register::{Place, Register, register};
use crate::domain::citizens::CitizenInput;
use crate::domain::keys::Keys;
use crate::domain::notifications::DeliveryState;
use crate::domain::rulebook::{Level, RulebookCache};
use crate::domain::vault::{self, Masters, Source, Vault, field};
use crate::error::Result;
use crate::gateways::{Gateways, Mailer, Memory, SmsGateway};

const RULES: [&str; 6] = [
    include_str!("../../../config/national/kinds.toml"),
    include_str!("../../../config/national/templates.toml"),
    include_str!("../../../config/national/limits.toml"),
    include_str!("../../../config/national/calendars.toml"),
    include_str!("../../../config/national/reasons.toml"),
    include_str!("../../../config/national/roles.toml"),
];

/// The subject and the text of every case of the cast: words that no SMS may carry.
pub(super) const SUBJECT: &str = "subject-marker";
pub(super) const TEXT: &str = "text-marker";

pub(super) struct Cast {
    pub app: App,
    pub sms: Memory,
    pub mail: Memory,
    _dir: tempfile::TempDir,
}

/// What a test looks at of a message, opened.
#[derive(Debug)]
pub(super) struct Seen {
    pub id: MessageId,
    pub channel: String,
    pub state: DeliveryState,
    pub attempts: i32,
    pub facts: String,
    pub body: Option<String>,
    pub error: Option<String>,
    pub fallback_of: Option<MessageId>,
}

impl Cast {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(dir.path().join("samad.db"));
        let mut connection = location.open().unwrap();
        migrate::run(&mut connection).unwrap();
        let now: Time = "2026-11-21T08:30:00Z".parse().unwrap();
        connection.transaction(|connection| seed(connection, now)).unwrap();
        let mut config = Config::load(std::path::Path::new("/nowhere/local.toml")).unwrap();
        config.outbox.quiet_hours.clear();
        config.data.dir = dir.path().to_owned();
        let db = Db::open(&location, 4).unwrap();
        let masters = Masters::new(&Keys::new(&[7; 32]), &[]);
        vault::found(&mut connection, &masters, now).unwrap();
        let vault = Vault::unlock(&mut connection, Source::Held(masters)).unwrap();
        let (sms, mail) = (Memory::default(), Memory::default());
        let mut gateways = Gateways::in_memory(&config);
        gateways.sms = SmsGateway::Memory(sms.clone());
        gateways.mailer = Mailer::Memory(mail.clone());
        let app = App {
            config: Arc::new(config),
            db,
            clock: Clock::standing_at(now),
            ids: Arc::new(IdMaker::new(1, 0)),
            keys: Keys::new(&[7; 32]),
            vault,
            rules: RulebookCache::default(),
            gateways,
            nudges: Nudges::default(),
            hashing: crate::app::Hashing::default(),
        };
        Self { app, sms, mail, _dir: dir }
    }

    /// Writes as the service itself.
    pub async fn write<T: Send + 'static>(
        &self,
        write: impl Fn(&mut DbConnection, &Act) -> Result<T> + Send + 'static,
    ) -> T {
        let app = self.app.clone();
        let outcome = self.app.db.write(move |connection| {
            let act = app.act(connection, Actor::System)?;
            write(connection, &act)
        });
        outcome.await.unwrap()
    }

    /// A case of a citizen with these contacts; its acknowledgement waits in the outbox.
    pub async fn case_of(&self, mobile: Option<&str>, email: Option<&str>) -> CaseId {
        let citizen = CitizenInput {
            name: Some("name-marker".into()),
            mobile: mobile.map(str::to_owned),
            email: email.map(str::to_owned),
            preferred_channel: mobile.map(|_| "sms".to_owned()),
            ..CitizenInput::default()
        };
        let input = Register {
            kind: "request".into(),
            channel: "phone".into(),
            text: TEXT.into(),
            subject: Some(SUBJECT.into()),
            place: Some(Place { address: Some("address-marker".into()), ..Place::default() }),
            citizen: Some(citizen),
            ..Register::default()
        };
        self.write(move |connection, act| Ok(register(connection, act, &input)?.row.id)).await
    }

    pub async fn messages(&self) -> Vec<Seen> {
        use messages as m;
        type Row = (
            (MessageId, String, DeliveryState, i32),
            (Sealed, Option<Sealed>, Option<String>, Option<MessageId>),
        );
        let vault = self.app.vault.clone();
        let read = self.app.db.read(move |connection| {
            let rows: Vec<Row> = m::table
                .order(m::id)
                .select((
                    (m::id, m::channel, m::state, m::attempts),
                    (m::facts, m::body, m::error, m::fallback_of),
                ))
                .load(connection)?;
            rows.into_iter()
                .map(|((id, channel, state, attempts), (facts, body, error, fallback_of))| {
                    let facts = vault.open(connection, field!(messages::facts), id, &facts)?;
                    let body = vault.open_some(connection, field!(messages::body), id, body.as_ref())?;
                    Ok(Seen { id, channel, state, attempts, facts, body, error, fallback_of })
                })
                .collect()
        });
        read.await.unwrap()
    }

    pub fn pass(&self, seconds: i64) {
        self.app.clock.set(self.app.clock.now().plus_seconds(seconds));
    }
}

fn seed(connection: &mut DbConnection, now: Time) -> QueryResult<()> {
    use definitions as d;
    let mut next = 0;
    for file in RULES {
        let tables: toml::Table = file.parse().unwrap();
        for (noun, rows) in tables {
            for row in rows.as_array().unwrap() {
                next += 1;
                diesel::insert_into(d::table)
                    .values((
                        (d::id.eq(DefinitionId(next)), d::noun.eq(&noun), d::code.eq(next.to_string())),
                        (d::version.eq(1), d::body.eq(serde_json::to_string(row).unwrap())),
                        (d::source.eq("test"), d::author.eq("test"), d::valid_from.eq(now)),
                    ))
                    .execute(connection)?;
            }
        }
    }
    use offices as o;
    let tree = [
        (1, "CENTRE", None, Level::Centre),
        (2, "MOEN", Some(OfficeId(1)), Level::Ministry),
        (3, "MOEN-10", Some(OfficeId(2)), Level::Provincial),
    ];
    for (id, code, parent, level) in tree {
        diesel::insert_into(o::table)
            .values((
                (o::id.eq(OfficeId(id)), o::code.eq(code), o::parent_id.eq(parent), o::level.eq(level)),
                (
                    o::name_fa.eq(code),
                    o::name_en.eq(code),
                    o::email.eq(format!("{}@offices.example", code.to_lowercase())),
                ),
                (o::signpost_only.eq(false), o::needs_approval.eq(true), o::valid_from.eq(now)),
            ))
            .execute(connection)?;
    }
    Ok(())
}
