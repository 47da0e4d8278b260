//! `samad load replay`: registers real records through the API, and brings a share of them to their end.
//!
//! Channels that the service does not have are sent as the nearest that it has (see [`channel`]); everything
//! else of a record is sent as it is, and what the API refuses is counted by code and field. Nothing is kept
//! from a run: a second one finds every record known already, by its id.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::Context;
use futures_util::future::join_all;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{Call, Client};
use super::life::{Leaf, Life, Plan, Step, stable_hash};
use super::staff::Staff;
use super::summary::Tally;
use crate::cli::archive::count_bar;

const ACCEPTED: &str = "accepted";
const KNOWN: &str = "known already";

/// What `samad load replay` takes.
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// Records, one JSON object in a line: id, text, and where known kind, category, channel, location, lat, lon
    file: PathBuf,
    /// The service
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Gateway key to register with
    #[arg(long, default_value = crate::domain::demo::GATEWAY_KEY)]
    key: String,
    /// An account of staff for --work; the demo staff is known. Repeat for several
    #[arg(long = "staff", value_name = "USER:PASSWORD")]
    staff: Vec<String>,
    /// Share of the accepted cases, 0 to 1, that is afterwards classified, referred, answered and closed
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    work: f64,
    /// Only the first so many records
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Calls at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Take control characters out of texts first; without it the API refuses such records
    #[arg(long)]
    clean: bool,
}

/// A record; whatever is missing is not sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    id: Value,
    kind: Option<String>,
    text: Option<String>,
    category: Option<String>,
    channel: Option<String>,
    location: Option<String>,
    lat: Option<f64>,
    lon: Option<f64>,
}

/// An accepted case and the record that it was.
struct Accepted {
    case: String,
    record: String,
    kind: String,
}

/// Channels of other systems, and what they are here; anything else is sent as it is.
///
/// | record | here | why |
/// |---|---|---|
/// | `mobile_app`, `social`, `internal` | `api` | another system hands them over |
/// | `chat`, `other`, `unknown`, none | `web` | written by the citizen, by no channel of ours |
fn channel(of_record: Option<&str>) -> &str {
    match of_record {
        Some("mobile_app" | "social" | "internal") => "api",
        Some("chat" | "other" | "unknown" | "") | None => "web",
        Some(known) => known,
    }
}

fn cleaned(text: String, clean: bool) -> String {
    if !clean {
        return text;
    }
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
}

/// The body of `POST /cases`, and the record's own id.
fn body(record: Record, clean: bool) -> (Value, String, String) {
    let id = match record.id {
        Value::String(id) => id,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let kind = record.kind.unwrap_or_else(|| "request".into());
    let degrees = |value: Option<f64>, bound: f64| value.filter(|degrees| degrees.abs() <= bound);
    let (lat, lon) = (degrees(record.lat, 90.0), degrees(record.lon, 180.0));
    let body = json!({
        "kind": kind,
        "channel": channel(record.channel.as_deref()),
        "text": cleaned(record.text.unwrap_or_default(), clean),
        "subject": record.category.map(|category| cleaned(category, clean)),
        "external_id": Some(&id).filter(|id| !id.is_empty()),
        "place": {
            "address": record.location.map(|address| cleaned(address, clean)),
            "lat": lat.and(lon).and(lat),
            "lon": lat.and(lon),
        },
    });
    (body, id, kind)
}

/// All that the workers of a run share.
struct Run<'a> {
    args: &'a Replay,
    stop: &'a AtomicBool,
    staff: Staff,
    leaves: Vec<Leaf>,
    registered: Tally,
    worked: Tally,
}

impl Run<'_> {
    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Replays the file and prints the summary; also after Ctrl-C.
pub async fn run(args: &Replay) -> anyhow::Result<()> {
    let stop = AtomicBool::new(false);
    let mut client = Client::any(&args.url)?;
    let staff = Staff::new(&args.staff)?;
    let leaves = if args.work > 0.0 { leaves(&mut client).await? } else { Vec::new() };
    let run =
        Run { args, stop: &stop, staff, leaves, registered: Tally::default(), worked: Tally::default() };
    // workers finish the calls that are out, then the summary so far is told
    let stopping = async {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, Ordering::Relaxed);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        done = replay(&run, &client) => done,
        () = stopping => Ok(()),
    }
}

async fn leaves(client: &mut Client) -> anyhow::Result<Vec<Leaf>> {
    let reply =
        client.insist(Call { method: "GET", path: "/public/categories", token: None, body: None }).await?;
    serde_json::from_value(reply.json()["items"].clone())
        .context("the categories of the service cannot be read")
}

async fn replay(run: &Run<'_>, client: &Client) -> anyhow::Result<()> {
    let open =
        || File::open(&run.args.file).with_context(|| format!("{} cannot be read", run.args.file.display()));
    let limit = run.args.limit.unwrap_or(usize::MAX);
    let count = BufReader::new(open()?).lines().take(limit).count();
    let lines = Mutex::new(BufReader::new(open()?).lines().take(limit));
    let (accepted, bar, start) =
        (Mutex::new(Vec::new()), count_bar(count as u64, "registering"), Instant::now());
    let workers =
        (0..run.args.concurrency).map(|_| register_all(run, client.another(), &lines, &accepted, &bar));
    join_all(workers).await;
    bar.finish_and_clear();
    tell_registered(run, start);
    let mut accepted = accepted.into_inner().unwrap_or_default();
    accepted.retain(|case: &Accepted| {
        (stable_hash(&format!("work {}", case.record)) % 10_000) as f64 / 10_000.0 < run.args.work
    });
    if run.args.work <= 0.0 || accepted.is_empty() || run.is_stopped() {
        return Ok(());
    }
    let (bar, start) = (count_bar(accepted.len() as u64, "working"), Instant::now());
    let waiting = Mutex::new(accepted.into_iter());
    join_all((0..run.args.concurrency).map(|_| work_all(run, client.another(), &waiting, &bar))).await;
    bar.finish_and_clear();
    tell_worked(run, start);
    Ok(())
}

