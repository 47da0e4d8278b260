//! How a text travels as SMS: seven bits a character or sixteen, in one part or several (3GPP TS 23.038, 23.040).

/// Whether a text fits the alphabet of GSM 03.38, and then how many septets each character takes.
fn septets(letter: char) -> Option<usize> {
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const EXTENDED: &str = "^{}\\[~]|€\u{c}";
    if BASIC.contains(letter) {
        Some(1)
    } else if EXTENDED.contains(letter) {
        Some(2)
    } else {
        None
    }
}

/// Whether a text goes out in seven bits a character; one Persian letter makes it sixteen for all.
pub fn is_gsm7(text: &str) -> bool {
    text.chars().all(|letter| septets(letter).is_some())
}

/// How many parts a text fills: 160 characters or 153 each in GSM 03.38, else 70 or 67 each in UCS-2.
pub fn parts(text: &str) -> usize {
    let (single, each, sizes): (usize, usize, Vec<usize>) = if is_gsm7(text) {
        (160, 153, text.chars().filter_map(septets).collect())
    } else {
        (70, 67, text.chars().map(char::len_utf16).collect())
    };
    if sizes.iter().sum::<usize>() <= single {
        return 1;
    }
    // a character of two units is never cut in half
    let mut count = 1;
    let mut filled = 0;
    for size in sizes {
        if filled + size > each {
            count += 1;
            filled = 0;
        }
        filled += size;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_as_carriers_count_them() {
        let of = |letter: &str, count: usize| parts(&letter.repeat(count));
        assert_eq!([of("a", 0), of("a", 160), of("a", 161), of("a", 306), of("a", 307)], [1, 1, 2, 2, 3]);
        assert_eq!([of("س", 70), of("س", 71), of("س", 134), of("س", 135)], [1, 2, 2, 3]);
        assert_eq!(
            parts(&format!("{}س", "a".repeat(70))),
            2,
            "one Persian letter makes all of it sixteen bits"
        );
        assert_eq!([of("€", 80), of("€", 81)], [1, 2], "an extended character takes two");
        assert_eq!(of("€", 153), 3, "76 to a part: none is cut in half");
        assert_eq!([of("🙂", 35), of("🙂", 36)], [1, 2]);
    }
}
