//! The citizen's side of the web: drafts, proofs of work against robots, and "my cases" by a one-time code.

mod drafts;
mod my;
pub(super) mod proof;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(proof::read_challenge)
        .service(drafts::begin_draft)
        .service(drafts::read_draft)
        .service(drafts::save_draft)
        .service(drafts::discard_draft)
        .service(drafts::submit_draft)
        .service(my::ask_one_time_code)
        .service(my::open_my_cases)
        .service(my::leave_my_cases)
        .service(my::list_my_cases)
        .service(my::look_up_my_case);
}
