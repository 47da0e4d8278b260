//! Hard texts, Persian and English.

use super::*;

fn maryam() -> Known {
    Known {
        names: vec!["مریم کاظمی‌نیا".into(), "علی رضایی".into()],
        numbers: vec!["9991000011".into(), "+989990000011".into(), "8174673441".into()],
        emails: vec!["m.kazeminia@example.com".into()],
        addresses: vec!["اصفهان، خیابان توحید، کوچه نسترن، پلاک ۱۲".into()],
    }
}

fn masked(text: &str) -> String {
    Masker::new(&maryam(), Language::Fa).mask(text)
}

fn proposed(text: &str) -> String {
    Masker::new(&Known::default(), Language::Fa).propose(text)
}

#[test]
fn a_known_name_is_found_in_every_spelling() {
    for spelling in [
        "مریم",
        "مريم",
        "مَریم",
        "مـــریم",
        "م ر ی م",
        "م‌ر‌ی‌م",
        "مریم‌خانم",
        "مریمم",
        "کاظمی‌نیا",
        "كاظمي‌نيا",
        "کاظمی نیا",
        "کاظمینیا",
        "کاظمي¬نيا",
        "مریم کاظمی‌نیا",
        "مریم\u{200F} کاظمی\u{200B}نیا",
        "ﻣﺮﯾﻢ",
        "م.ر.ی.م",
        "مریم-کاظمی",
        "نیا",
    ] {
        let text = format!("من {spelling} هستم و گله دارم");
        assert_eq!(masked(&text), "من [نام ۱] هستم و گله دارم", "{spelling}");
    }
}

#[test]
fn a_short_name_is_found_by_itself_and_not_inside_other_words() {
    assert_eq!(masked("علی‌آقا و علی و وعلی آمدند"), "[نام ۱] و [نام ۱] و [نام ۱] آمدند");
    let harmless = "تعلیم علیه عملیات نیاز دارد و رضایت شد";
    assert_eq!(masked(harmless), harmless);
}

#[test]
fn people_keep_their_labels_over_all_texts_of_a_case() {
    let mut masker = Masker::new(&maryam(), Language::Fa);
    assert_eq!(masker.mask("علی برادر مریم است"), "[نام ۱] برادر [نام ۲] است");
    assert_eq!(masker.mask("کاظمی‌نیا، ۰۹۱۲۳۴۵۶۷۸۹"), "[نام ۲]، [شماره ۱]");
    assert_eq!(masker.mask("+98 912 345 67 89"), "[شماره ۱]");
}

#[test]
fn a_number_of_a_person_is_found_in_every_form() {
    for number in [
        "09990000011",
        "۰۹۹۹۰۰۰۰۰۱۱",
        "٠٩٩٩٠٠٠٠٠١١",
        "+98 999 000 0011",
        "0098-999-0000011",
        "(0999) 000 0011",
        "۰۹۹۹ ۰۰۰ ۰۰ ۱۱",
        "0999.000.0011",
        "０９９９０００００１１",
        "09\u{200C}990000011",
        "۰۹۹۹_۰۰۰_۰۰۱۱",
        "9991000011",
        "۹۹۹-۱۰۰۰۰۱-۱",
        "81746-73441",
        "6037-9911-1234-5678",
        "IR06 0550 0000 0000 1234 5678 90",
        "ir060550000000001234567890",
        "A12345678",
        "02188776655",
        "021 88 77 66 55",
        "88776655",
    ] {
        assert_eq!(masked(&format!("شماره من {number} است")), "شماره من [شماره ۱] است", "{number}");
    }
}

#[test]
fn dates_and_sums_stay_and_days_of_birth_do_not() {
    let told = "در ۱۴۰۳/۰۵/۱۲ ساعت 10:30 مبلغ ۱۲٬۰۰۰٬۰۰۰ ریال و 2500000 تومان گرفتند؛ ماده ۱۲ بند ۳ سال ۱۴۰۲";
    assert_eq!(masked(told), told);
    assert_eq!(masked("متولد ۱۳۶۲/۰۵/۱۲"), "متولد [شماره ۱]");
    assert_eq!(masked("۰۹۱۲۳۴۵۶۷۸۹ تومان"), "[شماره ۱] تومان");
    assert_eq!(masked("کد پرسنلی ۴۵۱۲"), "کد پرسنلی [شماره ۱]");
    assert_eq!(masked("1403/05/12 09123456789"), "1403/05/12 [شماره ۱]");
}

