//! Tracking codes in free text.

use crate::domain::cases::TrackingCode;
use crate::domain::text::machine_field;

/// Most characters that stand between two groups of one code.
const GAP: usize = 3;
/// Most codes that are looked for in one text.
const MOST: usize = 8;

/// Every tracking code of a text, in its order, each once: eleven digits of any of the three scripts whose check digit
/// holds, in one piece or in groups with blanks, dashes, dots, slashes or invisible marks between them. A code is never
/// cut out of a longer number.
pub fn codes_in(text: &str) -> Vec<TrackingCode> {
    let mut found: Vec<TrackingCode> = Vec::new();
    for run in runs(text) {
        for start in 0..run.len() {
            let mut digits = String::new();
            for group in &run[start..] {
                digits.push_str(group);
                if digits.len() >= 11 {
                    break;
                }
            }
            if digits.len() != 11 {
                continue;
            }
            if let Ok(code) = TrackingCode::parse(&digits)
                && !found.contains(&code)
                && found.len() < MOST
            {
                found.push(code);
            }
        }
    }
    found
}

/// Groups of digits that may belong together: nothing but a few separators stands between them.
fn runs(text: &str) -> Vec<Vec<String>> {
    let mut runs = vec![Vec::new()];
    let mut group = String::new();
    let mut gap = 0;
    for letter in text.chars() {
        let mut buffer = [0; 4];
        let plain = machine_field(letter.encode_utf8(&mut buffer));
        match plain.chars().next() {
            Some(digit @ '0'..='9') => {
                if gap > 0 && !group.is_empty() {
                    close(&mut runs, &mut group);
                }
                gap = 0;
                group.push(digit);
            }
            // an invisible mark parts no group
            None if is_mark(letter) => {}
            None if letter != '\n' && letter != '\r' && gap < GAP => gap += 1,
            _ => {
                close(&mut runs, &mut group);
                runs.push(Vec::new());
                gap = 0;
            }
        }
    }
    close(&mut runs, &mut group);
    runs
}

fn close(runs: &mut [Vec<String>], group: &mut String) {
    if let (false, Some(run)) = (group.is_empty(), runs.last_mut()) {
        run.push(std::mem::take(group));
    }
}

/// A character of no width; tatweel and blanks are separators.
fn is_mark(letter: char) -> bool {
    !letter.is_whitespace()
        && !letter.is_ascii()
        && machine_field(&letter.to_string()).is_empty()
        && !matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ـ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::JalaliDate;
    use crate::domain::cases::IntakeCode;
    use crate::domain::text::persian_digits;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn code() -> impl Strategy<Value = TrackingCode> {
        any::<u64>().prop_map(|seed| {
            let day = JalaliDate::new(1405, 3, 20).unwrap();
            TrackingCode::generate(day, IntakeCode::province(10).unwrap(), &mut StdRng::seed_from_u64(seed))
        })
    }

    fn arabic(text: &str) -> String {
        let digit = |c: char| c.to_digit(10).map_or(c, |d| char::from_u32(0x660 + d).unwrap());
        text.chars().map(digit).collect()
    }

    /// A code as people, phones and mail programs write it.
    fn dressed(code: &TrackingCode, how: usize, script: usize) -> String {
        let (plain, grouped) = (code.as_str().to_owned(), code.grouped());
        let shaped = match how {
            0 => plain,
            1 => grouped,
            2 => grouped.replace(' ', "-"),
            3 => grouped.replace(' ', " - "),
            4 => format!("\u{2066}{grouped}\u{2069}"),
            5 => plain.chars().map(|c| format!("{c}\u{200C}")).collect(),
            6 => format!("\u{200F}{}\u{200E}", plain.replace('0', "0\u{200B}")),
            7 => grouped.replace(' ', "\u{A0}"),
            _ => grouped.replace(' ', "/"),
        };
        match script {
            0 => shaped,
            1 => persian_digits(&shaped),
            _ => arabic(&shaped),
        }
    }

    #[test]
    fn a_code_is_never_cut_out_of_a_longer_number() {
        let any = (0..10).find_map(|d| TrackingCode::parse(&format!("0423123456{d}")).ok()).unwrap();
        for text in [format!("9{any}"), format!("{any}9"), format!("IR{any}12345")] {
            assert_eq!(codes_in(&text), [], "{text}");
        }
        assert_eq!(codes_in(&format!("#{any}.")), std::slice::from_ref(&any));
        assert_eq!(codes_in(&format!("{any} 09121234567 {any}")), [any]);
    }

    #[test]
    fn a_code_does_not_run_over_a_line_or_a_word() {
        let code = (0..10).find_map(|d| TrackingCode::parse(&format!("0423123456{d}")).ok()).unwrap();
        let (head, tail) = code.as_str().split_at(5);
        for between in ["\n", " و ", "    ", ",", "a"] {
            assert_eq!(codes_in(&format!("{head}{between}{tail}")), [], "{between:?}");
        }
    }

    proptest! {
        #[test]
        fn a_code_is_found_however_it_is_written(
            code in code(), how in 0..9_usize, script in 0..3_usize,
            before in "[ا-غف-ي a-z:#(«]{0,12}", after in "[ا-غف-ي a-z.)»؟!]{0,12}",
        ) {
            let text = format!("{before} :{}{after}", dressed(&code, how, script));
            prop_assert_eq!(codes_in(&text), [code], "{}", text);
        }

        #[test]
        fn digits_that_are_no_code_give_none(digits in "[0-9]{1,40}") {
            let found = codes_in(&digits);
            match TrackingCode::parse(&digits) {
                Ok(code) => prop_assert_eq!(found, [code]),
                Err(_) => prop_assert_eq!(found, []),
            }
        }

        #[test]
        fn whatever_is_found_has_a_right_check_digit_and_stands_there(text in "[0-9۰-۹ /.\\-\u{200C}ا-ه\n]{0,80}") {
            let digits = machine_field(&text);
            for code in codes_in(&text) {
                prop_assert!(TrackingCode::parse(code.as_str()).is_ok());
                prop_assert!(digits.contains(code.as_str()));
            }
        }

        #[test]
        fn no_text_makes_it_stumble(text in "\\PC{0,200}") {
            prop_assert!(codes_in(&text).len() <= MOST);
        }
    }
}
