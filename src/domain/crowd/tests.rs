use std::sync::Arc;

use super::*;
use crate::domain::actor::Actor;
use crate::domain::cases::{CaseRow, life_of};
use crate::domain::citizens;
use crate::domain::history::audit;
use crate::domain::keys::Keys;
use crate::domain::rulebook::RulebookCache;
use crate::domain::seed::Files;
use crate::domain::seed::tests::{database, now, seed};

#[test]
fn every_invented_case_has_a_chain_that_verifies_a_holder_and_a_place_in_time() {
    let (_folder, mut connection) = database();
    let ids = Arc::new(IdMaker::new(1, 0));
    seed(&mut connection, &Files::embedded(), &ids);
    let rules = RulebookCache::default().current(&mut connection).unwrap();
    let vault = crate::domain::vault::tests::vault(&mut connection);
    let act = Act { actor: Actor::System, now: now(), rules, ids, keys: Keys::new(&[9; 32]), vault };
    let mut crowd = Crowd::new(&mut connection, &act, 600).unwrap();
    write(&mut connection, &act, &crowd.next(&act, 600).unwrap()).unwrap();

    let rows: Vec<CaseRow> = cases::table.select(CaseRow::as_select()).load(&mut connection).unwrap();
    assert_eq!(rows.len(), 600);
    let report = audit::run(&mut connection, &audit::Known::default(), &mut |_| {}).unwrap();
    assert_eq!(report.findings, vec![]);
    assert!(report.events > 1500);
    let filers: Vec<CitizenId> = rows.iter().filter_map(|row| row.citizen_id).collect();
    assert!(filers.len() > 400);
    for citizen in citizens::load_all(&mut connection, &act.vault, filers).unwrap().into_values() {
        let wished = citizens::Identity { identifier: citizen.identifier.clone(), ..Default::default() };
        assert!(citizens::search(&mut connection, &act.vault, &wished).unwrap() == [citizen]);
    }
    let mut open = 0;
    for row in rows {
        assert!(row.id.0 >= crate::db::ids::first_id_at(row.registered_at) && row.registered_at <= act.now);
        let life = life_of(&mut connection, &row).unwrap();
        if row.status == Status::Referred {
            let lead = life.lead.and_then(|lead| life.hops.get(&lead)).expect("a referred case has a lead");
            assert!(lead.state.is_open() && lead.office == row.holder_office_id);
            open += 1;
        } else {
            assert!(life.hops.values().all(|hop| !hop.state.is_open()));
        }
    }
    assert!(open > 0);
}
