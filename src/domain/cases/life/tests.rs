//! Whatever is wished, the promises of the life cycle hold.

use proptest::collection::vec;
use proptest::prelude::*;

use super::trials::{ABOUT, HELPERS, Play, TRANSFERS, Wish, wish};
use super::*;

/// What must hold of every state.
fn check(play: &Play) {
    let life = &play.life;
    let leads = |hop: &Hop| matches!(hop.role, HopRole::Lead | HopRole::Appeal);
    let open_roots: Vec<ReferralId> =
        life.open_children(None).filter(|(_, hop)| leads(hop)).map(|(id, _)| id).collect();
    assert!(open_roots.len() <= 1, "one lead at most: {life:?}");
    let is_out = life.status == Status::Referred || life.resume == Some(Status::Referred);
    assert_eq!(is_out, open_roots.len() == 1, "out exactly with an open lead: {life:?}");
    assert_eq!(life.resume.is_some(), life.status == Status::AwaitingCitizen, "{life:?}");
    if life.status == Status::Closed {
        assert!(life.hops.values().all(|hop| !hop.state.is_open()), "closed with an open hop: {life:?}");
        assert!(life.outcome.is_some());
        assert!(life.family.parts.is_empty(), "closed before its parts: {life:?}");
    }
    if life.status == Status::Answered {
        assert!(life.family.parts.is_empty(), "answered before its parts: {life:?}");
    }
    assert_eq!(life.aside.is_some(), life.outcome.as_deref() == Some("merged"), "{life:?}");
    if is_out {
        let working = life.working_lead().expect("somebody works on it");
        assert_eq!(life.holder, life.hops[&working].office, "{life:?}");
        assert_eq!(life.holder_user, life.hops[&working].user, "{life:?}");
    }
    for (id, hop) in &life.hops {
        assert!(!play.offices.is_within(hop.office, ABOUT), "{id} went to the office complained of");
        assert!(hop.pending.is_none() || hop.state == HopState::Accepted, "{id} {hop:?}");
        let above = hop.parent.map(|parent| life.hops[&parent].state.is_open());
        assert!(
            !hop.state.is_open() || hop.role == HopRole::Copy || above != Some(false),
            "{id} is open below an ended one: {life:?}"
        );
        assert!(hop.extensions <= 2);
        assert!(
            hop.extensions < 2 || hop.consent == Some(Consent::Given),
            "a second time without consent: {hop:?}"
        );
        let leads = life.open_children(Some(*id)).filter(|(_, hop)| hop.role == HopRole::Lead).count();
        assert!(leads <= 1, "one lead at most below {id}: {life:?}");
    }
    assert!(life.objections <= 1, "one additional answer: {life:?}");
    assert!(life.rating.is_none_or(|score| (1..=5).contains(&score)));
    let appeals: Vec<&Hop> = life.hops.values().filter(|hop| hop.role == HopRole::Appeal).collect();
    assert!(appeals.iter().all(|hop| hop.parent.is_none() && hop.pending.is_none()));
    let helpers = life.hops.values().filter(|hop| hop.role == HopRole::Helper && hop.state.is_open()).count();
    assert!(helpers <= HELPERS);
}

