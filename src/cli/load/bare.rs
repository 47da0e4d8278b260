//! What the machine can do without the service: the statements of one registration in a bare loop, and a bare
//! handler with one indexed read. The ratios of the benchmark are against these.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App as Actix, HttpResponse, HttpServer, web};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::db::schema::{case_scopes, cases, events, gateways, rulebook_version};
use crate::db::scratch::{OFFICE, Scratch};
use crate::db::types::{CaseId, EventId, Time};
use crate::db::{Db, DbConnection, fulltext};
use crate::domain::cases::lookup::Lookup;
use crate::domain::cases::{CaseRow, Channel, Priority, life::Status};
use crate::domain::crowd::words;
use crate::domain::text::search_key;
use crate::on_both;

/// Registrations that share a commit in the bare loop of the embedded database (design: 16).
const TOGETHER: usize = 16;

/// The words of one registration, prepared before the clock runs.
struct Words {
    text: String,
    key: String,
}

fn prepared(count: u64) -> Vec<Words> {
    let mut rng = StdRng::seed_from_u64(7);
    (0..count)
        .map(|number| {
            let text = words::text(&mut rng, 60, number);
            Words { key: search_key(&format!(" {text}")), text }
        })
        .collect()
}

/// The statements of one `POST /cases` with a gateway's key, in their order and with rows of the same size.
fn statements(connection: &mut DbConnection, number: i64, words: &Words, now: Time) -> QueryResult<()> {
    use cases as c;
    let (id, event, code) = (CaseId(number), EventId(number), format!("{number:011}"));
    let hash = format!("{number:064}");
    let payload = format!(
        r#"{{"event":"case_registered","tracking_code":"{code}","office":"382690081707655168","kind":"request","channel":"web","text_sha256":"{hash}"}}"#
    );
    on_both!(connection, |inner| {
        let _: Option<String> = gateways::table
            .filter(
                gateways::key_hash
                    .eq(&hash)
                    .and(gateways::agreed_at.is_not_null())
                    .and(gateways::revoked_at.is_null())
                    .and(gateways::expires_at.gt(now)),
            )
            .select(gateways::name)
            .first(inner)
            .optional()?;
        let _: i64 = rulebook_version::table.select(rulebook_version::version).first(inner)?;
        let _: i64 = c::table.filter(c::tracking_code.eq(&code)).count().get_result(inner)?;
        diesel::insert_into(c::table)
            .values((
                (
                    c::id.eq(id),
                    c::tracking_code.eq(&code),
                    c::version.eq(1),
                    c::status.eq(Status::Registered),
                ),
                (
                    c::access_hash.eq(&hash),
                    c::kind.eq("request"),
                    c::channel.eq(Channel::Web),
                    c::category.eq(None::<String>),
                ),
                (c::priority.eq(Priority::Normal), c::language.eq("fa"), c::subject.eq(None::<String>)),
                (c::text.eq(&words.text), c::is_anonymous.eq(false), c::is_sealed.eq(false)),
                (c::intake_office_id.eq(OFFICE), c::holder_office_id.eq(OFFICE)),
                (c::asked_levels.eq(""), c::transfers.eq(0), c::reopenings.eq(0)),
                (c::received_at.eq(now), c::registered_at.eq(now), c::updated_at.eq(now)),
                (c::due_at.eq(now.plus_days(10)), c::outer_at.eq(Some(now.plus_days(40)))),
                (c::triage_started_at.eq(Some(now)), c::triage_due_at.eq(Some(now.plus_days(1)))),
                (
                    c::triage_next_at.eq(Some(now.plus_seconds(40_000))),
                    c::last_seq.eq(1),
                    c::last_hash.eq(&hash),
                ),
            ))
            .execute(inner)?;
        diesel::insert_into(events::table)
            .values((
                (
                    events::id.eq(event),
                    events::case_id.eq(id),
                    events::seq.eq(1),
                    events::kind.eq("case_registered"),
                ),
                (events::at.eq(now), events::actor.eq("gateway"), events::user_id.eq(None::<i64>)),
                (events::office_id.eq(Some(OFFICE)), events::payload.eq(&payload), events::hash.eq(&hash)),
                events::salt.eq(&hash[..32]),
            ))
            .execute(inner)?;
        diesel::insert_into(case_scopes::table)
            .values((
                case_scopes::office_id.eq(OFFICE),
                case_scopes::case_id.eq(id),
                case_scopes::is_direct.eq(true),
            ))
            .on_conflict_do_nothing()
            .execute(inner)?;
    });
    fulltext::index(connection, id, words.key.clone())
}

