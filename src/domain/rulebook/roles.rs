//! The verbs of the policy matrix and how far a role's right to one reaches.

use crate::domain::actor::Role;
use crate::text_enum;

text_enum! {
    /// What a role may be allowed to do.
    pub enum Verb {
        Register = "register", ReadCase = "read_case", ReadIdentity = "read_identity",
        ReadSealed = "read_sealed", Classify = "classify", Advise = "advise", Refer = "refer",
        Accept = "accept", Return = "return", Transfer = "transfer", Recall = "recall",
        Assign = "assign", Ask = "ask", Reply = "reply", Extend = "extend", Answer = "answer",
        Approve = "approve", Close = "close", Reopen = "reopen", Withdraw = "withdraw",
        Dismiss = "dismiss", Note = "note", Attach = "attach", ReadCitizens = "read_citizens",
        EditCitizens = "edit_citizens", Resend = "resend", Configure = "configure",
        ManageUsers = "manage_users", ManageGateways = "manage_gateways", ReadAudit = "read_audit",
        ReadHealth = "read_health",
        /// Reads what came in and could not be taken, keys it, tries it again, sets it aside.
        KeyIntake = "key_intake",
        /// Prints letters to citizens, hands them over, and notes what became of them.
        PostLetters = "post_letters",
        /// Plans public meetings, reads their lists and notes who came.
        HoldMeetings = "hold_meetings",
        /// The citizen's word taken down by staff: an objection, an appeal, a rating.
        Object = "object", Appeal = "appeal", Rate = "rate",
        DecideAppeal = "decide_appeal",
        /// Says whom a complaint is about.
        NameComplainedOf = "name_complained_of",
        /// A sealed case: to read its original words, to make and confirm the extract, to seal and unseal it, to ask for the
        /// identity behind it and to decide on that.
        ReadOriginal = "read_original", Extract = "extract", Seal = "seal", Unseal = "unseal",
        AskIdentity = "ask_identity", ReleaseIdentity = "release_identity",
        /// Puts cases together, takes them apart, gathers a group.
        Merge = "merge", Split = "split", Group = "group",
        /// The citizen's consent to a second extension, taken down by staff.
        Consent = "consent",
        ReadWarnings = "read_warnings", DecideWarning = "decide_warning",
        /// What is personal: stopping an erasure, deciding on one, handing a citizen all their data.
        Hold = "hold", Erase = "erase", ExportCitizen = "export_citizen",
        /// Systemic issues: propose and link, run those of the office, approve their answers.
        LinkProblem = "link_problem", RunProblem = "run_problem", ApproveProblem = "approve_problem",
        /// Recommendations: the addressed office replies, another verifies.
        FollowAdvice = "follow_advice", VerifyAdvice = "verify_advice",
        /// Quality: samples of closed cases, calls to their citizens, the report.
        DrawSample = "draw_sample", CallBack = "call_back", ReadQuality = "read_quality",
        CloseAsRepeat = "close_as_repeat",
        /// To be told whose a sealed case is by the cases beside it.
        LinkSealed = "link_sealed",
        /// The frequent-contact plan of a citizen: propose it, confirm or lift it, decide on its review.
        ProposePlan = "propose_plan", ConfirmPlan = "confirm_plan", ReviewPlan = "review_plan",
    }
}

/// How far a right reaches from the office of the assignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    None,
    /// That office only.
    Own,
    /// That office and every office below it.
    Tree,
}

impl super::Rulebook {
    /// How far `role` may do `verb`.
    pub fn reach(&self, role: Role, verb: Verb) -> Reach {
        match self.roles.get(&role) {
            Some(row) if row.tree.contains(&verb) => Reach::Tree,
            Some(row) if row.own.contains(&verb) => Reach::Own,
            Some(_) | None => Reach::None,
        }
    }
}
