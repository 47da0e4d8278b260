//! A rule in plain words, made from its fields, in both languages.

use serde_json::{Map, Value};

use crate::domain::deadlines::Span;
use crate::domain::rulebook::Rulebook;
use crate::domain::text::persian_digits;

type Pair = (String, String);

/// What the rule says, in Persian and in English.
pub(super) fn plain(noun: &str, row: &Map<String, Value>, rules: &Rulebook) -> Pair {
    match noun {
        "limit" => limit(row, rules),
        "reason" => reason(row),
        "rule" => route(row, rules),
        "remedy" => (text(row, "how_fa").to_owned(), text(row, "how_en").to_owned()),
        _ => (text(row, "text_fa").to_owned(), text(row, "text_en").to_owned()),
    }
}

fn text<'a>(row: &'a Map<String, Value>, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A span as people say it: ten working days.
pub fn span_words(span: Span) -> Pair {
    let (count, fa, en) = match span {
        Span::WorkingDays(count) => (count, "روز کاری", "working day"),
        Span::WorkingHours(count) => (count, "ساعت کاری", "working hour"),
        Span::CalendarDays(count) => (count, "روز", "calendar day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    (format!("{} {fa}", persian_digits(&count.to_string())), format!("{count} {en}{plural}"))
}

fn limit(row: &Map<String, Value>, rules: &Rulebook) -> Pair {
    let (fa, en) = match text(row, "span").parse::<Span>() {
        Ok(span) => span_words(span),
        Err(_) => {
            let number = row.get("value").and_then(Value::as_i64).unwrap_or_default().to_string();
            match text(row, "unit") {
                "percent" => (format!("{} درصد", persian_digits(&number)), format!("{number} percent")),
                _ => (persian_digits(&number), number),
            }
        }
    };
    let (when_fa, when_en) = conditions(row, rules);
    (format!("{}: {fa}{when_fa}", text(row, "fa")), format!("{}: {en}{when_en}", text(row, "en")))
}

/// What narrows a row, in brackets; empty where nothing does.
fn conditions(row: &Map<String, Value>, rules: &Rulebook) -> Pair {
    let (mut fa, mut en) = (Vec::new(), Vec::new());
    let mut note = |field: &str, names: (&str, &str), known: Option<Pair>| {
        let code = text(row, field);
        if !code.is_empty() {
            let (name_fa, name_en) = known.unwrap_or_else(|| (code.to_owned(), code.to_owned()));
            fa.push(format!("{}: {name_fa}", names.0));
            en.push(format!("{}: {name_en}", names.1));
        }
    };
    let both = |fa: &String, en: &String| (fa.clone(), en.clone());
    note("kind", ("نوع", "kind"), rules.kinds.get(text(row, "kind")).map(|kind| both(&kind.fa, &kind.en)));
    let group = rules.groups.get(text(row, "group"));
    note("group", ("گروه", "group"), group.map(|group| both(&group.fa, &group.en)));
    let leaf = rules.categories.get(text(row, "category"));
    note("category", ("موضوع", "category"), leaf.map(|leaf| both(&leaf.fa, &leaf.en)));
    let province = rules.provinces.get(text(row, "province"));
    note("province", ("استان", "province"), province.map(|province| both(&province.fa, &province.en)));
    note("level", ("سطح", "level"), None);
    if row.get("urgent").and_then(Value::as_bool) == Some(true) {
        fa.push("فوری".into());
        en.push("urgent".into());
    }
    match fa.is_empty() {
        true => (String::new(), String::new()),
        false => (format!(" ({})", fa.join("، ")), format!(" ({})", en.join(", "))),
    }
}

fn reason(row: &Map<String, Value>) -> Pair {
    let (fa, en) = match text(row, "use") {
        "return" => {
            ("دستگاه می‌تواند پرونده را با این دلیل بازگرداند", "A body may return a case for this reason")
        }
        "decline" => ("خواسته می‌تواند با این دلیل پذیرفته نشود", "A claim may be declined for this reason"),
        "dismiss" => (
            "پرونده می‌تواند با این دلیل و با نشان دادن راه درست مختومه شود؛ دو نفر تصمیم می‌گیرند",
            "A case may be dismissed for this reason, with a signpost to the right body; two persons decide",
        ),
        "extension" => ("مهلت می‌تواند با این دلیل تمدید شود", "A limit may be extended for this reason"),
        "reopen" => ("پرونده می‌تواند با این دلیل بازگشایی شود", "A case may be reopened for this reason"),
        "priority" => ("پرونده با این دلیل زودتر رسیدگی می‌شود", "A case goes first for this reason"),
        _ => ("دلیل", "Reason"),
    };
    (format!("{fa}: {}", text(row, "fa")), format!("{en}: {}", text(row, "en")))
}

fn route(row: &Map<String, Value>, rules: &Rulebook) -> Pair {
    let to = text(row, "to");
    let (fa, en) = match to {
        "lead" => ("دستگاه متولی موضوع".to_owned(), "the lead body of the category".to_owned()),
        "lead_province" => (
            "اداره استانی دستگاه متولی، در استان محل".to_owned(),
            "the provincial office of the lead body, at the place".to_owned(),
        ),
        "lead_county" => ("فرمانداری محل".to_owned(), "the county governor's office of the place".to_owned()),
        "above" => (
            "مرکز، بالاتر از دستگاه طرف شکایت".to_owned(),
            "the centre, above the body complained of".to_owned(),
        ),
        code => rules.offices.by_code(code).map_or_else(
            || (code.to_owned(), code.to_owned()),
            |office| (office.fa.clone(), office.en.clone()),
        ),
    };
    let (when_fa, when_en) = conditions(row, rules);
    (format!("ارجاع نخست به {fa}{when_fa}"), format!("The first referral goes to {en}{when_en}"))
}
