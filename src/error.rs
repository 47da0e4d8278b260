//! The one error of domain and edges, free of any transport.
//!
//! Every code is a row of the catalogue below: its name, its HTTP status and its title in Persian and
//! English. Adding a row is the only way to add an error. What an `Error` says is safe to show; the
//! source of an internal fault stays inside and is logged once, where it is handled.

use std::fmt;

macro_rules! catalogue {
    ($($name:ident $code:literal $status:literal $fa:literal $en:literal;)*) => {
        /// The stable code of a problem, as clients see it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($name),* }

        impl Code {
            /// Every code, in the order of the catalogue.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The code in snake case, as it stands in `problem.code`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $code),* }
            }

            /// The HTTP status that carries this code.
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status),* }
            }

            /// The title: what went wrong and what to do, in the reader's language.
            pub fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Code::$name, Language::Fa) => $fa, (Code::$name, Language::En) => $en,)*
                }
            }
        }
    };
}

catalogue! {
    NotFound "not_found" 404 "یافت نشد؛ نشانی یا کد را بررسی کنید." "Not found; check the address or the code.";
    Unauthenticated "unauthenticated" 401 "ابتدا وارد شوید: نشانه دسترسی نیست یا معتبر نیست." "Sign in first: the access token is missing or not valid.";
    TokenExpired "token_expired" 401 "نشانه دسترسی منقضی شده است؛ دوباره وارد شوید یا آن را تازه کنید." "The access token has expired; refresh it or sign in again.";
    BadCredentials "bad_credentials" 401 "نام کاربری یا گذرواژه درست نیست." "The user name or password is wrong.";
    OtpRequired "otp_required" 401 "گذرواژه درست است؛ رمز یک‌بارمصرف یا یکی از کدهای بازیابی را هم بفرستید." "The password is right; send the one-time code or a recovery code as well.";
    BadOtp "bad_otp" 401 "رمز یک‌بارمصرف یا کد بازیابی درست نیست یا پیش‌تر به کار رفته است؛ رمز بعدی را بفرستید." "The one-time code or recovery code is wrong or was used before; send the next one.";
    OidcRefused "oidc_refused" 401 "ورود یکپارچه پذیرفته نشد یا از زمانش گذشته است؛ از نو آغاز کنید." "The single sign-on was refused or has run out; begin again.";
    OidcUnknownAccount "oidc_unknown_account" 401 "برای این نام در سامانه حساب فعالی نیست؛ از راهبر سامانه بخواهید حسابی با همین نام بسازد." "There is no active account of this name here; ask the administrator to make one with exactly this name.";
    TokenReused "token_reused" 401 "این نشانه پیش‌تر استفاده شده بود؛ همه نشست‌های آن باطل شد. دوباره وارد شوید." "This refresh token was used before; all its sessions were ended. Sign in again.";
    Forbidden "forbidden" 403 "نقش شما اجازه این کار را ندارد." "Your role does not allow this.";
    NotYourOffice "not_your_office" 403 "این کار با واحدی است که پرونده نزد اوست." "Only the office that holds the case or referral may do this.";
    SecondPersonRequired "second_person_required" 403 "شخص دومی باید این کار را تأیید کند." "A second person must do this.";
    SecondFactorRequired "second_factor_required" 403 "نقش شما ورود دومرحله‌ای می‌خواهد؛ نخست آن را با POST /auth/totp راه بیندازید." "Your role demands a second factor; set it up first with POST /auth/totp.";
    OfficeComplainedOf "office_complained_of" 403 "پرونده به دستگاه یا کسی که از آن شکایت شده و به زیرمجموعه آن ارجاع نمی‌شود؛ واحدی بالاتر یا بیرون از آن نام ببرید." "A case is never referred to the office or person complained of, nor to anyone below; name an office above or outside.";
    NoFreeDesk "no_free_desk" 409 "هر واحدی که بتواند این پرونده را بگیرد خود طرف شکایت است؛ شهروند را به سازمان بازرسی کل کشور (۱۳۶) راهنمایی کنید." "Every office that could take this case is itself complained of; show the citizen the way to the General Inspection Organisation (136).";
    InvalidInput "invalid_input" 422 "برخی فیلدها درست نیستند؛ هر کدام را طبق راهنما اصلاح کنید." "Some fields are not valid; correct each as told.";
    MalformedJson "malformed_json" 400 "متن درخواست JSON درستی نیست." "The request body is not well-formed JSON.";
    InvalidQuery "invalid_query" 400 "پارامترهای نشانی درست نیستند." "The query parameters are not valid.";
    InvalidCursor "invalid_cursor" 400 "نشانگر صفحه معتبر نیست؛ از صفحه نخست آغاز کنید." "The cursor is not valid; start from the first page.";
    UnsupportedMedia "unsupported_media_type" 415 "نوع محتوا پشتیبانی نمی‌شود؛ application/json بفرستید." "Unsupported content type; send application/json.";
    InvalidMail "invalid_mail" 422 "این بایت‌ها رایانامه نیست: سرآیندی (مانند From) در آن نیست؛ پیام خام RFC 5322 بفرستید." "These bytes are no mail: there is no header (such as From); send the raw RFC 5322 message.";
    AddressNotAllowed "address_not_allowed" 403 "این نشانی اینترنتی در فهرست مجاز این درگاه نیست؛ فهرست را در تنظیم sms…allow یا phone…allow بازبینی کنید." "This address is not on the gateway's list; review the setting sms…allow or phone…allow.";
    SignatureWrong "signature_wrong" 401 "امضای رویداد نیست یا درست نیست؛ X-Signature: sha256=… باید HMAC-SHA256 بدنه با کلید تنظیم phone…secret باشد." "The signature of the event is missing or wrong; X-Signature: sha256=… must be the HMAC-SHA256 of the body under the setting phone…secret.";
    PayloadTooLarge "payload_too_large" 413 "حجم درخواست بیش از اندازه مجاز است." "The request is larger than allowed.";
    RangeNotSatisfiable "range_not_satisfiable" 416 "این بخش از پرونده نیست؛ اندازه آن را در سرآیند Content-Range ببینید." "The file has no such part; Content-Range tells its size.";
    UploadOffset "upload_offset" 409 "این بخش از جای دیگری آغاز می‌شود؛ با HEAD بپرسید چند بایت رسیده است و از همان‌جا ادامه دهید." "This part begins elsewhere; ask with HEAD how many bytes have come, and go on from there.";
    UploadUnfinished "upload_unfinished" 409 "بارگذاری هنوز کامل نیست؛ با HEAD بپرسید چند بایت رسیده است و بقیه را بفرستید." "The upload is not whole yet; ask with HEAD how many bytes have come, and send the rest.";
    UploadExpired "upload_expired" 410 "زمان این بارگذاری گذشته و دور ریخته شده است؛ از نو آغاز کنید." "The time of this upload is over and it was thrown away; begin again.";
    ProofRequired "proof_required" 428 "بار سامانه یا درخواست‌های این نشانی زیاد است؛ برای ادامه، چالش GET /public/challenge را حل کنید و پاسخ را در سرآیند Proof-Of-Work بفرستید." "There is much load, or much from this address: solve the challenge of GET /public/challenge and send the result in the header Proof-Of-Work.";
    ProofWrong "proof_wrong" 403 "گواه کار درست نیست یا زمانش گذشته است؛ چالش تازه‌ای از GET /public/challenge بگیرید." "The proof of work is wrong, or its time is over; get a new challenge from GET /public/challenge.";
    ProofSpent "proof_spent" 409 "این گواه کار پیش‌تر به کار رفته است؛ برای هر درخواست چالش تازه بگیرید." "This proof of work was used before; get a new challenge for each request.";
    DraftExpired "draft_expired" 410 "زمان این پیش‌نویس گذشته و دور ریخته شده است؛ از نو آغاز کنید." "The time of this draft is over and it was thrown away; begin again.";
    DraftChanged "draft_changed" 412 "این پیش‌نویس در جای دیگری عوض شده است؛ آن را دوباره بخوانید و سپس ذخیره کنید." "This draft was changed elsewhere; read it again, then save.";
    DraftSubmitted "draft_submitted" 409 "این پیش‌نویس فرستاده شده و پرونده شده است؛ با کد رهگیری آن را پیگیری کنید." "This draft was submitted and is a case now; follow it by its tracking code.";
    WrongOneTimeCode "wrong_one_time_code" 401 "کد برای این شماره درست نیست، به کار رفته یا زمانش گذشته است؛ کد تازه بخواهید." "The code is wrong for this number, was used, or its time is over; ask for a new one.";
    AccessCodeNeeded "access_code_needed" 403 "این پرونده محرمانه است و با شماره همراه به‌تنهایی باز نمی‌شود؛ آن را با کد رهگیری و کد دسترسی پیگیری کنید." "This case is confidential and does not open by the telephone alone; look it up with its tracking code and access code.";
    QueueEmpty "queue_empty" 409 "کسی در صف این میز نیست." "Nobody waits at this desk.";
    MeetingOver "meeting_over" 409 "این دیدار لغو شده یا زمانش گذشته است؛ دیدار دیگری را برگزینید." "This meeting was cancelled or is over; choose another one.";
    BookingEnded "booking_ended" 409 "مهلت نوبت‌گیری این دیدار گذشته است؛ از میز ملاقات همان دستگاه بپرسید یا دیدار دیگری را برگزینید." "Booking for this meeting has ended; ask the desk of that office, or choose another meeting.";
    SlotFull "slot_full" 409 "این نوبت جا ندارد؛ نوبت دیگری را برگزینید." "There is no place left; choose another slot.";
    AlreadyBooked "already_booked" 409 "برای همین دیدار نوبتی به نام این شهروند هست؛ نخست آن را لغو کنید." "This citizen has a place at this meeting already; cancel that one first.";
    CaseElsewhere "case_elsewhere" 409 "این پرونده نزد دستگاهی دیگر است و در این دیدار خوانده نمی‌شود؛ دیدار دستگاه مسئول را برگزینید یا موضوع را برای این دستگاه ثبت کنید." "Another office has this case, and it is not seen at this meeting; choose a meeting of the office that has it, or file the matter with this one.";
    MeetingConflict "meeting_conflict" 409 "این پرونده درباره همین دستگاه است و نزد آن برده نمی‌شود؛ دیدار دستگاه بالاتر را برگزینید." "This case is about this very office and is not brought before it; choose a meeting of the office above.";
    WrongAppointment "wrong_appointment" 409 "این نوبت لغو شده یا دیدار هنوز آغاز نشده است." "This appointment was cancelled, or the meeting has not begun.";
    SheetClosed "sheet_closed" 409 "این دسته فرم بسته شده است؛ دسته تازه‌ای اعلام کنید." "This stack of forms is closed; declare a new one.";
    TotalsDiffer "totals_differ" 409 "شمار اعلام‌شده و واردشده نمی‌خواند؛ فرم‌های مانده را وارد کنید یا شمارش را با دلیل اصلاح کنید." "What was declared and what was keyed differ; key the missing forms, or correct the count with a reason.";
    TusVersion "tus_version" 412 "نسخه پروتکل پشتیبانی نمی‌شود؛ سرآیند Tus-Resumable: 1.0.0 بفرستید." "The version of the protocol is not spoken here; send Tus-Resumable: 1.0.0.";
    FileScanning "file_scanning" 409 "این پرونده هنوز برای بدافزار بررسی نشده است؛ چند دقیقه دیگر دوباره بکوشید." "This file has not been scanned for malware yet; try again in some minutes.";
    FileQuarantined "file_quarantined" 409 "این پرونده بسته نگه داشته شده است، چون بررسی نشده یا نمی‌توان آن را ایمن کرد؛ دلیلش را در فهرست پیوست‌ها ببینید." "This file is kept closed, as it could not be scanned or made safe; the list of files tells why.";
    FileInfected "file_infected" 409 "در این پرونده بدافزار یافت شده است و باز نمی‌شود؛ از فرستنده نسخه سالم بخواهید." "Malware was found in this file and it is never opened; ask the sender for a clean copy.";
    MethodNotAllowed "method_not_allowed" 405 "این روش برای این نشانی نیست." "This method is not available at this address.";
    WrongState "wrong_state" 409 "وضعیت کنونی پرونده این کار را نمی‌پذیرد؛ «اقدام‌ها» را ببینید." "The case's present state does not allow this; see its actions.";
    AlreadyDone "already_done" 409 "این کار پیش‌تر انجام شده است." "This was done already.";
    NoSecondFactor "no_second_factor" 409 "ورود دومرحله‌ای برای این حساب راه نیفتاده است؛ با POST /auth/totp آغاز کنید." "No second factor is set up for this account; begin with POST /auth/totp.";
    Duplicate "duplicate" 409 "رکوردی با همین شناسه هست." "A record with this identifier exists already.";
    OpenReferral "open_referral" 409 "هنوز ارجاع باز زیر این ارجاع هست." "A referral below this one is still open.";
    LeadExists "lead_exists" 409 "پرونده هم‌اکنون یک دستگاه محوری دارد." "The case has a lead office already.";
    LimitReached "limit_reached" 409 "حد مجاز این کار پر شده است." "The limit for this was reached.";
    QuestionAsked "question_already_asked" 409 "در این سطح یک بار از شهروند پرسیده شده است." "The citizen was asked once at this level already.";
    ConsentRequired "consent_required" 409 "تمدید دوم رضایت شهروند را می‌خواهد." "A second extension needs the citizen's consent.";
    ConsentPending "consent_pending" 409 "از شهروند برای تمدید دوم پرسیده شده و پاسخ او نرسیده است؛ مهلت همچنان جاری است." "The citizen was asked for a second extension and has not answered; the clock runs on.";
    ConsentRefused "consent_refused" 409 "شهروند تمدید دوم را نپذیرفت یا در مهلت پاسخ نداد؛ پاسخ نهایی یا میانی بدهید." "The citizen did not agree to a second extension, or did not answer in time; give a final or an interim answer.";
    ConsentNotAsked "consent_not_asked" 409 "اکنون از شهروند درباره تمدید مهلت پرسشی نشده است." "The citizen is not asked for an extension now.";
    AnswerPending "answer_pending" 409 "پاسخی در انتظار تأیید است." "An answer awaits approval.";
    CaseErased "case_erased" 409 "متن این پرونده طبق قاعده نگهداری یا به درخواست شهروند پاک شده است؛ گواهی پاک‌سازی آن را ببینید." "The text of this case was erased under its retention rule or on the citizen's request; see its tombstone.";
    NoContact "no_contact" 409 "در پرونده شما شماره همراه یا رایانامه‌ای نیست تا کد یک‌بارمصرف فرستاده شود؛ با کارت شناسایی به دفتر مراجعه کنید." "Your record has no mobile or e-mail address to send a one-time code to; come to an office with an identity document.";
    NoRecord "no_record" 409 "این پرونده بی‌نام است و مشخصاتی ندارد که اصلاح شود؛ اگر پرونده شماست، با مدرک به دفتر مراجعه کنید." "This case names nobody, so there is no record to correct; if it is yours, come to an office with a document.";
    DifferentIdentifiers "different_identifiers" 409 "هر دو رکورد شناسه معتبر خود را دارند و از دو کس‌اند؛ اگر یکی نادرست است نخست آن را با مدرک اصلاح کنید." "Both records have a valid identifier of their own and so are of two persons; where one is wrong, correct it on evidence first.";
    MergeOtherWay "merge_other_way" 409 "رکورد دیگر شناسه دارد و این یکی نه؛ رکورد دارای شناسه می‌ماند، پس ادغام را از سوی آن بخواهید." "The other record has an identifier and this one has none; the one with it stands: merge this one into it.";
    ErasurePending "erasure_pending" 409 "درخواست پاک‌سازی یکی از این دو در جریان است؛ نخست به آن رسیدگی کنید." "An erasure of one of the two is asked for or under way; settle it first.";
    RecordsNotMerged "records_not_merged" 409 "این دو رکورد مستقیم در هم ادغام نشده‌اند؛ ادغام‌های رکورد را ببینید و تازه‌ترین را نخست بازگردانید." "These two records are not merged with each other; see the mergings of the record and undo the latest first.";
    HoldStands "hold_stands" 409 "این کار تا زمانی که توقف پاک‌سازی برقرار است ممکن نیست؛ نخست توقف را بردارید." "A hold stands already or forbids this; lift it first.";
    WindowPassed "window_passed" 409 "مهلت اعتراض، امتیاز و تجدیدنظر این پرونده گذشته است؛ دیوان عدالت اداری و سازمان بازرسی کل کشور (۱۳۶) باز است." "The window for an objection, a rating and an appeal has passed; the Administrative Justice Court and the General Inspection Organisation (136) remain open to you.";
    AlreadyObjected "already_objected" 409 "به این پرونده یک بار اعتراض شده است؛ گام بعد تجدیدنظر است." "This case was objected to once already; the next step is an appeal.";
    NothingAnswered "nothing_answered" 409 "هنوز دستگاهی به این پرونده پاسخ نداده است تا به آن اعتراض شود؛ اقدام‌های ممکن را در پیگیری ببینید." "No body has answered this case yet, so there is nothing to object to; the look-up shows what you may do.";
    TakenUpAgain "taken_up_again" 409 "این پرونده یک بار دوباره باز شده است و باید تا پایان رسیدگی شود؛ آن را تکراری نمی‌توان بست." "This case was taken up again once and is to be handled to its end; it cannot be closed as a repeat.";
    OwnEarlierAnswer "own_earlier_answer" 403 "شما در رسیدگی به پرونده‌های پیشین دست داشته‌اید؛ سرپرست دیگری باید این پرونده را تکراری بشناسد." "You had a hand in an earlier case; another supervisor must judge this one a repeat.";
    PlanPending "plan_pending" 409 "پیشنهادی برای این شهروند در انتظار تأیید است؛ نخست درباره آن تصمیم بگیرید." "A proposal for this citizen awaits its second person; have that decided first.";
    PlanOutdated "plan_outdated" 409 "تاریخ بازبینی این پیشنهاد گذشته است؛ آن را رد کنید و پیشنهاد تازه‌ای بنویسید." "The review date of this proposal has passed; reject it and write a new one.";
    CitizenWithoutCase "citizen_without_case" 409 "این شهروند پرونده‌ای ندارد که به او ابلاغ شود؛ برنامه تماس از پرونده‌ها برمی‌آید." "This citizen has no case on which to be told; a contact plan arises from cases.";
    OwnPlan "own_plan" 403 "شما این برنامه را پیشنهاد یا تأیید کرده‌اید؛ کس دیگری باید درباره بازبینی تصمیم بگیرد." "You proposed or confirmed this plan; somebody else must decide on its review.";
    SameDayCap "same_day_cap" 429 "سقف ثبت امروز پر شده است؛ متن را نگه دارید و آن را به پرونده باز خود بیفزایید یا با ۱۱۱ تماس بگیرید." "The day's cap is reached; keep your text and add it to your open case, or call 111.";
    RatingNotOpen "rating_not_open" 409 "امتیاز پس از پاسخ داده می‌شود؛ زمان پاسخ را در پیگیری ببینید." "A case is rated after its answer; the look-up shows when that is due.";
    AppealNotOpen "appeal_not_open" 409 "تجدیدنظر پس از پاسخ دوباره، پس از امتیاز ضعیف، یا با گذشتن مهلت پاسخ ممکن است؛ نخست اعتراض کنید یا امتیاز دهید." "An appeal is open after the additional answer, after a poor rating, or when the answer is late; object or rate first.";
    AppealPending "appeal_pending" 409 "پرونده در انتظار تصمیم درباره تجدیدنظر است؛ تنها مسئول تجدیدنظر درباره آن تصمیم می‌گیرد." "The case awaits the decision on its appeal; only the appeal officer decides it.";
    AppealDecided "appeal_decided" 409 "درباره تجدیدنظر تصمیم گرفته شده و در سامد نهایی است؛ می‌توانید به دیوان عدالت اداری یا سازمان بازرسی کل کشور (۱۳۶) بروید." "The appeal was decided and that is final here; you may turn to the Administrative Justice Court or the General Inspection Organisation (136).";
    NoLevelAbove "no_level_above" 409 "سطح بالاتری برای تجدیدنظر نیست؛ می‌توانید به دیوان عدالت اداری یا سازمان بازرسی کل کشور (۱۳۶) بروید." "There is no level above to appeal to; you may turn to the Administrative Justice Court or the General Inspection Organisation (136).";
    FollowsAnother "follows_another" 409 "این پرونده همراه پرونده دیگری رسیدگی می‌شود و پاسخ آن به شما هم می‌رسد؛ تا آن هنگام نخست آن را جدا کنید." "This case is handled together with another and gets its answer; until then separate it first.";
    MergeChain "merged_into_merged" 409 "پرونده نام‌برده خود همراه پرونده دیگری است؛ همان پرونده اصلی را نام ببرید." "The case named follows another one itself; name the one that it follows.";
    HasFollowers "has_followers" 409 "پرونده‌های دیگری همراه این پرونده‌اند یا بخش آن‌اند؛ نخست آن‌ها را جدا کنید یا پرونده دیگر را در این یکی ادغام کنید." "Other cases follow this one or are parts of it; separate them first, or merge the other case into this one.";
    ParentClosed "parent_closed" 409 "پرونده اصلی بسته است؛ پرونده بازی را نام ببرید." "The leading case is closed; name one that is open.";
    SealedDiffers "sealed_differs" 409 "پرونده محرمانه و غیرمحرمانه یکی نمی‌شوند؛ هویت فاش می‌شود. نخست هر دو را محرمانه کنید." "A sealed and an open case are not put together, as that would reveal who sent it; seal both first.";
    AboutDiffers "about_differs" 409 "این پرونده از دستگاهی شکایت دارد که پرونده اصلی از آن شکایت ندارد؛ جداگانه رسیدگی کنید." "This case complains of an office of which the leading case does not; handle it by itself.";
    AnsweredBefore "answered_before" 409 "به این پرونده پاسخ داده شده است؛ پرونده پاسخ‌گرفته با دیگری یکی نمی‌شود." "This case was answered already; an answered case is not put together with another.";
    NotMerged "not_merged" 409 "این پرونده همراه پرونده دیگری نیست." "This case follows no other.";
    PartOfCase "part_of_case" 409 "این پرونده بخشی از نامه‌ای تقسیم‌شده است؛ نخست تقسیم را بازگردانید." "This case is a part of a letter that was split; undo the split first.";
    PartsOpen "parts_open" 409 "بخش‌های این پرونده هنوز باز است؛ در «خانواده» ببینید کدام دیر شده و چرا." "Parts of this case are still open; its family shows which are late and why.";
    ParentAnswered "parent_answered" 409 "به همه نامه یکجا پاسخ داده شده است؛ با کد رهگیری اصلی اعتراض یا تجدیدنظر کنید." "The letter was answered as a whole; object or appeal with its own tracking code.";
    NotSplit "not_split" 409 "این پرونده بخش بازی ندارد که بازگردد." "This case has no open part that could be taken back.";
    PartReferred "part_referred" 409 "دست‌کم یک بخش ارجاع شده یا پایان یافته است؛ تقسیم دیگر بازنمی‌گردد." "A part was referred or has ended; the split can no longer be undone.";
    NotRepresentative "not_representative" 403 "تنها نمایندگان گروه از سوی آن اعتراض، تجدیدنظر و پاسخ می‌کنند؛ برای اقدام جداگانه نخست از گروه جدا شوید." "Only the group's representatives object, appeal and reply for it; leave the group first to go alone.";
    SpeaksForOthers "speaks_for_others" 409 "این پرونده از سوی یک گروه است و با خواست یک نفر پایان نمی‌یابد؛ اعضا می‌توانند از گروه جدا شوند." "This case speaks for a group and does not end by one person's wish; members may leave the group.";
    SamePerson "same_person" 403 "شما در رسیدگی، پاسخ یا تأیید این پرونده دست داشته‌اید؛ شخص دیگری باید تصمیم بگیرد." "You handled, answered or approved this case; another person must decide its appeal.";
    ExtractRequired "extract_required" 409 "پرونده مهرشده تنها با چکیده تأییدشده ارجاع می‌شود؛ میزی که آن را ثبت کرده یا در دست دارد (یا مسئول حریم خصوصی) چکیده را پیشنهاد و تأیید می‌کند و آن را در جعبه «چکیده» کارتابل خود دارد." "A sealed case is referred only with a confirmed extract; the desk that took it in or holds it, or the privacy officer, proposes and confirms it, and has it in the box 'extract' of its inbox.";
    NotSealed "not_sealed" 409 "این پرونده مهر نشده است." "This case is not sealed.";
    ExtractOnly "extract_only" 403 "از این پرونده مهرشده تنها چکیده را می‌بینید؛ اگر بی هویت نمی‌توان رسیدگی کرد، آن را با دلیل از مسئول حریم خصوصی بخواهید." "Of this sealed case you see the extract only; where it cannot be worked on without the identity, ask the privacy officer for it with a reason.";
    OwnChange "own_change" 403 "این تغییر را خودتان پیشنهاد کرده‌اید؛ شخص دیگری آن را تأیید یا رد می‌کند. می‌توانید پسش بگیرید." "You proposed this change yourself; another person approves or rejects it. You may withdraw it.";
    NoRights "no_rights" 403 "حساب شما هنوز دسترسی ندارد؛ راهبر دومی باید آن را تأیید کند." "Your account has no rights yet; a second administrator must approve them.";
    OwnRights "own_rights" 403 "این تغییر به دسترسی خود شما مربوط است؛ راهبر دیگری آن را تأیید می‌کند." "This change is about your own rights; another administrator approves it.";
    OwnPassword "own_password" 403 "گذرواژه کسی را که پیکربندی، حساب‌ها، کلیدها یا هویت‌ها را در دست دارد تنها خودش عوض می‌کند، یا بهره‌بردار با فرمان samad user password." "The password of somebody who configures, manages accounts or keys, or releases identities is set by that person alone, or by the operator with the command samad user password.";
    NotOwnChange "not_own_change" 403 "این تغییر را شخص دیگری پیشنهاد کرده است؛ می‌توانید تأیید یا رد کنید." "Another person proposed this change; you may approve or reject it.";
    ChangeDecided "change_decided" 409 "درباره این تغییر پیش‌تر تصمیم گرفته شده است؛ وضعیت آن را ببینید." "This change was decided already; see its status.";
    StaleChange "stale_change" 409 "ردیف پس از پیشنهاد عوض شده است؛ هر دو نسخه را ببینید و دوباره پیشنهاد دهید." "The row has changed since this was proposed; compare both versions and propose again.";
    ChangeWaits "change_waits" 409 "تغییر تأییدشده دیگری برای همین ردیف در راه است و با این هم‌پوشانی دارد؛ نخست آن را پس بگیرید یا بگذارید اعمال شود." "Another approved change of this row is still to come and overlaps with this one; withdraw it first, or let it take effect.";
    ChangePassed "change_time_passed" 409 "زمانی که این تغییر برای آن بود گذشته است؛ با تاریخ تازه پیشنهاد دهید." "The time for which this change was meant has passed; propose it again with new dates.";
    NothingToTry "nothing_to_try" 409 "این تغییر بر مسیر و مهلت پرونده‌ها اثری ندارد که آزموده شود." "This change has no effect on routes and limits that could be tried.";
    ProblemState "problem_state" 409 "وضعیت کنونی این مسئله این کار را نمی‌پذیرد؛ تاریخچه آن را ببینید." "The present state of this problem does not allow this; see its history.";
    ProblemNotAnswered "problem_not_answered" 409 "مسئله با پاسخی تأییدشده حل می‌شود؛ نخست پاسخ را بنویسید تا فرد دیگری تأیید کند." "A problem is solved with an approved answer; write one first and have another person approve it.";
    NoProblemAnswer "no_problem_answer" 409 "این پرونده به مسئله‌ای با پاسخ تأییدشده پیوند ندارد؛ متن پاسخ را خودتان بنویسید." "This case points to no problem with an approved answer; write the text yourself.";
    RecommendationState "recommendation_state" 409 "وضعیت کنونی این پیشنهاد اصلاحی این کار را نمی‌پذیرد." "The present state of this recommendation does not allow this.";
    NotTakenByYou "not_taken_by_you" 409 "این تماس در دست شما نیست؛ نخست آن را بردارید (taking)." "This call-back is not in your hands; take it first (taking).";
    TakenByAnother "taken_by_another" 409 "همکار دیگری این تماس را برداشته است؛ یکی دیگر را بردارید." "A colleague has taken this call-back; take another one.";
    SeatTaken "seat_taken" 409 "همکار دیگری پشت این داخلی نشسته است؛ داخلی دیگری بگویید یا از او بخواهید آن را رها کند." "A colleague sits at this extension; name another one, or ask them to leave it.";
    CallbackState "callback_state" 409 "این تماس در وضعیتی نیست که این کار را بپذیرد؛ فهرست تماس‌ها را تازه کنید." "This call is not in a state that allows this; read the list of calls again.";
    OtherOffice "other_office" 403 "این کار با واحدی دیگر است: کسی از خود این واحد درباره آن نظر نمی‌دهد." "Another office must do this: nobody of this office judges its own work.";
    NoRoute "no_route" 409 "قاعده‌ای برای ارجاع این پرونده نیست؛ واحد را نام ببرید." "No routing rule fits this case; name the office.";
    Open311Key "open311_key" 403 "کلید (api_key) نیست، درست نیست، یا برای این مجرا نیست." "The api_key is missing, not valid, or not for this channel.";
    Open311Form "open311_form" 400 "بدنه باید application/x-www-form-urlencoded در UTF-8 باشد." "The body must be application/x-www-form-urlencoded in UTF-8.";
    ReferenceReused "reference_reused" 409 "این شماره پیش‌تر برای پاسخ دیگری به همین ارجاع به کار رفته است؛ شماره تازه‌ای بفرستید." "This number was used for another answer to the same referral; send a new one.";
    KeyReused "idempotency_key_reused" 409 "این کلید با درخواست دیگری به کار رفته است؛ کلید تازه بسازید." "This idempotency key was used with another request; make a new key.";
    StaleVersion "stale_version" 412 "پرونده تغییر کرده است؛ آن را دوباره بخوانید." "The case has changed; read it again.";
    VersionRequired "version_required" 428 "سرآیند If-Match با ETag پرونده لازم است." "Send If-Match with the case's ETag.";
    TooManyRequests "too_many_requests" 429 "درخواست‌ها زیاد است؛ کمی صبر کنید." "Too many requests; wait a little.";
    AccountLocked "account_locked" 429 "ورود ناموفق زیاد بود و حساب برای زمانی بسته شد." "Too many failed sign-ins; the account is locked for a while.";
    HistoryBroken "history_broken" 409 "تاریخچه این پرونده با مهر آن نمی‌خواند و رسیدی برای آن داده نمی‌شود؛ به راهبر سامانه خبر دهید." "The history of this case does not verify, so that no receipt is given for it; tell the operator.";
    OidcUnavailable "oidc_unavailable" 503 "سامانه ورود یکپارچه پاسخ نمی‌دهد؛ کمی بعد دوباره بکوشید یا با گذرواژه وارد شوید." "The sign-on provider does not answer; try again shortly or sign in with a password.";
    Unavailable "unavailable" 503 "سامانه موقتاً پاسخ‌گو نیست؛ چیزی از دست نرفته است، دوباره بفرستید." "Temporarily unavailable; nothing was lost, send it again.";
    Internal "internal" 500 "خطای داخلی؛ شماره X-Request-Id این پاسخ را به پشتیبانی بدهید." "Internal error; give the X-Request-Id of this reply to support.";
}

