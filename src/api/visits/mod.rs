//! Visits: the queue of a counter, public meetings, the paper forms of people's desks.

mod appointments;
mod meetings;
mod queue;
mod sheets;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn of_staff(config: &mut ServiceConfig<'_>) {
    config
        .service(queue::draw_ticket)
        .service(queue::call_next_ticket)
        .service(queue::list_tickets)
        .service(queue::settle_ticket)
        .service(sheets::declare_sheet)
        .service(sheets::list_sheets)
        .service(sheets::read_sheet)
        .service(sheets::recount_sheet)
        .service(sheets::key_forms)
        .service(sheets::list_sheet_lines)
        .service(sheets::close_sheet)
        .service(meetings::plan_meeting)
        .service(meetings::list_meetings)
        .service(meetings::read_meeting)
        .service(meetings::cancel_meeting)
        .service(appointments::list_places)
        .service(appointments::book_at_desk)
        .service(appointments::cancel_appointment)
        .service(appointments::note_attendance)
        .service(appointments::give_order)
        .service(appointments::list_appointments);
}

pub(super) fn of_citizens(config: &mut ServiceConfig<'_>) {
    config
        .service(meetings::list_public_meetings)
        .service(meetings::read_public_meeting)
        .service(appointments::book_appointment)
        .service(appointments::list_own_appointments)
        .service(appointments::cancel_own_appointment);
}
