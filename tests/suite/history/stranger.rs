//! Another verifier, as a stranger would write it: after src/domain/history/FORMAT.md alone, with a library for
//! JSON, one for SHA-256 and one for Ed25519. It uses nothing of the service.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

type Check<T = ()> = Result<T, String>;

fn ensure(holds: bool, what: &str) -> Check {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Check<Vec<u8>> {
    let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    ensure(hex.len().is_multiple_of(2) && hex.chars().all(is_hex), "no hexadecimal")?;
    Ok((0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect())
}

fn members<'a>(value: &'a Value, names: &[&str]) -> Check<&'a Map<String, Value>> {
    let object = value.as_object().ok_or("no object")?;
    let is_named = object.len() == names.len() && names.iter().all(|name| object.contains_key(*name));
    ensure(is_named, "other members than these")?;
    Ok(object)
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Check<&'a str> {
    object[name].as_str().ok_or_else(|| format!("{name} is no string"))
}

fn number(object: &Map<String, Value>, name: &str) -> Check<u64> {
    object[name].as_u64().ok_or_else(|| format!("{name} is no number"))
}

fn is_signed(text: &str, key: &str, signature: &str) -> Check {
    let verified = UnparsedPublicKey::new(&ED25519, bytes(key)?).verify(text.as_bytes(), &bytes(signature)?);
    verified.map_err(|_| "the signature is wrong".into())
}

/// The hash of each event from the digests of their lines.
pub fn hashes(digests: &[String]) -> Vec<String> {
    let mut hashes: Vec<String> = Vec::new();
    for digest in digests {
        let before = hashes.last().map_or("", String::as_str);
        hashes.push(sha256(format!("{before}\n{digest}").as_bytes()));
    }
    hashes
}

const ANCHOR: [&str; 11] = [
    "format",
    "number",
    "day",
    "leaves",
    "events",
    "root",
    "previous",
    "made_at",
    "key",
    "hash",
    "signature",
];

/// Whether an anchor is good by itself.
pub fn anchor(value: &Value, key: &str) -> Check {
    let a = members(value, &ANCHOR)?;
    ensure(text(a, "format")? == "samad anchor 1", "another format")?;
    let mut signed = String::from("samad anchor 1\n");
    for name in &ANCHOR[1..9] {
        let value = if a[*name].is_u64() { number(a, name)?.to_string() } else { text(a, name)?.to_owned() };
        signed += &format!("{name} {value}\n");
    }
    ensure(text(a, "hash")? == sha256(signed.as_bytes()), "the hash is wrong")?;
    ensure(text(a, "key")? == key, "another key")?;
    is_signed(&signed, key, text(a, "signature")?)
}

/// Whether an anchor comes directly after another.
pub fn holds_together(before: &Value, after: &Value) -> Check {
    let day = |value: &Value| value["day"].as_str().unwrap().parse::<jiff::civil::Date>().unwrap();
    ensure(
        before["number"].as_u64().unwrap() + 1 == after["number"].as_u64().unwrap(),
        "a number is missing",
    )?;
    ensure(day(before).tomorrow().unwrap() == day(after), "a day is missing")?;
    ensure(after["previous"] == before["hash"], "the anchor before was replaced")
}

/// The root that a leaf's path leads to.
fn climb(hash: &str, position: u64, leaves: u64, path: &[Value]) -> Check<String> {
    let join = |parts: [&[u8]; 3]| Sha256::digest(parts.concat()).to_vec();
    let mut node = join([&[0], &bytes(hash)?, &[]]);
    let (mut at, mut size, mut path) = (position, leaves, path.iter());
    ensure(at < size, "no such leaf")?;
    while size > 1 {
        if at ^ 1 < size {
            let other = bytes(path.next().and_then(Value::as_str).ok_or("the path is too short")?)?;
            ensure(other.len() == 32, "no digest")?;
            node = if at % 2 == 1 { join([&[1], &other, &node]) } else { join([&[1], &node, &other]) };
        }
        at /= 2;
        size = size.div_ceil(2);
    }
    ensure(path.next().is_none(), "the path is too long")?;
    Ok(node.iter().map(|byte| format!("{byte:02x}")).collect())
}

const RECEIPT: [&str; 11] = [
    "format",
    "tracking_code",
    "filed_at",
    "issued_at",
    "events",
    "first",
    "digests",
    "head",
    "key",
    "signature",
    "proofs",
];
const LINE: [&str; 9] = ["id", "case", "seq", "at", "actor", "user", "office", "salt", "payload"];