#[test]
fn plates_are_found_both_ways_round() {
    for plate in ["۱۲ ب ۳۴۵ ایران ۱۰", "12ب345-10", "۱۲ الف ۳۴۵", "۳۴۵ ب ۱۲"] {
        assert_eq!(masked(&format!("خودرو {plate} بود")), "خودرو [پلاک خودرو ۱] بود", "{plate}");
    }
}

#[test]
fn mail_and_web_addresses_are_found() {
    for (text, label) in [
        ("m.kazeminia@example.com", "[رایانامه ۱]"),
        ("someone.else+x@mail.example.ir", "[رایانامه ۱]"),
        ("someone (at) example.com", "[رایانامه ۱]"),
        ("some1＠example.com", "[رایانامه ۱]"),
        ("@nice_handle", "[شناسه ۱]"),
        ("https://t.me/nice_handle", "[شناسه ۱]"),
    ] {
        assert_eq!(masked(&format!("به {text} بنویسید")), format!("به {label} بنویسید"), "{text}");
    }
}

#[test]
fn the_known_address_is_found_whole_and_in_parts_and_the_town_stays() {
    assert_eq!(
        masked("اصفهان، خيابان توحید - كوچه نسترن پلاک 12 زندگی می‌کنم؛ اصفهان شهر ماست"),
        "[نشانی ۱] زندگی می‌کنم؛ اصفهان شهر ماست"
    );
    assert_eq!(masked("سر کوچه‌ نسترن"), "سر [نشانی ۱]");
}

#[test]
fn a_proposal_takes_names_after_titles_and_doors_of_strangers_too() {
    for (text, extract) in [
        ("آقای حسین رضایی کارمند آنجاست", "آقای [نام ۱] کارمند آنجاست"),
        ("خانم دکتر بهاره سمندری گفت صبر کنید", "خانم دکتر [نام ۱] گفت صبر کنید"),
        ("اینجانب زهرا موسوی فرزند حسن", "اینجانب [نام ۱] فرزند [نام ۲]"),
        ("آقای رئیس پاسخ نداد", "آقای رئیس پاسخ نداد"),
        ("خیابان آزادی چاله دارد", "خیابان آزادی چاله دارد"),
        ("خیابان آزادی، کوچه بهار، پلاک ۷، واحد ۲ هستم", "[نشانی ۱] هستم"),
        ("Mr John Smith took money", "Mr [نام ۱] took money"),
    ] {
        assert_eq!(proposed(text), extract);
    }
}

#[test]
fn an_english_text_gets_english_labels() {
    let known = Known { names: vec!["Mary Kazemi".into()], ..Known::default() };
    let mut masker = Masker::new(&known, Language::En);
    assert_eq!(
        masker.mask("I am MARY kazemi, call 0912 345 6789 or mary@example.com."),
        "I am [name 1], call [number 1] or [email 1]."
    );
}

#[test]
fn a_masked_text_stays_as_it_is() {
    let mut masker = Masker::new(&maryam(), Language::Fa);
    let once = masker.propose("مریم، ۰۹۱۲۳۴۵۶۷۸۹، کوچه نسترن پلاک ۱۲، a@b.ir، ۱۲ ب ۳۴۵");
    assert_eq!(masker.propose(&once), once);
    assert!(masker.leaks(&once).is_empty(), "{once}");
}

#[test]
fn a_leak_is_told_by_its_sort_and_place_and_never_by_its_value() {
    let masker = Masker::new(&maryam(), Language::Fa);
    let leaks = masker.leaks("سلام مريم جان، 09990000011");
    assert_eq!(leaks, [Leak { sort: Sort::Name, position: 6 }, Leak { sort: Sort::Number, position: 16 }]);
    // a number hidden in brackets is no label
    assert_eq!(masker.leaks("[نام ۰۹۹۹۰۰۰۰۰۱۱]").len(), 1);
}
