//! What an actor may do with a case now, and why not the rest (design §5, `/actions`).
//!
//! Asked of the same policy and the same state machine that the verbs ask, so that the list cannot promise
//! what a verb then refuses.

use serde::Serialize;

use crate::db::DbConnection;
use crate::db::types::{AnswerId, OfficeId, ReferralId};
use crate::domain::actor::Act;
use crate::domain::cases::life::{Hop, HopRole, HopState};
use crate::domain::cases::{Docket, complained_of, family, refer, remedies};
use crate::domain::confidentiality::extract;
use crate::domain::policy;
use crate::domain::rulebook::Verb;
use crate::error::{Code, Error, Language, Result};

/// One verb, and whether it may be used now.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Action {
    pub verb: Verb,
    pub allowed: bool,
    /// Why not: a code of the problem catalogue.
    pub code: Option<String>,
    /// The same in words, in the reader's language.
    pub reason: Option<String>,
    /// The referral that it concerns.
    pub referral_id: Option<ReferralId>,
    /// The answer that it concerns.
    pub answer_id: Option<AnswerId>,
    pub method: String,
    pub href: String,
}

/// Every verb of a case and of its open referrals.
pub fn actions(
    connection: &mut DbConnection,
    act: &Act,
    docket: &Docket,
    language: Language,
) -> Result<Vec<Action>> {
    let life = &docket.life;
    let at = life.holder;
    let id = docket.row.id;
    let may = |verb: Verb| policy::allow(act, verb, at).map(|_| ());
    let case = |verb: Verb, method: &str, path: &str, verdict: Result<()>| {
        action(verb, method, format!("/api/v1/cases/{id}/{path}"), verdict, language)
    };
    let said = |verb: Verb| policy::allow_anywhere(act, verb).map(|_| ());
    let standing = remedies::standing(connection, act, docket)?;
    let appeal = || life.can_appeal(standing, &act.rules.offices, &docket.conflict).map(|_| ());
    // a sealed case goes nowhere without its extract
    let extracted = extract::require(connection, &docket.row).is_ok();
    let goes = || if extracted { Ok(()) } else { Err(Error::Conflict(Code::ExtractRequired)) };
    let refer = refer::sender(act, docket).and_then(|office| life.can_refer(office)).and_then(|()| goes());
    let mut list = vec![
        case(Verb::Classify, "PUT", "classification", may(Verb::Classify).and_then(|()| life.can_classify())),
        case(
            Verb::NameComplainedOf,
            "PUT",
            "complained-of",
            complained_of::may_name(act, docket).map(|_| ()),
        ),
        case(Verb::Refer, "POST", "referrals", refer),
        case(
            Verb::Ask,
            "POST",
            "questions",
            policy::allow(act, Verb::Ask, at).and_then(|office| can_ask(act, docket, office)),
        ),
        case(Verb::Reply, "POST", "messages", may(Verb::Reply).and_then(|()| life.can_speak())),
        case(Verb::Advise, "POST", "closure", may(Verb::Advise).and_then(|()| life.can_advise())),
        case(Verb::Close, "POST", "closure", may(Verb::Close).and_then(|()| can_close(act, docket))),
        case(
            Verb::CloseAsRepeat,
            "POST",
            "closure-as-repeat",
            may(Verb::CloseAsRepeat).and_then(|()| life.can_close_as_repeat()),
        ),
        case(Verb::Reopen, "POST", "reopening", may(Verb::Reopen).and_then(|()| life.can_reopen())),
        case(Verb::Withdraw, "POST", "withdrawal", may(Verb::Withdraw).and_then(|()| life.can_withdraw())),
        case(Verb::Dismiss, "POST", "dismissal", may(Verb::Dismiss).and_then(|()| can_dismiss(act, docket))),
        case(Verb::Note, "POST", "notes", policy::allow_anywhere(act, Verb::Note).map(|_| ())),
        case(Verb::Attach, "POST", "attachments", policy::allow_anywhere(act, Verb::Attach).map(|_| ())),
        case(
            Verb::Object,
            "POST",
            "objection",
            said(Verb::Object).and_then(|()| life.can_object(standing).map(|_| ())),
        ),
        case(Verb::Rate, "POST", "rating", said(Verb::Rate).and_then(|()| life.can_rate(standing))),
        case(Verb::Appeal, "POST", "appeal", said(Verb::Appeal).and_then(|()| appeal())),
        case(Verb::Merge, "POST", "merge", may(Verb::Merge).and_then(|()| life.can_merge())),
        case(Verb::Merge, "POST", "unmerge", may(Verb::Merge).and_then(|()| life.followed().map(|_| ()))),
        case(Verb::Split, "POST", "split", may(Verb::Split).and_then(|()| life.can_split())),
        case(Verb::Group, "POST", "group", may(Verb::Group).and_then(|()| life.can_lead())),
        case(
            Verb::Consent,
            "POST",
            "extension-consent",
            said(Verb::Consent).and_then(|()| life.awaits_consent().map(|_| ())),
        ),
    ];
    let unsplit = policy::allow(act, Verb::Split, family::split_by(docket))
        .and_then(|_| family::parts_to_undo(connection, act, docket).map(|_| ()));
    list.push(case(Verb::Split, "POST", "unsplit", unsplit));
    for (referral, hop) in life.hops.iter().filter(|(_, hop)| hop.state.is_open()) {
        match hop.role {
            HopRole::Appeal => {
                let verdict = policy::allow(act, Verb::DecideAppeal, hop.office)
                    .and_then(|_| may_decide(connection, act, docket, hop.office));
                list.push(Action {
                    referral_id: Some(*referral),
                    ..case(Verb::DecideAppeal, "POST", "appeal-decision", verdict)
                });
            }
            HopRole::Lead | HopRole::Helper | HopRole::Copy => {
                list.extend(of_referral(act, docket, (*referral, hop), extracted, language));
            }
        }
    }
    Ok(list)
}