/// The nine steps of section 3, with an earlier receipt, published anchors and words where they are given.
pub fn receipt(
    value: &Value,
    key: &str,
    earlier: Option<&Value>,
    published: Option<&[Value]>,
    words: Option<&str>,
) -> Check {
    let r = members(value, &RECEIPT)?;
    ensure(text(r, "format")? == "samad receipt 1" && text(r, "key")? == key, "another format or key")?;
    let signed: String = ["tracking_code", "filed_at", "issued_at", "events", "head", "key"]
        .iter()
        .map(|name| format!("{name} {}\n", r[*name].as_str().map_or(r[*name].to_string(), str::to_owned)))
        .collect();
    is_signed(&format!("samad receipt 1\n{signed}"), key, text(r, "signature")?)?;

    let first: Value = serde_json::from_str(text(r, "first")?).map_err(|_| "the first event is no JSON")?;
    members(&first, &LINE)?;
    let again = first.to_string();
    ensure(again == text(r, "first")?, "the first event is spelt otherwise")?;
    ensure(first["seq"] == 1 && first["at"] == r["filed_at"], "the first event is another")?;
    let payload = first["payload"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let payload = payload.ok_or("the first event has no fact")?;
    ensure(payload["event"] == "case_registered", "the first event is no registration")?;
    ensure(payload["tracking_code"] == r["tracking_code"], "another tracking code")?;

    let mut digests = vec![sha256(text(r, "first")?.as_bytes())];
    for digest in r["digests"].as_array().ok_or("no digests")? {
        digests.push(digest.as_str().ok_or("no digest")?.to_owned());
    }
    ensure(number(r, "events")? == digests.len() as u64, "another number of events")?;
    let hashes = hashes(&digests);
    ensure(r["head"] == hashes[hashes.len() - 1].as_str(), "the events do not lead to the head")?;
    let time = |name: &str| text(r, name)?.parse::<jiff::Timestamp>().map_err(|_| "no time".to_owned());
    ensure(time("issued_at")? >= time("filed_at")?, "issued before it was filed")?;
    proofs(r, &hashes, key, published, time("filed_at")?)?;

    if let Some(earlier) = earlier {
        let beginning = earlier["digests"].as_array().ok_or("no digests")?;
        ensure(earlier["first"] == value["first"], "another case")?;
        ensure(earlier["tracking_code"] == value["tracking_code"], "another case")?;
        ensure(r["digests"].as_array().unwrap().starts_with(beginning), "the history was rewritten")?;
    }
    words.map_or(Ok(()), |words| {
        ensure(payload["text_sha256"] == sha256(words.trim().as_bytes()).as_str(), "other words")
    })
}

fn proofs(
    r: &Map<String, Value>,
    hashes: &[String],
    key: &str,
    published: Option<&[Value]>,
    filed_at: jiff::Timestamp,
) -> Check {
    let mut before: Option<&Map<String, Value>> = None;
    for value in r["proofs"].as_array().ok_or("no proofs")? {
        let proof = members(value, &["events", "position", "path", "anchor"])?;
        let (signed, events) = (&proof["anchor"], number(proof, "events")?);
        anchor(signed, key)?;
        let hash = usize::try_from(events).ok().and_then(|events| hashes.get(events.checked_sub(1)?));
        let path = proof["path"].as_array().ok_or("no path")?;
        let leaves = signed["leaves"].as_u64().ok_or("no leaves")?;
        let root = climb(hash.ok_or("no such event")?, number(proof, "position")?, leaves, path)?;
        ensure(signed["root"] == root.as_str(), "the path leads to another root")?;
        match before {
            Some(before) => {
                let rises = before["events"].as_u64() < Some(events)
                    && before["anchor"]["number"].as_u64() < signed["number"].as_u64();
                ensure(rises, "the proofs are not in their order")?;
                if before["anchor"]["number"].as_u64().map(|number| number + 1) == signed["number"].as_u64() {
                    holds_together(&before["anchor"], signed)?;
                }
            }
            None => {
                let filed = filed_at.in_tz("Asia/Tehran").unwrap().date().to_string();
                ensure(signed["day"] == filed.as_str(), "anchored on another day than it was filed")?;
            }
        }
        if let Some(published) = published {
            let same = published.iter().find(|anchor| anchor["number"] == signed["number"]);
            ensure(same == Some(signed), "not the published anchor")?;
        }
        before = Some(proof);
    }
    Ok(())
}