/// What must hold of a fact, given the state before it.
fn check_fact(play: &Play, before: &Life, fact: &Fact) {
    match fact {
        Fact::AnswerApproved { referral, by, is_interim, .. } => {
            assert_ne!(
                before.hops[referral].pending.expect("it was pending").author,
                *by,
                "approved by its author"
            );
            let below =
                before.open_children(Some(*referral)).filter(|(_, hop)| hop.role != HopRole::Copy).count();
            assert!(*is_interim || below == 0, "a final answer over an open sub-referral");
        }
        Fact::ConsentAsked { referral, .. } => assert_eq!(before.hops[referral].extensions, 1),
        Fact::ReferralTransferred { .. } => assert!(before.transfers < TRANSFERS, "a fourth transfer"),
        Fact::RulingAsked { .. } => assert!(before.transfers >= TRANSFERS, "a ruling too soon"),
        Fact::ObjectionRaised { hop, .. } => {
            let answered = before.body().expect("somebody answered").1;
            assert_eq!((hop.office, answered.state), (answered.office, HopState::Answered), "the same body");
        }
        Fact::AppealRaised { hop, .. } => {
            let line = play.offices.with_ancestors(before.against());
            assert!(line[1..].contains(&hop.office), "an appeal goes up: {hop:?}");
            let was_there = |old: &Hop| {
                old.office == hop.office
                    && matches!(old.role, HopRole::Lead | HopRole::Appeal)
                    && matches!(old.state, HopState::Accepted | HopState::Answered)
            };
            assert!(!before.hops.values().any(was_there), "decided by an office that handled it: {before:?}");
        }
        Fact::AppealDecided { by, result, outcome, hop, .. } => {
            assert!(!play.hands().contains(by), "decided by a hand of the case");
            assert_eq!(outcome.is_some(), hop.is_none(), "either closed or answered again");
            match result {
                AppealResult::Dismissed => assert_eq!(*outcome, before.outcome, "the former outcome stands"),
                AppealResult::Upheld | AppealResult::Partly => {
                    assert!(hop.as_ref().is_none_or(|hop| hop.office == before.against()));
                }
            }
        }
        Fact::AnswerShared { parent, .. } => {
            assert_eq!(before.follows.map(|(case, _)| case), Some(*parent), "an answer of another's case");
            assert_ne!(before.status, Status::Referred, "a second answer to a case that went its own way");
        }
        Fact::CaseMerged { .. } => {
            assert!(before.family.followers.is_empty() && before.family.parts.is_empty(), "a chain");
            assert!(before.is_open() && before.status != Status::Answered, "an answered case was merged");
        }
        Fact::CaseClosed { outcome, .. } if outcome == "upheld" && before.family.is_mass => {
            assert!(before.family.closing.is_some(), "a mass case closed by one person");
        }
        Fact::FalseClosureFound { .. } => {
            assert_eq!(before.status, Status::Closed, "only a closing can be false");
            assert!(before.can_reopen().is_ok());
        }
        Fact::ProblemLinked { .. }
        | Fact::ProblemUnlinked { .. }
        | Fact::ProblemSettled { .. }
        | Fact::CauseRecorded { .. }
        | Fact::RecommendationMade { .. }
        | Fact::RecommendationMoved { .. }
        | Fact::CallLinked { .. }
        | Fact::RingBackMoved { .. }
        | Fact::CitizenCalledBack { .. } => {
            let mut after = before.clone();
            after.apply(fact);
            assert_eq!(after, *before, "what is learnt of a case does not move it");
        }
        Fact::CaseClosed { outcome, .. } if outcome == REPEAT => {
            assert_eq!((before.reopenings, before.objections), (0, 0), "closed as a repeat once at most");
            assert_ne!(before.status, Status::AwaitingCitizen, "the citizen is awaited");
        }
        Fact::CaseReopened { reason, .. } if reason == "new_facts" => {
            assert_eq!(before.outcome.as_deref(), Some(REPEAT), "new facts open what was closed as a repeat");
            assert!(before.status == Status::Closed && before.can_speak().is_ok());
        }
        Fact::RepeatJudged { .. } | Fact::ContactPlanNoticed { .. } | Fact::CapOverridden { .. } => {
            let mut after = before.clone();
            after.apply(fact);
            assert_eq!(after, *before, "a judgement or a notice moves nothing");
        }
        Fact::CaseClosed { outcome, .. } if outcome == "no_cause" => {
            assert!(before.dismissal.is_some(), "dismissed by one person");
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_wished_the_promises_of_the_life_cycle_hold(wishes in vec(wish(), 1..100)) {
        let mut play = Play::new();
        check(&play);
        for wish in &wishes {
            let before = play.clone();
            if let Some(fact) = play.grant(wish) {
                check_fact(&before, &before.life, &fact);
                check(&play);
            }
        }
        let mut replayed = Life::registered(OfficeId(0));
        for fact in &play.facts {
            let stored = serde_json::to_string(fact).unwrap();
            replayed.apply(&serde_json::from_str(&stored).unwrap());
        }
        prop_assert_eq!(&replayed, &play.life);
        // an erasure takes the words out of the facts, and the state stays
        let mut bare = Life::registered(OfficeId(0));
        for fact in &play.facts {
            bare.apply(&fact.without_words().unwrap_or_else(|| fact.clone()));
        }
        for life in [&mut replayed, &mut bare] {
            let aside = life.aside.iter_mut().flat_map(|aside| &mut aside.dismissal);
            life.dismissal.iter_mut().chain(aside).for_each(|proposal| proposal.signpost.clear());
        }
        prop_assert_eq!(bare, replayed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn merged_and_unmerged_is_as_before(wishes in vec(wish(), 1..60)) {
        let mut play = Play::new();
        for wish in &wishes {
            play.grant(wish);
            let Ok(merged) = play.life.merge(CaseId(7), Relation::Merged, "twice".into()) else { continue };
            let mut life = play.life.clone();
            life.apply(&merged);
            prop_assert_eq!((life.status, life.outcome.as_deref()), (Status::Closed, Some("merged")));
            prop_assert!(life.hops.values().all(|hop| !hop.state.is_open()));
            let stored = serde_json::to_string(&life.aside).unwrap();
            life.aside = serde_json::from_str(&stored).unwrap();
            life.apply(&life.unmerge("another matter".into()).unwrap());
            prop_assert_eq!(&life, &play.life);
        }
    }
}

#[test]
fn a_second_extension_waits_for_the_citizens_word_and_its_events_rebuild_the_state() {
    for accepted in [true, false] {
        let mut play = Play::new();
        let wishes = [
            Wish::Classify,
            Wish::Refer { by_holder: true, from: 1, to: vec![(2, HopRole::Lead)] },
            Wish::Extend { hop: 0 },
            Wish::Extend { hop: 0 },
            Wish::Consent { accepted },
        ];
        for wish in &wishes {
            assert!(play.grant(wish).is_some(), "{wish:?}");
            check(&play);
        }
        assert!(play.grant(&Wish::Extend { hop: 0 }).is_none(), "a third, or a second wish after a no");
        assert!(play.grant(&Wish::Consent { accepted }).is_none());
        let extensions: Vec<u32> = play.life.hops.values().map(|hop| hop.extensions).collect();
        assert_eq!(extensions, [1 + u32::from(accepted)]);
        let mut replayed = Life::registered(OfficeId(0));
        for fact in &play.facts {
            let stored = serde_json::to_string(fact).unwrap();
            replayed.apply(&serde_json::from_str(&stored).unwrap());
        }
        assert_eq!(replayed, play.life);
    }
}

#[test]
fn random_wishes_reach_every_status_and_every_turn() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..1500 {
        let wishes = vec(wish(), 1..100).new_tree(&mut runner).unwrap().current();
        let mut play = Play::new();
        for wish in &wishes {
            seen.extend(play.grant(wish).map(|fact| fact.name()));
            seen.insert(play.life.status.as_str());
        }
    }
    for name in [
        "answered",
        "closed",
        "awaiting_citizen",
        "referral_transferred",
        "ruling_asked",
        "case_reopened",
        "answer_approved",
        "objection_raised",
        "case_rated",
        "appeal_raised",
        "appeal_decided",
        "identity_released",
        "case_merged",
        "case_unmerged",
        "answer_shared",
        "case_split",
        "part_closed",
        "part_reopened",
        "closing_proposed",
        "consent_asked",
        "false_closure_found",
        "recommendation_moved",
        "repeat_judged",
        "contact_plan_noticed",
    ] {
        assert!(seen.contains(name), "{name} is never reached: {seen:?}");
    }
}