/// A reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Persian, the default.
    #[default]
    Fa,
    /// English.
    En,
}

/// One wrong field: where it is, what is wrong, and the remedy in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field, such as `citizen.national_id` or `to[1].office`.
    pub field: String,
    /// Stable code such as `required`, `too_long`, `unknown`.
    pub code: &'static str,
    /// The remedy in Persian.
    pub fa: String,
    /// The remedy in English.
    pub en: String,
}

impl FieldError {
    /// A wrong field with its remedy in both languages.
    pub fn new(
        field: impl Into<String>,
        code: &'static str,
        fa: impl Into<String>,
        en: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), code, fa: with_persian_numbers(&fa.into()), en: en.into() }
    }

    /// A field that must be given.
    pub fn required(field: impl Into<String>) -> Self {
        Self::new(field, "required", "این فیلد لازم است.", "This field is required.")
    }

    /// A code that no table knows.
    pub fn unknown(field: impl Into<String>, value: &str) -> Self {
        let value: String = value.chars().take(60).collect();
        Self::new(
            field,
            "unknown",
            format!("کد «{value}» شناخته نیست؛ فهرست کدها را ببینید."),
            format!("The code '{value}' is not known; see the list of codes."),
        )
    }
}

/// A Persian sentence with its counts in Persian digits. What has to be typed or compared as it stands keeps its own:
/// dates, spans, versions, numbers of standards (after a Latin word) and codes of more than six digits.
fn with_persian_numbers(text: &str) -> String {
    let mut after_latin = false;
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let core = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let is_count = (1..=6).contains(&core.len()) && core.bytes().all(|byte| byte.is_ascii_digit());
        let told = if is_count && !after_latin {
            word.chars().map(persian_digit).collect()
        } else {
            word.to_owned()
        };
        after_latin = core.bytes().any(|byte| byte.is_ascii_alphabetic());
        told
    });
    words.collect()
}

