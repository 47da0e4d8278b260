//! `samad load bench`: how fast the service is, and beside it, in the same run, how fast the machine could be.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use futures_util::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::bare::{self, Ran};
use super::client::{Call, Client};
use super::life::{Life, Plan, Step, live};
use super::staff::Staff;
use super::summary::{Tally, percentile};
use crate::cli::start;
use crate::config::Config;
use crate::db::{Db, Location, scratch::Scratch};
use crate::domain::crowd::words;

/// Referred cases that the inbox must hold at least.
const INBOX: i64 = 300;
/// The script for the real pgbench.
const PGBENCH: &str = include_str!("register.pgbench");
/// What the service must reach of a bare loop and of a bare handler.
const TARGET: f64 = 0.7;

/// What `samad load bench` takes.
#[derive(Debug, clap::Args)]
pub struct Bench {
    /// The service, over plain http
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Gateway key to register with
    #[arg(long, default_value = crate::domain::demo::GATEWAY_KEY)]
    key: String,
    /// An account of staff; the demo staff is known. Repeat for several
    #[arg(long = "staff", value_name = "USER:PASSWORD")]
    staff: Vec<String>,
    /// Seconds for each measurement
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Calls at a time
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Measure the bare machine beside it; needs the settings of the service, on its machine
    #[arg(long)]
    baseline: bool,
    /// Write the statements of one registration as a script for pgbench into this file
    #[arg(long, value_name = "FILE")]
    pgbench_script: Option<PathBuf>,
}

/// One line of the table.
struct Figure {
    what: String,
    rate: f64,
    p50: f64,
    p99: f64,
    errors: Vec<(String, u64)>,
}

impl Figure {
    fn bare(what: &str, mut ran: Ran) -> Self {
        ran.took.sort_unstable();
        let (p50, p99) = (percentile(&ran.took, 50), percentile(&ran.took, 99));
        Self { what: what.into(), rate: ran.rate(), p50, p99, errors: Vec::new() }
    }
}

/// All that the measurements share.
struct Bed<'a> {
    args: &'a Bench,
    client: Client,
    staff: Staff,
    number: Cell<u64>,
    rng: RefCell<StdRng>,
    /// Tracking and access codes of the cases that were created.
    codes: RefCell<Vec<(String, String)>>,
}

/// Measures and prints the table.
pub async fn run(settings: &Path, args: &Bench) -> anyhow::Result<()> {
    if let Some(file) = &args.pgbench_script {
        std::fs::write(file, PGBENCH).with_context(|| format!("{} cannot be written", file.display()))?;
        println!("{} is ready; its first lines say how to run it.", file.display());
    }
    let bed = Bed {
        args,
        client: Client::lean(&args.url)?,
        staff: Staff::new(&args.staff)?,
        number: Cell::new(0),
        rng: RefCell::new(StdRng::from_rng(&mut rand::rng())),
        codes: RefCell::default(),
    };
    let baseline = if args.baseline { Some(Baseline::new(settings)?) } else { None };
    let mut figures =
        vec![bed.measure("create", &bed.client, async |client| bed.create(client).await.map(drop)).await];
    if bed.codes.borrow().is_empty() {
        bail!("no case could be created at {}: {:?}", args.url, figures[0].errors);
    }
    if let Some(baseline) = &baseline {
        figures.push(baseline.create(args)?);
    }
    figures.push(
        bed.measure("status look-up", &bed.client, async |client| {
            bed.look_up(client, "/public/lookups").await
        })
        .await,
    );
    if let Some(baseline) = &baseline {
        let url = bare::serve(baseline.db.clone())?;
        let client = Client::lean(&url)?;
        figures.push(
            bed.measure(BARE_HANDLER, &client, async |client| bed.look_up(client, "/bare").await).await,
        );
        figures.push(baseline.read(args, &bed.codes.borrow())?);
    }
    bed.fill_inbox().await?;
    figures.push(bed.measure("inbox of 20", &bed.client, async |client| bed.inbox(client).await).await);
    figures.push(bed.measure("whole life cycle", &bed.client, async |client| bed.live(client).await).await);
    tell(&figures);
    Ok(())
}

const BARE_HANDLER: &str = "  bare handler, 1 read";

