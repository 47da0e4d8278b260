//! `samad serve`: from nothing to an answering service, until it is told to stop.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, anyhow};
use tokio::signal::unix::{SignalKind, signal};

use super::{seed as seeding, start};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::actor::Actor;
use crate::domain::demo;
use crate::domain::seed::{self, Files};
use crate::workers::{self, Slot};
use crate::{db, server, telemetry};

/// Serves with these settings; `is_demo` adds the story and keeps real gateways off.
pub fn run(settings: &Path, is_demo: bool) -> anyhow::Result<()> {
    let mut config = start::settings(settings)?;
    config.is_demo = is_demo;
    telemetry::start_logs(&config.log);
    let listener = TcpListener::bind(&config.server.listen).with_context(|| {
        format!("server.listen (SAMAD__SERVER__LISTEN): {} cannot be bound", config.server.listen)
    })?;
    let (app, slot) = start::app(config, Clock::System)?;
    let admin_password = prepare(&app)?;
    announce(&app.config, &listener, admin_password.as_deref())?;
    actix_web::rt::System::new().block_on(serve(app, slot, listener))
}

/// Seeds an empty database, makes the first administrator, and plays the story where it is wished.
fn prepare(app: &App) -> anyhow::Result<Option<String>> {
    if !app.db.read_here(seed::is_seeded)? {
        let changes = seeding::apply(app, Files::embedded())?;
        tracing::info!(rows = changes.total().added, "the national tree was seeded");
    }
    if app.config.is_demo {
        let within = app.clone();
        app.db.write_here(move |connection| {
            let act = within.act(connection, Actor::System)?;
            demo::people(connection, &act)
        })?;
    }
    if !app.config.configuration.four_eyes {
        tracing::warn!("configuration.four_eyes is off: one person alone changes limits and rules");
    }
    let (ids, now) = (app.ids.clone(), app.clock.now());
    Ok(app.db.write_here(move |connection| seed::first_admin(connection, &ids, now))?)
}

/// Says where to go and, once, the first administrator's password.
fn announce(config: &Config, listener: &TcpListener, admin_password: Option<&str>) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "samad {} listens on http://{address}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  API and its documentation   http://{address}/api/docs/")?;
    match config.location() {
        Ok(db::Location::Sqlite(path)) => writeln!(out, "  embedded database           {}", path.display())?,
        _ => writeln!(out, "  database                    PostgreSQL")?,
    }
    if config.is_demo {
        writeln!(out, "  demo staff                  agent.centre, classifier.centre, handler.moen-10 …")?;
        writeln!(
            out,
            "                              password {}; gateway key {}",
            demo::PASSWORD,
            demo::GATEWAY_KEY
        )?;
    }
    if let Some(password) = admin_password {
        writeln!(out, "  first administrator         admin, password {password}  (told only now)")?;
        writeln!(
            out,
            "                              who approves: samad user add NAME --name 'FULL NAME' --role admin@CENTRE"
        )?;
    }
    out.flush()?;
    Ok(())
}

/// Serves until a signal; then requests finish, workers stop, leases are given back.
async fn serve(app: App, slot: Slot, listener: TcpListener) -> anyhow::Result<()> {
    let server = server::serve(app.clone(), listener)?;
    let handle = server.handle();
    let workers = workers::start_all(app.clone(), slot.clone());
    let running = actix_web::rt::spawn(server);
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => tracing::info!("asked to stop"),
        _ = int.recv() => tracing::info!("asked to stop"),
        () = workers.slot_lost() => tracing::error!("another process took this one's id slot; stopping"),
    }
    handle.stop(true).await;
    let served = running.await.map_err(|error| anyhow!("the server ended badly: {error}"))?;
    workers.stop().await;
    let high_water = app.ids.high_water_ms();
    app.db
        .write(move |connection| db::slots::release(connection, slot.number, &slot.holder, high_water))
        .await?;
    tracing::info!("stopped");
    Ok(served?)
}
