//! The REST API under `/api/v1` (design §5): routes, extractors, problems; no rules of its own.

mod account;
mod attachments;
mod auth;
mod body;
mod caller;
mod case_verbs;
mod cases;
mod certificates;
mod changes;
mod channels;
mod citizen_web;
mod citizens;
mod client;
mod closures;
mod commit;
mod confidentiality;
mod configuration;
mod contact_plans;
mod exchange;
mod explanations;
mod families;
mod fax;
mod gateways;
mod history;
mod inbox;
mod intake_items;
mod layer;
mod letters;
mod messages;
mod open311;
mod operations;
mod page;
mod phone;
mod phone_callbacks;
mod phone_events;
mod phone_stream;
mod privacy;
mod problem;
mod problems;
mod public;
mod quality;
mod quality_report;
mod rating;
mod recommendations;
mod referrals;
mod remedies;
mod repeats;
mod rules;
mod serving;
mod sign_on;
mod token;
mod tracking;
mod trials;
mod uploads;
mod users;
mod visits;
mod warnings;
mod webhooks;

use actix_web::web;
use utoipa::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

pub use citizen_web::proof::Proofs;
pub use client::RateLimits;
pub use layer::around;

/// What the document says of itself.
#[derive(OpenApi)]
#[openapi(
    info(title = "Samad", description = "One service through which a country's people reach their government."),
    tags(
        (name = "auth", description = "Sign-in of staff"),
        (name = "cases", description = "Cases and their verbs"),
        (name = "referrals", description = "One hop of a case"),
        (name = "answers", description = "Answers and their approval"),
        (name = "warnings", description = "Lateness, and what superiors do about it"),
        (name = "problems", description = "Systemic issues that many cases point to"),
        (name = "quality", description = "Learning from closed cases: causes, recommendations, call-backs"),
        (name = "inbox", description = "An actor's work"),
        (name = "public", description = "File and follow without an account"),
        (name = "citizens", description = "Those who file"),
        (name = "privacy", description = "Retention, holds, erasure and a citizen's own data"),
        (name = "configuration", description = "The national tree and its rules"),
        (name = "channels", description = "What comes in by each channel, and what carriers report"),
        (name = "intake", description = "What came in and waits: to be tried again, keyed or set aside"),
        (name = "exchange", description = "A body's own system takes its referrals and gives its answers back"),
        (name = "webhooks", description = "Subscribers are told of events"),
        (name = "visits", description = "Queues of counters, public meetings, paper forms of people's desks"),
        (name = "phone", description = "Calls, the screen of who answers, and who is to be rung back"),
        (name = "letters", description = "Letters to citizens on paper"),
        (name = "operations", description = "Health of the service"),
    ),
    modifiers(&Finish)
)]
pub struct Document;

struct Finish;

impl utoipa::Modify for Finish {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        // the crate names no licence, and a licence without a name is no valid document
        document.info.license = None;
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    }
}

/// Every route of the API, documented as it is mounted.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(
        scope::scope("/api/v1")
            .service(auth::sign_in)
            .service(auth::refresh_tokens)
            .service(auth::sign_out)
            .service(sign_on::begin_sign_on)
            .service(sign_on::finish_sign_on)
            .service(sign_on::finish_second_step)
            .service(account::read_totp)
            .service(account::begin_totp)
            .service(account::confirm_totp)
            .service(account::remove_totp)
            .service(account::renew_recovery_codes)
            .service(account::change_password)
            .service(cases::register_case)
            .service(cases::list_cases)
            .configure(repeats_and_plans)
            .service(cases::read_case)
            .service(cases::list_referrals)
            .service(cases::list_answers)
            .service(cases::read_timeline)
            .service(cases::list_messages)
            .service(cases::list_communications)
            .configure(intake)
            .configure(paper)
            .configure(visits::of_staff)
            .configure(telephone)
            .service(cases::list_notes)
            .service(cases::list_actions)
            .service(history::read_receipt)
            .service(explanations::explain_case)
            .service(case_verbs::classify_case)
            .service(case_verbs::name_complained_of)
            .service(case_verbs::refer_case)
            .service(case_verbs::ask_citizen)
            .service(case_verbs::record_message)
            .service(case_verbs::add_note)
            .service(case_verbs::close_case)
            .service(case_verbs::reopen_case)
            .service(case_verbs::dismiss_case)
            .service(case_verbs::withdraw_case)
            .configure(remedies_of_staff)
            .configure(confidential)
            .configure(families_of_staff)
            .configure(privacy::of_staff)
            .service(attachments::add_attachment)
            .service(attachments::list_attachments)
            .service(attachments::read_attachment)
            .service(attachments::release_attachment)
            .service(attachments::hide_attachment)
            .configure(upload_routes)
            .service(referrals::read_referral)
            .service(referrals::accept_referral)
            .service(referrals::return_referral)
            .service(referrals::transfer_referral)
            .service(referrals::recall_referral)
            .service(referrals::extend_referral)
            .service(referrals::assign_referral)
            .service(referrals::answer_referral)
            .service(referrals::approve_answer)
            .service(referrals::reject_answer)
            .service(inbox::read_inbox)
            .configure(exchange_routes)
            .configure(problem_routes)
            .configure(quality_routes)
            .configure(public_routes)
            .configure(privacy::of_citizens)
            .configure(administration),
    );
}

