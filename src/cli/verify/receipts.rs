//! `samad verify --receipt`: offline, from files alone.

use anyhow::{Context, anyhow, bail};

use super::{Published, Verify};
use crate::domain::history::check::{self, Evidence};

/// Checks receipts and says what they prove, what they do not, and what is wrong with them.
pub fn run(args: &Verify) -> anyhow::Result<()> {
    let mut receipts = Vec::new();
    for file in &args.receipts {
        let bytes = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let receipt = check::read_receipt(&bytes)
            .map_err(|told| anyhow!("NOT VALID: {} is no receipt of this service: {told}", file.display()))?;
        receipts.push(receipt);
    }
    let published = Published::read_all(&args.anchors)?;
    let text = match &args.text {
        Some(file) => Some(
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?,
        ),
        None => None,
    };
    let evidence = Evidence {
        receipts,
        // a key that was given by hand is believed alone
        keys: if args.keys.is_empty() { published.keys } else { args.keys.clone() },
        anchors: (!args.anchors.is_empty()).then_some(published.anchors),
        text,
    };
    let verdict = check::check(&evidence);
    if verdict.wrong.is_empty() {
        println!("VALID");
        list("Proved:", &verdict.proved);
        list("Not proved by this:", &verdict.open);
        return Ok(());
    }
    println!("NOT VALID");
    list("Wrong:", &verdict.wrong);
    bail!("the receipt must not be relied on");
}

fn list(title: &str, lines: &[String]) {
    if !lines.is_empty() {
        println!("{title}");
        lines.iter().for_each(|line| println!("  - {line}"));
    }
}