/// What a bare loop did: how many, in how long, and the microseconds of each commit.
#[derive(Debug, Default)]
pub struct Ran {
    pub count: u64,
    pub seconds: f64,
    pub took: Vec<u32>,
}

impl Ran {
    /// A second.
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.seconds.max(0.001)
    }
}

fn commit(
    connection: &mut DbConnection,
    begin: &str,
    numbers: std::ops::Range<i64>,
    words: &[Words],
    now: Time,
) -> QueryResult<()> {
    connection.batch_execute(begin)?;
    for number in numbers {
        let at = usize::try_from(number).unwrap_or(0) % words.len();
        statements(connection, number, &words[at], now)?;
    }
    connection.batch_execute("COMMIT")
}

/// Registers in a bare loop: one thread committing 16 together on SQLite; on PostgreSQL `threads` connections
/// committing each by itself, as pgbench would.
pub fn register(
    scratch: &Scratch,
    is_sqlite: bool,
    threads: usize,
    span: Duration,
    now: Time,
) -> anyhow::Result<Ran> {
    let words = prepared(4000);
    let (threads, together, begin) =
        if is_sqlite { (1, TOGETHER, "BEGIN IMMEDIATE") } else { (threads, 1, "BEGIN") };
    let step = i64::try_from(together)?;
    let (next, stop) = (AtomicI64::new(1), AtomicBool::new(false));
    let start = Instant::now();
    let run = || -> anyhow::Result<Vec<u32>> {
        let mut connection = scratch.open()?;
        let mut took = Vec::new();
        while !stop.load(Ordering::Relaxed) && start.elapsed() < span {
            let first = next.fetch_add(step, Ordering::Relaxed);
            let begun = Instant::now();
            commit(&mut connection, begin, first..first + step, &words, now)?;
            took.push(u32::try_from(begun.elapsed().as_micros())?);
        }
        Ok(took)
    };
    let took = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let done = running
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| anyhow::bail!("a bare thread panicked")));
        done.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let took: Vec<u32> = took.into_iter().flatten().collect();
    Ok(Ran { count: (took.len() * together) as u64, seconds: start.elapsed().as_secs_f64(), took })
}

fn by_code(connection: &mut DbConnection, code: &str) -> QueryResult<Option<CaseRow>> {
    on_both!(connection, |inner| cases::table
        .filter(cases::tracking_code.eq(code))
        .select(CaseRow::as_select())
        .first(inner)
        .optional())
}

/// One indexed read after the other on one connection of the real database.
pub fn read(
    connection: &mut DbConnection,
    codes: &[(String, String)],
    span: Duration,
) -> anyhow::Result<Ran> {
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < span {
        let (code, _) = &codes[took.len() % codes.len()];
        let begun = Instant::now();
        anyhow::ensure!(
            by_code(connection, code)?.is_some(),
            "the case {code} is not in the database of the settings"
        );
        took.push(u32::try_from(begun.elapsed().as_micros())?);
    }
    Ok(Ran { count: took.len() as u64, seconds: start.elapsed().as_secs_f64(), took })
}

/// Serves a bare handler with one indexed read of the real database; gives its URL. It ends with the process.
pub fn serve(db: Db) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = move || -> std::io::Result<()> {
        actix_web::rt::System::new().block_on(async move {
            HttpServer::new(move || {
                Actix::new()
                    .app_data(web::Data::new(db.clone()))
                    .route("/api/v1/bare", web::post().to(look_up))
            })
            .listen(listener)?
            .disable_signals()
            .run()
            .await
        })
    };
    std::thread::Builder::new().name("bare".into()).spawn(server)?;
    Ok(url)
}

async fn look_up(db: web::Data<Db>, wish: web::Json<Lookup>) -> HttpResponse {
    let code = wish.tracking_code.clone();
    match db.glance(move |connection| Ok(by_code(connection, &code)?)).await {
        Ok(Some(row)) => HttpResponse::Ok()
            .json(serde_json::json!({ "tracking_code": row.tracking_code, "status": row.status })),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}