impl Bed<'_> {
    /// Repeats a step with so many workers for so long.
    async fn measure(
        &self,
        what: &str,
        client: &Client,
        step: impl AsyncFn(&mut Client) -> Result<(), String>,
    ) -> Figure {
        let style = ProgressStyle::with_template("{spinner} {msg}").expect("the template is right");
        let bar = ProgressBar::new_spinner()
            .with_style(style)
            .with_message(format!("{what}, {} s", self.args.seconds));
        bar.enable_steady_tick(Duration::from_millis(250));
        let (tally, start) = (Tally::default(), Instant::now());
        let span = Duration::from_secs(self.args.seconds);
        join_all((0..self.args.concurrency).map(|_| async {
            let mut client = client.another();
            while start.elapsed() < span {
                let begun = Instant::now();
                match step(&mut client).await {
                    Ok(()) => tally.took(begun.elapsed()),
                    Err(why) => tally.count(&why),
                }
            }
        }))
        .await;
        let (rate, p50, p99) = tally.speed(start);
        bar.finish_and_clear();
        Figure { what: what.into(), rate, p50, p99, errors: tally.all() }
    }

    async fn create(&self, client: &mut Client) -> Result<String, String> {
        self.number.set(self.number.get() + 1);
        let text = words::text(&mut *self.rng.borrow_mut(), 60, self.number.get());
        // no character of it needs an escape
        let body = format!(r#"{{"kind":"request","channel":"web","text":"{text}"}}"#);
        let call = Call { method: "POST", path: "/cases", token: Some(&self.args.key), body: Some(&body) };
        let reply = client.call(call).await.map_err(|error| format!("{error:#}"))?;
        if reply.status != 201 {
            return Err(reply.problem());
        }
        let told = reply.json();
        let field = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        self.codes.borrow_mut().push((field("tracking_code"), field("access_code")));
        Ok(field("id"))
    }

    async fn look_up(&self, client: &mut Client, path: &str) -> Result<(), String> {
        self.number.set(self.number.get() + 1);
        let body = {
            let codes = self.codes.borrow();
            let (code, access) = &codes[usize::try_from(self.number.get()).unwrap_or(0) % codes.len()];
            format!(r#"{{"tracking_code":"{code}","access_code":"{access}"}}"#)
        };
        let call = Call { method: "POST", path, token: None, body: Some(&body) };
        let reply = client.call(call).await.map_err(|error| format!("{error:#}"))?;
        if reply.is_fine() { Ok(()) } else { Err(reply.problem()) }
    }

    async fn inbox(&self, client: &mut Client) -> Result<(), String> {
        let reply = self.staff.call(client, "handler.moen", "GET", "/inbox?limit=20", None).await;
        let reply = reply.map_err(|error| format!("{error:#}"))?;
        if reply.is_fine() { Ok(()) } else { Err(reply.problem()) }
    }

    async fn advance(&self, client: &mut Client, steps: &[Step]) -> Result<(), String> {
        let case = self.create(client).await?;
        let mut life = Life::new(client, &self.staff, &case);
        live(&mut life, &Plan::fixed(), steps)
            .await
            .map_err(|stopped| format!("{}: {}", stopped.step, stopped.why))
    }

    async fn live(&self, client: &mut Client) -> Result<(), String> {
        self.advance(client, Step::ALL).await
    }

    /// Gives the handler of MOEN enough work to read.
    async fn fill_inbox(&self) -> anyhow::Result<()> {
        let mut client = self.client.another();
        let reply = self.staff.call(&mut client, "handler.moen", "GET", "/inbox?limit=1", None).await?;
        let counts = &reply.json()["counts"];
        let has = counts["new"].as_i64().unwrap_or(0) + counts["in_progress"].as_i64().unwrap_or(0);
        for _ in has..INBOX {
            if let Err(why) = self.advance(&mut client, &[Step::Classify, Step::Refer]).await {
                bail!("the inbox cannot be given work: {why}");
            }
        }
        Ok(())
    }
}

/// The bare machine, by the settings of the service.
struct Baseline {
    config: Config,
    location: Location,
    db: Db,
}

impl Baseline {
    fn new(settings: &Path) -> anyhow::Result<Self> {
        let config = start::settings(settings)?;
        let location = config.location().map_err(anyhow::Error::msg)?;
        let db = Db::open(&location, config.database.pool)
            .context("--baseline reads the database of the service")?;
        Ok(Self { config, location, db })
    }

    fn create(&self, args: &Bench) -> anyhow::Result<Figure> {
        let now = crate::clock::Clock::System.now();
        let scratch = Scratch::new(&self.location, &self.config.data.dir, now)?;
        let threads = usize::from(args.concurrency);
        let span = Duration::from_secs(args.seconds);
        let what = if self.db.is_sqlite() { "  bare loop, 16 a commit" } else { "  bare connections" };
        Ok(Figure::bare(what, bare::register(&scratch, self.db.is_sqlite(), threads, span, now)?))
    }

    fn read(&self, args: &Bench, codes: &[(String, String)]) -> anyhow::Result<Figure> {
        let span = Duration::from_secs(args.seconds.min(3));
        Ok(Figure::bare("  indexed read, 1 thread", bare::read(&mut self.location.open()?, codes, span)?))
    }
}

fn tell(figures: &[Figure]) {
    println!("{:<26}{:>12}{:>11}{:>11}{:>9}", "", "per second", "p50 ms", "p99 ms", "errors");
    for figure in figures {
        let errors: u64 = figure.errors.iter().map(|(_, count)| count).sum();
        println!(
            "{:<26}{:>12.0}{:>11.2}{:>11.2}{errors:>9}",
            figure.what, figure.rate, figure.p50, figure.p99
        );
    }
    for figure in figures {
        figure
            .errors
            .iter()
            .take(5)
            .for_each(|(why, count)| println!("{}: {count} × {why}", figure.what.trim()));
    }
    for (what, of) in [("create", "  bare"), ("status look-up", BARE_HANDLER)] {
        let rate = |begins: &str| {
            figures.iter().find(|figure| figure.what.starts_with(begins)).map(|figure| figure.rate)
        };
        let bare =
            figures.iter().find(|f| f.what.starts_with(of) && (of == BARE_HANDLER || f.what != BARE_HANDLER));
        if let (Some(own), Some(bare)) = (rate(what), bare) {
            let ratio = own / bare.rate.max(0.001);
            let verdict = if ratio >= TARGET { "reached" } else { "missed" };
            println!("{what} / {}: {ratio:.2} (target {TARGET}: {verdict})", bare.what.trim());
        }
    }
}