fn may_decide(connection: &mut DbConnection, act: &Act, docket: &Docket, at: OfficeId) -> Result<()> {
    let hands = remedies::hands(connection, docket.row.id)?;
    remedies::may_decide(connection, act, &docket.conflict, at, &hands)
}

fn of_referral(
    act: &Act,
    docket: &Docket,
    (id, hop): (ReferralId, &Hop),
    extracted: bool,
    language: Language,
) -> Vec<Action> {
    let life = &docket.life;
    let may = |verb: Verb| policy::allow(act, verb, hop.office).map(|_| ());
    let of = |verb: Verb, path: &str, verdict: Result<()>| Action {
        referral_id: Some(id),
        ..action(verb, "POST", format!("/api/v1/referrals/{id}/{path}"), verdict, language)
    };
    let open = || life.can_work(id);
    let accept = || match hop.state {
        HopState::Sent => open(),
        _ => Err(Error::Conflict(Code::AlreadyDone)),
    };
    let mut list = vec![of(Verb::Accept, "acceptance", may(Verb::Accept).and_then(|()| accept()))];
    if hop.role != HopRole::Copy {
        let recall = policy::allow(act, Verb::Recall, hop.from).map(|_| ());
        let transfer = may(Verb::Transfer).and_then(|()| life.can_leave(id)).and_then(|()| match extracted {
            true => Ok(()),
            false => Err(Error::Conflict(Code::ExtractRequired)),
        });
        list.extend([
            of(Verb::Return, "return", may(Verb::Return).and_then(|()| life.can_leave(id))),
            of(Verb::Transfer, "transfer", transfer),
            of(Verb::Recall, "recall", recall.and_then(|()| open())),
            of(Verb::Assign, "assignment", may(Verb::Assign).and_then(|()| open())),
            of(Verb::Extend, "extension", may(Verb::Extend).and_then(|()| life.can_extend(id).map(|_| ()))),
            of(Verb::Answer, "answers", may(Verb::Answer).and_then(|()| life.can_answer(id, false))),
        ]);
    }
    if let Some(pending) = hop.pending {
        let is_author = act.actor.user() == Some(pending.author);
        let verdict = || match may(Verb::Approve) {
            Ok(()) if is_author => Err(Error::Forbidden(Code::SecondPersonRequired)),
            verdict => verdict.and_then(|()| open()),
        };
        for path in ["approval", "rejection"] {
            list.push(Action {
                referral_id: Some(id),
                answer_id: Some(pending.answer),
                ..action(
                    Verb::Approve,
                    "POST",
                    format!("/api/v1/answers/{}/{path}", pending.answer),
                    verdict(),
                    language,
                )
            });
        }
    }
    list
}

fn can_ask(act: &Act, docket: &Docket, office: OfficeId) -> Result<()> {
    let level = act.rules.offices.get(office).map_or("centre", |office| office.level.as_str());
    docket.life.can_ask(level)
}

/// A mass case is closed by another person than the one who proposed it.
fn can_close(act: &Act, docket: &Docket) -> Result<()> {
    docket.life.can_close()?;
    match &docket.life.family.closing {
        Some(first) if Some(first.by) == act.actor.user() => {
            Err(Error::Forbidden(Code::SecondPersonRequired))
        }
        Some(_) | None => Ok(()),
    }
}

fn can_dismiss(act: &Act, docket: &Docket) -> Result<()> {
    docket.life.can_advise()?;
    match &docket.life.dismissal {
        Some(first) if Some(first.by) == act.actor.user() => {
            Err(Error::Forbidden(Code::SecondPersonRequired))
        }
        Some(_) | None => Ok(()),
    }
}

fn action(verb: Verb, method: &str, href: String, verdict: Result<()>, language: Language) -> Action {
    let code = verdict.as_ref().err().map(Error::code);
    Action {
        verb,
        allowed: verdict.is_ok(),
        code: code.map(|code| code.as_str().to_owned()),
        reason: code.map(|code| code.title(language).to_owned()),
        referral_id: None,
        answer_id: None,
        method: method.to_owned(),
        href,
    }
}
