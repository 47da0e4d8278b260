//! Problems (مسئله عمومی): systemic issues that many cases point to, each with one owner, one deadline and one
//! answer for all (requirement tags P1.5, P5.2).
//!
//! A problem is no case: it holds nothing of a citizen. What it means for a case is written into that case's own
//! history, and when it is settled every citizen behind it is told once, however many of their cases point to it.

mod answer;
mod clock;
mod impartial;
mod link;
mod notice;
mod propose;
mod public;
mod row;
mod run;
mod settle;
mod state;
mod view;

pub use answer::{AnswerProblem, answer_for, approve, propose_answer};
pub use clock::{fire, ringing};
pub use impartial::{clear, tainted};
pub use link::{Link, link, of_case, unlink};
pub use notice::{tell, untold};
pub use propose::{Propose, propose};
pub use public::{PublicProblem, of_public_case, public_list};
pub use row::{Counts, Filter, ProblemRow, counts, find, inbox, inbox_count, list};
pub use run::{AssignProblem, ChangeProblem, assign, change};
pub use settle::{ReopenProblem, Settle, reopen, settle};
pub use state::ProblemState;
pub use view::{LinkedCase, ProblemAnswerView, ProblemEventView, ProblemView, linked_cases, view, views};
