//! Privacy: holds, what retention erases and when, tombstones, erasure on request, and a citizen's own data.

mod archive;
mod corrections;
mod erasure;
mod exports;
mod holds;
mod merging;
mod wishes;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of staff.
pub(super) fn of_staff(config: &mut ServiceConfig<'_>) {
    config
        .service(holds::hold_case)
        .service(holds::release_case)
        .service(holds::hold_citizen)
        .service(holds::release_citizen)
        .service(erasure::list_due)
        .service(erasure::print_tombstone)
        .service(erasure::request_erasure)
        .service(erasure::list_erasure_requests)
        .service(erasure::decide_erasure)
        .service(corrections::correct_citizen)
        .service(wishes::list_correction_requests)
        .service(wishes::decide_correction)
        .service(merging::read_citizen)
        .service(merging::list_possible_duplicates)
        .service(merging::merge_citizens)
        .service(merging::unmerge_citizens)
        .service(exports::request_export)
        .service(exports::download_export);
}

/// The routes of citizens and of everybody.
pub(super) fn of_citizens(config: &mut ServiceConfig<'_>) {
    config
        .service(erasure::read_tombstones)
        .service(wishes::ask_correction)
        .service(exports::request_own_export)
        .service(exports::confirm_own_export)
        .service(exports::download_own_export);
}
