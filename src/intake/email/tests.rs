use super::*;
use crate::error::Error;
use proptest::prelude::*;

fn read_mail(text: impl AsRef<[u8]>) -> Mail {
    parse(text.as_ref()).unwrap()
}

fn inbound(text: impl AsRef<[u8]>) -> Inbound {
    let bytes = text.as_ref().to_vec();
    read(&Raw { form: Form::Email, gateway: None, media_type: MEDIA_TYPE.into(), bytes }).unwrap()
}

/// A mail with one body in a charset.
fn in_charset(charset: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("From: a@b.ir\r\nSubject: x\r\nContent-Type: text/plain; charset={charset}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn persian_in_every_charset_is_the_same_text() {
    let wanted = "آب محله سه روز است که قطع است";
    let encoded = |encoding: &'static encoding_rs::Encoding, text: &str| encoding.encode(text).0.into_owned();
    let arabic = wanted.replace('ی', "ي").replace('ک', "ك");
    let cases = [
        in_charset("utf-8", wanted.as_bytes()),
        in_charset("windows-1256", &encoded(encoding_rs::WINDOWS_1256, &arabic)),
        in_charset("cp1256", &encoded(encoding_rs::WINDOWS_1256, &arabic)),
        in_charset(
            "iso-8859-6",
            &encoded(encoding_rs::ISO_8859_6, &arabic.replace(['ک', 'گ', 'پ', 'چ', 'ژ'], "ك")),
        ),
        // nobody said which, or what nobody knows
        in_charset("x-unknown", &encoded(encoding_rs::WINDOWS_1256, &arabic)),
        [b"From: a@b.ir\r\n\r\n".as_slice(), &encoded(encoding_rs::WINDOWS_1256, &arabic)].concat(),
        [b"From: a@b.ir\r\n\r\n".as_slice(), wanted.as_bytes()].concat(),
    ];
    for mail in cases {
        let text = read_mail(&mail).text.replace('ي', "ی").replace('ك', "ک");
        assert_eq!(text, wanted, "{}", String::from_utf8_lossy(&mail));
    }
}

#[test]
fn utf_7_and_iso_2022_are_read_and_western_text_is_not_made_arabic() {
    assert_eq!(read_mail(in_charset("utf-7", b"+BiIGKA- 12")).text, "آب 12");
    assert_eq!(read_mail(in_charset("iso-2022-jp", b"\x1b$B$3$s\x1b(B")).text, "こん");
    let western = [b"From: a@b.fr\r\n\r\n".as_slice(), b"le caf\xe9 ferm\xe9 \xe0 midi"].concat();
    assert_eq!(read_mail(western).text, "le café fermé à midi");
}

#[test]
fn headers_that_break_the_rules_are_read() {
    let raw = encoding_rs::WINDOWS_1256.encode("قطع آب").0.into_owned();
    let mail =
        [b"From: \"\xe3\xd1\xed\xe3\" <maryam@example.ir>\nSubject: ".as_slice(), &raw, b"\n\ntext"].concat();
    let mail = read_mail(mail);
    assert_eq!(mail.subject.as_deref(), Some("قطع آب"));
    assert_eq!(mail.from.map(|from| from.address).as_deref(), Some("maryam@example.ir"));
    let folded = read_mail(
        "From: =?utf-8?B?2YXYsduM2YU=?= <m@example.ir>\r\nSubject: =?utf-8?Q?=D8=A2=D8=A8?=\r\n =?utf-8?Q?_=D9=86=DB=8C=D8=B3=D8=AA?=\r\n\r\nx",
    );
    assert_eq!(folded.subject.as_deref(), Some("آب نیست"));
    assert_eq!(folded.from.and_then(|from| from.name).as_deref(), Some("مریم"));
    let addresses = [
        ("m@example.ir", "m@example.ir"),
        ("Maryam m@example.ir", "m@example.ir"),
        ("\"a@b\" <m@example.ir>", "m@example.ir"),
        ("<m@example.ir", "m@example.ir"),
    ];
    for (from, wanted) in addresses {
        let mail = read_mail(format!("From: {from}\r\nSubject: x\r\n\r\ny"));
        assert_eq!(mail.from.map(|from| from.address).as_deref(), Some(wanted), "{from}");
    }
}

#[test]
fn html_gives_its_words_and_nothing_that_runs_or_is_fetched() {
    let page = "From: a@b.ir\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><head><style type=\"text/css\">p{color:red}</style>\
        <script>alert(1)</script></head><body><div>سلام</div><div>آب <b>نیست</b> &amp; برق</div><img src=\"http://spy/1.gif\">\
        <table><tr><td>یک</td><td>دو</td></tr></table></body></html>";
    let text = read_mail(page).text;
    assert!(text.contains("سلام\n") && text.contains("آب نیست & برق"), "{text}");
    assert!(text.contains("یک") && text.contains("دو"), "{text}");
    for gone in ["alert", "color", "spy", "<"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
}

#[test]
fn inline_images_and_files_come_with_their_names() {
    let mail = "From: a@b.ir\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/related; boundary=i\r\n\r\n\
        --i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>ببینید</p><img src=\"cid:1\">\r\n\
        --i\r\nContent-Type: image/png\r\nContent-ID: <1>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--i--\r\n\
        --o\r\nContent-Type: application/pdf; name=\"=?utf-8?B?2YbYp9mF2YcucGRm?=\"\r\nContent-Disposition: attachment\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ=\r\n\
        --o\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@d.ir\r\nSubject: before\r\n\r\nan older mail\r\n--o--\r\n";
    let mail = read_mail(mail);
    assert_eq!(mail.text, "ببینید");
    let files: Vec<(&str, &[u8])> =
        mail.files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    assert_eq!(files.len(), 3, "{:?}", files.iter().map(|file| file.0).collect::<Vec<_>>());
    assert_eq!(files[0], ("part-1.png", b"\x89PNG\r\n\x1a\n".as_slice()));
    assert_eq!(files[1], ("نامه.pdf", b"%PDF-1.4".as_slice()));
    assert!(files[2].0.ends_with(".eml") && files[2].1.starts_with(b"From: c@d.ir"));
}

#[test]
fn a_reply_is_its_new_words_and_a_new_mail_is_all_of_them() {
    let quoting = [
        "On Mon, 1 Jun 2026 at 10:00, Samad <no-reply@samad.example> wrote:\r\n> old",
        "On Monday, the first of June 2026, Samad Center\r\n<no-reply@samad.example> wrote:\r\n\r\n> old",
        "در دوشنبه ۱۱ خرداد ۱۴۰۵، سامد <no-reply@samad.example> نوشت:\r\n> old",
        "در تاریخ ۱۴۰۵/۰۳/۱۱، سامد نوشته است:\r\nold",
        "-----Original Message-----\r\nFrom: Samad\r\nold",
        "________________________________\r\nFrom: Samad\r\nold",
        "از: سامد\r\nارسال: دوشنبه\r\nبه: مریم\r\nموضوع: پرونده\r\n\r\nold",
        "From: Samad\r\nSent: Monday\r\nTo: Maryam\r\nSubject: case\r\n\r\nold",
        "-- \r\nMaryam, Tehran, old",
        "Sent from my iPhone\r\n\r\n> old",
        "ارسال شده از یاهو میل برای اندروید\r\n\r\n> old",
        "> old\r\n> older",
    ];
    for quoted in quoting {
        let body = format!("کوچه شقایق است.\r\nپلاک ۴\r\n\r\n{quoted}\r\n");
        let reply = format!(
            "From: a@b.ir\r\nIn-Reply-To: <1@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
        );
        assert_eq!(inbound(&reply).text, "کوچه شقایق است.\nپلاک ۴", "{quoted}");
        let new = format!("From: a@b.ir\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}");
        assert!(inbound(&new).text.contains("old"), "{quoted}");
    }
    // words that only look like a head, and a reply that is nothing but a quotation
    let plain = "From: a@b.ir\r\nIn-Reply-To: <1@x>\r\n\r\nFrom: here to there is a hole.\r\nOn Monday I wrote to you.\r\nIt is deep.";
    assert_eq!(inbound(plain).text, "From: here to there is a hole.\nOn Monday I wrote to you.\nIt is deep.");
    assert_eq!(inbound("From: a@b.ir\r\nIn-Reply-To: <1@x>\r\n\r\n> only this\r\n").text, "> only this");
}

#[test]
fn a_bare_subject_is_the_text_and_a_missing_message_id_is_the_digest() {
    let mail = inbound("From: a@b.ir\r\nSubject: Please repair the bridge\r\nMessage-ID: <>\r\n\r\n");
    assert_eq!(mail.text, "Please repair the bridge");
    assert!(
        mail.external_id.as_deref().is_some_and(|id| id.starts_with("sha256:")),
        "{:?}",
        mail.external_id
    );
    assert_eq!(mail.language.as_deref(), Some("en"));
    assert_eq!(inbound("From: a@b.ir\r\nMessage-ID: <7@x>\r\n\r\ny").external_id.as_deref(), Some("<7@x>"));
}

fn kind_of(headers: &str) -> Kind {
    read_mail(format!("From: a@b.ir\r\n{headers}\r\n\r\ntext")).kind
}

#[test]
fn machines_are_known_by_what_they_say_of_themselves() {
    for head in [
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: x",
    ] {
        assert_eq!(kind_of(head), Kind::AutomaticReply, "{head}");
    }
    assert_eq!(kind_of("Auto-Submitted: auto-generated"), Kind::Generated);
    for head in ["List-Id: <x.y>", "Precedence: bulk", "Precedence: list"] {
        assert_eq!(kind_of(head), Kind::List, "{head}");
    }
    for head in ["Subject: Automatic reply: case", "Subject: Out of office", "Subject: پاسخ خودکار: پرونده"]
    {
        assert_eq!(kind_of(head), Kind::LooksAutomatic, "{head}");
    }
    for head in [
        "Auto-Submitted: no",
        "Subject: the office is out of paper",
        "Precedence: normal",
        "X-Auto-Response-Suppress: All",
    ] {
        assert_eq!(kind_of(head), Kind::Ordinary, "{head}");
    }
}

const BOUNCE: &str = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.ir\r\nSubject: Undelivered Mail Returned to Sender\r\n\
    Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\
    --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; a@b.ir\r\nAction: ACTION\r\n\
    Status: STATUS\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <samad.42.0123456789abcdef@samad.example>\r\nSubject: x\r\n\r\nbody\r\n--b--\r\n";

#[test]
fn a_bounce_tells_which_mail_of_ours_and_whether_for_good() {
    let fates = [
        ("failed", "5.1.1", Fate::Hard),
        ("failed", "4.2.2", Fate::Soft),
        ("delayed", "4.4.1", Fate::Delayed),
        ("delivered", "2.0.0", Fate::Delivered),
        ("relayed", "2.0.0", Fate::Delivered),
    ];
    for (action, status, fate) in fates {
        let mail = read_mail(BOUNCE.replace("ACTION", action).replace("STATUS", status));
        let named = vec!["samad.42.0123456789abcdef@samad.example".to_owned()];
        assert_eq!(
            mail.kind,
            Kind::Bounce(Bounce { fate, status: Some(status.into()), named }),
            "{action} {status}"
        );
    }
    let old = "From: postmaster@b.ir\r\nSubject: failure notice\r\n\r\n<a@b.ir>: 550 #5.1.1 no such user\r\n\r\nMessage-ID: <samad.7.ff@samad.example>\r\n";
    let Kind::Bounce(bounce) = read_mail(old).kind else { panic!("no bounce") };
    assert_eq!(
        (bounce.fate, bounce.status.as_deref(), bounce.named),
        (Fate::Hard, Some("5.1.1"), vec!["samad.7.ff@samad.example".into()])
    );
    // a person who writes about a failure
    assert_eq!(kind_of("Subject: failure notice of the water company"), Kind::Ordinary);
}

#[test]
fn what_is_built_to_exhaust_its_reader_is_refused_by_name_and_soon() {
    let started = std::time::Instant::now();
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(500_000);
    let boundaries: String = (0..200_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    for mail in [nested, boundaries] {
        let Err(Error::Invalid(fields)) = parse(mail.as_bytes()) else { panic!("not named") };
        assert_eq!(fields[0].code, "too_nested");
    }
    assert!(matches!(parse(b""), Err(Error::Malformed(Code::InvalidMail))));
    for tag in ["div", "b", "blockquote", "ul", "span"] {
        let (open, close) = (format!("<{tag}>").repeat(9_900), format!("</{tag}>").repeat(9_900));
        let laid_out = format!("From: a@b.ir\r\nContent-Type: text/html\r\n\r\n{open}word{close}");
        assert!(read_mail(laid_out).text.contains("word"), "{tag}");
    }
    let deep = format!(
        "From: a@b.ir\r\nContent-Type: text/html\r\n\r\n{}word{}",
        "<div>".repeat(400_000),
        "</div>".repeat(400_000)
    );
    assert!(read_mail(deep).text.contains("word"));
    let tables =
        format!("From: a@b.ir\r\nContent-Type: text/html\r\n\r\n{}word", "<table><tr><td>".repeat(6_000));
    assert!(read_mail(tables).text.contains("word"));
    let large = format!(
        "From: a@b.ir\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        "UEsDBAAA".repeat(4_000_000)
    );
    assert_eq!(read_mail(large).files[0].bytes.len(), 24_000_000);
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}

/// Pieces of which mails are made, right and wrong.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "From: ",
        "Subject: ",
        "a@b.ir",
        "<",
        ">",
        "\r\n",
        "\n",
        "\r\n\r\n",
        "--b",
        "--b--",
        "=?utf-8?B?",
        "?=",
        "=?windows-1256?Q?",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Type: message/delivery-status\r\n",
        "Content-Type: text/html; charset=utf-7\r\n",
        "Content-Type: text/plain; charset=iso-2022-kr\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "=D8=",
        "<table><tr><td>",
        "</td>",
        "&#x110000;",
        "References: <a@b> <",
        "samad.1.",
        "Content-Disposition: attachment; filename*0*=utf-8''%D8%",
        "On 1 wrote:",
        "نوشت:",
        "-- \r\n",
        "Date: Thu, 99 Foo 0000\r\n",
    ]);
    prop_oneof![
        4 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_a_mail_or_a_named_failure(pieces in prop::collection::vec(piece(), 0..60)) {
        let bytes = pieces.concat();
        let raw = Raw { form: Form::Email, gateway: None, media_type: MEDIA_TYPE.into(), bytes: bytes.clone() };
        match read(&raw) {
            Ok(inbound) => {
                let Some(Content::Bytes(kept)) = inbound.raw.map(|raw| raw.content) else { panic!("no raw mail") };
                prop_assert_eq!(kept, bytes);
                prop_assert!(inbound.external_id.is_some());
            }
            Err(Error::Invalid(_) | Error::Malformed(_)) => {}
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn own_words_are_lines_of_the_text(text in "[a-zا-ی0-9>@: \\-\n]{0,200}") {
        let own = own_words(&text);
        for line in own.lines() {
            prop_assert!(text.lines().any(|whole| whole.contains(line)));
        }
    }
}