fn persian_digit(letter: char) -> char {
    let digit = letter.to_digit(10).and_then(|digit| char::from_u32(u32::from('۰') + digit));
    digit.unwrap_or(letter)
}

/// What can go wrong, anywhere.
#[derive(Debug)]
pub enum Error {
    /// Does not exist, or the actor may not know that it exists.
    NotFound,
    /// Who is asking is not known.
    Unauthenticated(Code),
    /// Visible, but this actor may not do it.
    Forbidden(Code),
    /// The request as a whole cannot be understood.
    Malformed(Code),
    /// Wrong fields; each is named.
    Invalid(Vec<FieldError>),
    /// Wrong state, stale version or a repeated key.
    Conflict(Code),
    /// A conflict that can be told field by field.
    Clash { code: Code, fields: Vec<FieldError> },
    /// Too often; try again after so many seconds.
    TooMany { code: Code, retry_after: u64 },
    /// One person filed as often as a day allows; what can be done instead, and when the next day begins.
    Capped { told: FieldError, retry_after: u64 },
    /// The database or a queue cannot take it now; try again after so many seconds.
    Unavailable { retry_after: u64 },
    /// Another service that is needed does not answer; try again in half a minute.
    Away(Code),
    /// A fault of ours; the source is for the log only.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

/// Result with the one [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The catalogue row of this error.
    pub fn code(&self) -> Code {
        match self {
            Error::NotFound => Code::NotFound,
            Error::Unauthenticated(code)
            | Error::Forbidden(code)
            | Error::Malformed(code)
            | Error::Conflict(code)
            | Error::Away(code)
            | Error::Clash { code, .. }
            | Error::TooMany { code, .. } => *code,
            Error::Invalid(_) => Code::InvalidInput,
            Error::Capped { .. } => Code::SameDayCap,
            Error::Unavailable { .. } => Code::Unavailable,
            Error::Internal(_) => Code::Internal,
        }
    }

