use super::*;

fn letter(language: Language, body: &str) -> PaperLetter {
    PaperLetter {
        language,
        issuer: "مرکز ارتباطات مردمی".into(),
        office: "شرکت توزیع نیروی برق".into(),
        number: "۱۴۰۵/۲۶۰۶۱۰۱۲۳۴۴/۲".into(),
        date: "۱۴۰۵/۰۳/۲۰".into(),
        annexes: 0,
        recipient: vec!["مریم کاظمی‌نیا".into(), "اصفهان، خیابان چهارباغ، پلاک ۱۲".into()],
        subject: Some("پاسخ پرونده".into()),
        body: body.into(),
        check: vec!["کد رهگیری: \u{2066}26061012344\u{2069}".into()],
        foot: "تهران، تلفن ۱۱۱".into(),
        qr: "https://samad.example.ir/track?code=26061012344&mark=4-0123456789abcdef".into(),
    }
}

fn left(mark: &Mark) -> Option<(f32, f32, f32)> {
    match mark {
        Mark::Text { line, x, y, size, .. } => Some((*x, x + line.width * size, *y)),
        Mark::Rule { .. } | Mark::Qr { .. } => None,
    }
}

#[test]
fn every_line_lies_inside_the_margins_of_its_page() {
    let long = "سه روز است که آب محله ما قطع است و کسی پاسخ نمی‌دهد. ".repeat(120);
    for language in [Language::Fa, Language::En] {
        let pages = sheets(&[letter(language, &long)]).unwrap();
        assert!(pages.len() > 1, "a long letter goes on");
        for (start, end, y) in pages.iter().flat_map(|page| page.marks.iter().filter_map(left)) {
            assert!(start >= MARGIN - 0.5 && end <= WIDTH - MARGIN + 0.5, "{start} {end}");
            assert!((20.0..HEIGHT - 20.0).contains(&y), "{y}");
        }
    }
}

#[test]
fn persian_begins_at_the_right_and_english_at_the_left() {
    let first = |language| {
        let pages = sheets(&[letter(language, "متن")]).unwrap();
        pages[0].marks.iter().find_map(left).unwrap()
    };
    assert!((first(Language::Fa).1 - (WIDTH - MARGIN)).abs() < 0.5);
    assert!((first(Language::En).0 - MARGIN).abs() < 0.5);
}

#[test]
fn the_code_on_the_page_is_read_back() {
    let wished = letter(Language::Fa, "متن");
    let pages = sheets(std::slice::from_ref(&wished)).unwrap();
    let (side, dark) = pages[0]
        .marks
        .iter()
        .find_map(|mark| match mark {
            Mark::Qr { side, dark, .. } => Some((*side, dark)),
            Mark::Text { .. } | Mark::Rule { .. } => None,
        })
        .unwrap();
    // four pixels a module, with the quiet zone that the page leaves around it
    let pixels = (side + 8) * 4;
    let light = |at: usize| (at / 4).checked_sub(4).filter(|at| *at < side);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| match (light(x), light(y)) {
            (Some(column), Some(row)) if dark[row * side + column] => 0,
            _ => 255,
        });
    let (_, content) = image.detect_grids()[0].decode().unwrap();
    assert_eq!(content, wished.qr);
}

#[test]
fn each_letter_begins_on_a_page_of_its_own_and_fonts_are_subset() {
    let letters = [letter(Language::Fa, "یک"), letter(Language::Fa, "دو"), letter(Language::En, "three")];
    assert_eq!(sheets(&letters).unwrap().len(), 3);
    let bytes = pdf(&letters).unwrap();
    assert!(bytes.starts_with(b"%PDF-"));
    assert!(bytes.len() < 120_000, "{} bytes", bytes.len());
}
