//! `samad user`: makes an account, sets a password, or removes a lost second factor, from the command line.

use std::path::Path;

use anyhow::{Context, anyhow, bail};

use super::start;
use crate::clock::Clock;
use crate::db::types::OfficeId;
use crate::domain::actor::{Act, Actor, Role};
use crate::domain::definitions;
use crate::domain::rulebook::Rulebook;
use crate::domain::users::{self, NewUser};
use crate::error::Error;

/// Makes the account; the password comes from SAMAD_PASSWORD or is asked for.
pub fn add(settings: &Path, username: &str, name: &str, roles: &[String]) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let password = asked()?;
    let username = username.trim().to_lowercase();
    let rules = app.db.read_here(|connection| app.rules.current(connection))?;
    let roles = roles.iter().map(|text| assignment(&rules, text)).collect::<anyhow::Result<Vec<_>>>()?;
    let new = NewUser {
        username: username.clone(),
        name: name.to_owned(),
        email: None,
        password_hash: users::hash_password(&password)?,
        roles,
    };
    let within = app.clone();
    app.db
        .write_here(move |connection| {
            let act: Act = within.act(connection, Actor::System)?;
            users::create(connection, act.id(), &new, act.now)
        })
        .map_err(|error| anyhow!("the account was not made: {error}"))?;
    println!("{username} may sign in.");
    Ok(())
}

fn asked() -> anyhow::Result<String> {
    std::env::var("SAMAD_PASSWORD")
        .or_else(|_| rpassword::prompt_password("Password (at least ten characters): "))
        .context("no password was given")
}

/// Sets a password and ends the account's sessions: for an administrator, whose password no other sets.
pub fn password(settings: &Path, username: &str) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let hash = users::hash_password(&asked()?)?;
    let (within, name) = (app.clone(), username.trim().to_lowercase());
    app.db
        .write_here(move |connection| {
            let act: Act = within.act(connection, Actor::System)?;
            let user = users::by_username(connection, &name)?.ok_or(Error::NotFound)?;
            users::set_password(connection, user.id, &hash)?;
            users::end_sessions(connection, &act, user.id, None)?;
            definitions::log(connection, &act, "set_password", &format!("user:{}", user.id), "")
        })
        .map_err(|error| anyhow!("{username}: {error}"))?;
    println!("{username} signs in with the new password, and all sessions have ended.");
    Ok(())
}

/// Removes the second factor of an account and ends its sessions: for an administrator whom no other can help.
pub fn remove_factor(settings: &Path, username: &str) -> anyhow::Result<()> {
    let (app, _) = start::app(start::settings(settings)?, Clock::System)?;
    let (within, name) = (app.clone(), username.trim().to_lowercase());
    app.db
        .write_here(move |connection| {
            let act: Act = within.act(connection, Actor::System)?;
            let user = users::by_username(connection, &name)?.ok_or(Error::NotFound)?;
            users::remove_factor(connection, &act, user.id, None)?;
            definitions::log(connection, &act, "remove_second_factor", &format!("user:{}", user.id), "")
        })
        .map_err(|error| anyhow!("{username}: {error}"))?;
    println!("{username} signs in by password alone, and all sessions have ended.");
    Ok(())
}

fn assignment(rules: &Rulebook, text: &str) -> anyhow::Result<(Role, OfficeId)> {
    let Some((role, office)) = text.split_once('@') else { bail!("--role {text}: write role@OFFICE") };
    let role = role.parse().map_err(|known: String| anyhow!("--role {text}: the role must be {known}"))?;
    let office =
        rules.offices.by_code(office).ok_or_else(|| anyhow!("--role {text}: there is no office {office}"))?;
    Ok((role, office.id))
}