fn intake(config: &mut ServiceConfig<'_>) {
    config
        .service(channels::push_sms)
        .service(channels::push_email)
        .service(channels::push_sms_by_get)
        .service(channels::push_fax)
        .service(fax::push_fax_file)
        .service(fax::report_fax)
        .service(channels::enter_letter)
        .service(channels::enter_visit)
        .service(channels::enter_call)
        .service(intake_items::list_intake_items)
        .service(intake_items::read_intake_item)
        .service(fax::read_item_pages)
        .service(fax::read_item_page)
        .service(intake_items::reprocess_intake_item)
        .service(intake_items::key_intake_item)
        .service(intake_items::join_intake_item)
        .service(intake_items::discard_intake_item);
}

fn telephone(config: &mut ServiceConfig<'_>) {
    config
        .service(phone_events::push_call_event)
        .service(phone_events::answer_caller)
        .service(phone::read_seat)
        .service(phone::take_seat)
        .service(phone::leave_seat)
        .service(phone_stream::stream_calls)
        .service(phone::list_calls)
        .service(phone::read_call)
        .service(phone::list_case_calls)
        .service(phone_callbacks::list_phone_callbacks)
        .service(phone_callbacks::promise_callback)
        .service(phone_callbacks::read_phone_callback)
        .service(phone_callbacks::take_callback)
        .service(phone_callbacks::release_callback)
        .service(phone_callbacks::note_callback_try)
        .service(phone_callbacks::give_callback_up);
}

fn upload_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(uploads::describe_uploads)
        .service(uploads::announce_upload)
        .service(uploads::read_upload)
        .service(uploads::continue_upload)
        .service(uploads::remove_upload)
        .service(uploads::attach_upload)
        .service(uploads::send_upload);
}

fn paper(config: &mut ServiceConfig<'_>) {
    config
        .service(letters::print_message)
        .service(letters::list_letters)
        .service(letters::make_letter_batch)
        .service(letters::read_letter_batch)
        .service(letters::print_letter_batch)
        .service(letters::hand_over_letters)
        .service(letters::note_letter_fate);
}

fn remedies_of_staff(config: &mut ServiceConfig<'_>) {
    config
        .service(remedies::record_objection)
        .service(remedies::record_appeal)
        .service(remedies::record_rating)
        .service(remedies::decide_appeal)
        .service(remedies::record_consent)
        .service(warnings::list_warnings)
        .service(warnings::issue_warning)
        .service(warnings::set_warning_aside)
        .service(warnings::read_lateness)
        .service(remedies::list_objections)
        .service(remedies::list_appeals)
        .service(certificates::print_filing_certificate)
        .service(certificates::print_reply_certificate);
}

fn confidential(config: &mut ServiceConfig<'_>) {
    use confidentiality as c;
    config
        .service(c::propose_extract)
        .service(c::confirm_extract)
        .service(c::read_extract)
        .service(c::seal_case)
        .service(c::unseal_case)
        .service(c::ask_identity)
        .service(c::list_case_requests)
        .service(c::list_identity_requests)
        .service(c::release_identity)
        .service(c::refuse_identity)
        .service(c::revoke_identity)
        .service(c::list_identity_reads);
}

fn families_of_staff(config: &mut ServiceConfig<'_>) {
    config
        .service(families::merge_case)
        .service(families::unmerge_case)
        .service(families::split_case)
        .service(families::unsplit_case)
        .service(families::form_group)
        .service(families::add_member)
        .service(families::add_signatories)
        .service(families::read_family);
}

fn exchange_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(exchange::read_exchange_feed)
        .service(exchange::read_exchange_referral)
        .service(exchange::accept_by_exchange)
        .service(exchange::return_by_exchange)
        .service(exchange::note_exchange_status)
        .service(exchange::answer_by_exchange)
        .service(webhooks::list_webhooks)
        .service(webhooks::create_webhook)
        .service(webhooks::change_webhook)
        .service(webhooks::read_webhook_secret)
        .service(webhooks::list_webhook_deliveries)
        .service(webhooks::read_webhook_delivery)
        .service(webhooks::replay_webhook_delivery)
        .service(webhooks::replay_webhook)
        .service(webhooks::ping_webhook);
}

fn problem_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(problems::propose_problem)
        .service(problems::list_problems)
        .service(problems::read_problem)
        .service(problems::change_problem)
        .service(problems::link_cases)
        .service(problems::list_linked_cases)
        .service(problems::unlink_case)
        .service(problems::assign_problem)
        .service(problems::answer_problem)
        .service(problems::approve_problem_answer)
        .service(problems::settle_problem)
        .service(problems::reopen_problem)
        .service(problems::list_public_problems);
}

