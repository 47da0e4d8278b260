//! The tombstone of a case as a page to print, in the reader's language.

use minijinja::{Environment, context};

use crate::domain::cases::CaseRow;
use crate::domain::history::Tombstone;
use crate::domain::notifications::date;
use crate::error::{Error, Language, Result};

/// One page of HTML; everything is escaped by the template engine.
///
/// # Errors
/// `NotFound` where nothing of the case was erased.
pub fn page(row: &CaseRow, stones: &[Tombstone], reader: Language) -> Result<String> {
    if stones.is_empty() {
        return Err(Error::NotFound);
    }
    let say = |fa: &'static str, en: &'static str| if reader == Language::En { en } else { fa };
    let shown: Vec<_> = stones
        .iter()
        .map(|stone| {
            let names: Vec<&str> = stone.classes.iter().map(|class| class.name(reader)).collect();
            let by = match &stone.rule {
                Some(rule) => format!("{} {rule}", say("قاعده نگهداری", "Retention rule")),
                None => say(
                    "تصمیم مسئول حریم خصوصی به درخواست شهروند",
                    "Decision of the privacy officer on the citizen's request",
                )
                .to_owned(),
            };
            context! {
                at => date(Some(stone.at), reader),
                classes => names.join(say("، ", ", ")),
                by => by,
                source => stone.source,
                digest => stone.sha256(),
                signature => stone.signature,
            }
        })
        .collect();
    let values = context! {
        lang => say("fa", "en"),
        dir => say("rtl", "ltr"),
        title => say("گواهی پاک‌سازی", "Tombstone: proof of erasure"),
        statement => say(
            "گواهی می‌شود آنچه در زیر آمده از این پرونده پاک شده است؛ تاریخچه پرونده دست‌نخورده و رسید آن معتبر است.",
            "This is to certify that what is named below was erased from this case; its history is whole and its receipt is good.",
        ),
        code_name => say("کد رهگیری", "Tracking code"),
        code => row.tracking_code,
        closed_name => say("بسته‌شده در", "Closed"),
        closed => date(row.closed_at, reader),
        at_name => say("پاک‌شده در", "Erased"),
        classes_name => say("آنچه پاک شد", "What was erased"),
        by_name => say("بر پایه", "Under"),
        source_name => say("مستند قانونی", "Legal source"),
        digest_name => say("نشان", "Digest"),
        signature_name => say("امضا", "Signature"),
        stones => shown,
    };
    let mut environment = Environment::new();
    // the name ends in .html, and so every value is escaped
    environment
        .add_template("tombstone.html", include_str!("tombstone.html"))
        .and_then(|()| environment.get_template("tombstone.html")?.render(&values))
        .map_err(Error::internal)
}