/// Takes the next of a shared list.
fn next<I: Iterator>(list: &Mutex<I>) -> Option<I::Item> {
    list.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next()
}

type Lines = Mutex<std::iter::Take<std::io::Lines<BufReader<File>>>>;

async fn register_all(
    run: &Run<'_>,
    mut client: Client,
    lines: &Lines,
    accepted: &Mutex<Vec<Accepted>>,
    bar: &ProgressBar,
) {
    while !run.is_stopped() {
        let Some(line) = next(lines) else { return };
        let record = line.ok().and_then(|line| serde_json::from_str::<Record>(&line).ok());
        match record {
            Some(record) => {
                if let Some(case) = register(run, &mut client, record).await {
                    accepted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(case);
                }
            }
            None => run.registered.count("not a record"),
        }
        bar.inc(1);
    }
}

async fn register(run: &Run<'_>, client: &mut Client, record: Record) -> Option<Accepted> {
    let (body, record, kind) = body(record, run.args.clean);
    let body = body.to_string();
    let call = Call { method: "POST", path: "/cases", token: Some(&run.args.key), body: Some(&body) };
    let reply = match client.insist(call).await {
        Ok(reply) => reply,
        Err(error) => {
            run.registered.count(&format!("no reply: {error:#}"));
            return None;
        }
    };
    run.registered.took(reply.took);
    match reply.status {
        201 => {
            run.registered.count(ACCEPTED);
            let case = reply.json()["id"].as_str()?.to_owned();
            Some(Accepted { case, record, kind })
        }
        200 => {
            run.registered.count(KNOWN);
            None
        }
        _ => {
            run.registered.count(&reply.problem());
            None
        }
    }
}

async fn work_all(
    run: &Run<'_>,
    mut client: Client,
    waiting: &Mutex<std::vec::IntoIter<Accepted>>,
    bar: &ProgressBar,
) {
    while !run.is_stopped() {
        let Some(case) = next(waiting) else { return };
        work(run, &mut client, &case).await;
        bar.inc(1);
    }
}

async fn work(run: &Run<'_>, client: &mut Client, case: &Accepted) {
    let Some(plan) = Plan::of(&case.record, &case.kind, &run.leaves, &run.staff) else { return };
    let mut life = Life::new(client, &run.staff, &case.case);
    for step in Step::ALL {
        match life.take(*step, &plan).await {
            Ok(reply) => {
                run.worked.took(reply.took);
                run.worked.count(step.as_str());
            }
            Err(stopped) => {
                run.worked.count(&format!("{} refused: {}", stopped.step, stopped.why));
                return;
            }
        }
    }
}

fn tell_registered(run: &Run<'_>, start: Instant) {
    let (per_second, p50, p99) = run.registered.speed(start);
    println!("accepted       {:>8}", run.registered.of(ACCEPTED));
    println!("known already  {:>8}", run.registered.of(KNOWN));
    let refused: Vec<_> =
        run.registered.all().into_iter().filter(|(name, _)| name != ACCEPTED && name != KNOWN).collect();
    println!("refused        {:>8}", refused.iter().map(|(_, count)| count).sum::<u64>());
    refused.iter().for_each(|(name, count)| println!("  {count:>8}  {name}"));
    println!("latency        p50 {p50:.1} ms, p99 {p99:.1} ms; {per_second:.0} per second");
}

fn tell_worked(run: &Run<'_>, start: Instant) {
    let (per_second, p50, p99) = run.worked.speed(start);
    for step in Step::ALL {
        println!("{:<15}{:>8}", step.as_str(), run.worked.of(step.as_str()));
    }
    let is_step = |name: &str| Step::ALL.iter().any(|step| step.as_str() == name);
    let stopped: Vec<_> = run.worked.all().into_iter().filter(|(name, _)| !is_step(name)).collect();
    stopped.iter().for_each(|(name, count)| println!("  {count:>8}  {name}"));
    println!("latency        p50 {p50:.1} ms, p99 {p99:.1} ms; {per_second:.0} steps per second");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_channel_becomes_the_nearest_of_ours_and_a_wrong_one_is_left_to_the_api() {
        let ours = ["phone", "mobile_app", "chat", "pigeon"].map(|name| channel(Some(name)));
        assert_eq!(ours, ["phone", "api", "web", "pigeon"]);
        assert_eq!(channel(None), "web");
    }

    #[test]
    fn a_record_is_sent_as_it_is_but_for_what_it_lacks() {
        let record = r#"{"id": 7, "text": "a\u0000b", "lat": 91.0, "lon": 51.0, "seq": 1, "lang": "fa"}"#;
        let (sent, id, _) = body(serde_json::from_str(record).unwrap(), false);
        assert_eq!(
            (id.as_str(), sent["kind"].as_str(), sent["text"].as_str()),
            ("7", Some("request"), Some("a\0b"))
        );
        assert_eq!(sent["place"]["lon"], Value::Null, "a place needs both of its numbers");
        let (sent, ..) = body(serde_json::from_str(record).unwrap(), true);
        assert_eq!(sent["text"], "ab");
    }
}