fn quality_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(quality::read_checklist)
        .service(quality::draw_sample)
        .service(quality::list_samples)
        .service(quality::list_callbacks)
        .service(quality::read_callback)
        .service(quality::record_callback)
        .service(quality::confirm_false_closure)
        .service(quality::reject_false_closure)
        .service(quality::allow_calls)
        .service(quality_report::read_quality)
        .service(recommendations::list_recommendations)
        .service(recommendations::accept_recommendation)
        .service(recommendations::refuse_recommendation)
        .service(recommendations::finish_recommendation)
        .service(recommendations::verify_recommendation);
}

fn repeats_and_plans(config: &mut ServiceConfig<'_>) {
    config
        .service(repeats::find_similar)
        .service(repeats::list_repeats)
        .service(repeats::close_as_repeat)
        .service(contact_plans::propose_contact_plan)
        .service(contact_plans::approve_contact_plan)
        .service(contact_plans::reject_contact_plan)
        .service(contact_plans::end_contact_plan)
        .service(contact_plans::record_plan_review)
        .service(contact_plans::decide_plan_review)
        .service(contact_plans::list_citizens_plans)
        .service(contact_plans::list_contact_plans);
}

fn public_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(public::file_case)
        .configure(citizen_web::routes)
        .configure(visits::of_citizens)
        .service(public::look_up)
        .service(public::send_message)
        .service(public::take_back)
        .service(confidentiality::list_own_reads)
        .service(remedies::object_to_answer)
        .service(remedies::appeal_answer)
        .service(remedies::rate_case)
        .service(contact_plans::read_own_plan)
        .service(contact_plans::ask_plan_review)
        .service(rating::open_rating_link)
        .service(rating::rate_by_link)
        .service(families::go_alone)
        .service(remedies::consent_to_extension)
        .service(certificates::read_filing_certificate)
        .service(certificates::read_reply_certificate)
        .service(attachments::send_attachment)
        .service(history::read_own_receipt)
        .service(explanations::explain_own_case)
        .service(history::read_anchor_key)
        .service(history::list_anchors)
        .service(public::list_kinds)
        .service(public::list_public_categories)
        .service(public::list_public_offices)
        .service(rules::list_rules)
        .service(rules::read_rules_page)
        .service(public::list_holidays)
        .service(public::read_statistics);
}

fn administration(config: &mut ServiceConfig<'_>) {
    use configuration as c;
    config
        .service(c::list_offices)
        .service(c::create_office)
        .service(c::change_office)
        .service(trials::try_routing)
        .service(trials::try_limit)
        .service(trials::try_change)
        .service(trials::read_parity)
        .service(c::list_categories)
        .service(c::create_category)
        .service(c::change_category)
        .service(c::list_routing_rules)
        .service(c::create_routing_rule)
        .service(c::change_routing_rule)
        .service(c::list_calendars)
        .service(c::create_calendar)
        .service(c::change_calendar)
        .service(closures::list_closures)
        .service(closures::declare_closure)
        .service(closures::try_closure)
        .service(closures::read_closure)
        .service(closures::withdraw_closure)
        .service(c::list_calendar_days)
        .service(c::create_calendar_day)
        .service(c::change_calendar_day)
        .service(c::list_templates)
        .service(c::create_template)
        .service(c::change_template)
        .service(c::list_limits)
        .service(c::create_limit)
        .service(c::change_limit)
        .service(c::list_reasons)
        .service(c::create_reason)
        .service(c::change_reason)
        .service(c::list_rights)
        .service(c::create_right)
        .service(c::change_right)
        .service(changes::list_changes)
        .service(changes::read_change)
        .service(changes::approve_change)
        .service(changes::reject_change)
        .service(changes::withdraw_change)
        .service(c::list_case_kinds)
        .service(c::create_case_kind)
        .service(c::change_case_kind)
        .service(users::list_users)
        .service(users::create_user)
        .service(users::change_user)
        .service(account::remove_users_totp)
        .service(citizens::find_citizens)
        .service(citizens::record_citizen)
        .service(citizens::change_citizen)
        .service(gateways::list_gateways)
        .service(gateways::create_gateway)
        .service(gateways::change_gateway)
        .service(messages::list_dead_letters)
        .service(messages::list_deliveries)
        .service(messages::resend_message)
        .service(messages::report_delivery)
        .service(messages::post_delivery)
        .service(operations::read_health)
        .service(operations::list_mailboxes);
}

/// Routes outside the document: liveness, readiness and metrics.
pub fn bare_routes(config: &mut web::ServiceConfig) {
    config
        .service(operations::healthz)
        .service(operations::readyz)
        .service(operations::metrics_page)
        .configure(open311::routes)
        .route("/r/{token}", web::get().to(rating::to_rating))
        .route(tracking::PATH, web::get().to(tracking::open))
        .route(tracking::PATH, web::post().to(tracking::look_up))
        .route("/track/{code}", web::get().to(tracking::open_for))
        .route("/track/{code}", web::post().to(tracking::look_up))
        .default_service(web::route().to(layer::not_found));
}

/// Limits of bodies and how broken ones are told.
pub fn parsing(config: &mut web::ServiceConfig, app: &crate::app::App) {
    config
        .app_data(web::PayloadConfig::new(app.config.server.body_limit))
        .app_data(attachments::form_config(app.config.server.attachment_limit + 65_536));
}