    /// One wrong field.
    pub fn field(error: FieldError) -> Self {
        Error::Invalid(vec![error])
    }

    /// An internal fault told in words.
    pub fn internal(message: impl fmt::Display) -> Self {
        Error::Internal(message.to_string().into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Internal(source) => write!(f, "internal: {source}"),
            Error::Invalid(fields) => {
                write!(f, "invalid_input:")?;
                fields.iter().try_for_each(|e| write!(f, " {} ({}: {})", e.field, e.code, e.en))
            }
            other => f.write_str(other.code().title(Language::En)),
        }
    }
}

impl std::error::Error for Error {}

/// Collects wrong fields, so that one reply names all of them.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Notes a wrong field.
    pub fn add(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Takes the value, or notes the error and gives none.
    pub fn take<T>(&mut self, result: std::result::Result<T, FieldError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// `Err(Invalid)` when any field was wrong.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_unique_and_told_in_both_languages() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{} twice", code.as_str());
            assert!((400..600).contains(&code.status()));
            assert_ne!(code.title(Language::Fa), code.title(Language::En));
        }
    }

    #[test]
    fn a_persian_message_counts_in_persian_digits_and_keeps_what_is_typed() {
        for (written, read) in [
            ("۲ تا 10 بخش", "۲ تا ۱۰ بخش"),
            ("در نویسه 7", "در نویسه ۷"),
            ("حداکثر 100 درصد، نه 101.", "حداکثر ۱۰۰ درصد، نه ۱۰۱."),
            ("(12) و «5»", "(۱۲) و «۵»"),
        ] {
            assert_eq!(FieldError::new("x", "x", written, "").fa, read);
        }
        for typed in [
            "1405/03/12 یا 2026-06-02",
            "10wd، 8wh یا 21d",
            "زمان RFC 3339.",
            "0.1 بنویسید",
            "کد 04231234560",
        ] {
            assert_eq!(FieldError::new("x", "x", typed, "").fa, typed);
        }
    }

    #[test]
    fn no_title_of_the_catalogue_mixes_digits() {
        for code in Code::ALL {
            let title = code.title(Language::Fa);
            assert_eq!(with_persian_numbers(title), title, "{}", code.as_str());
        }
    }
}
