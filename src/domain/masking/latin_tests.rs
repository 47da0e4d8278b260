//! Persian names in Latin letters: the usual spellings are found, ordinary English words are not.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Names of the demonstration and of the lists of usual names, and how their bearers write them.
const SPELT: &[(&str, &[&str])] = &[
    ("مریم", &["Maryam", "maryam", "Mariam", "MARYAM", "Miryam"]),
    ("کاظمی‌نیا", &["Kazeminia", "Kazemi-Nia", "Kazemi Nia", "kazemi nia", "Kazeminiya", "Kazemi"]),
    ("حسین", &["Hossein", "Hosein", "Hussain", "Husayn", "hossein"]),
    ("محمدرضا", &["Mohammadreza", "Mohammad Reza", "Muhammad-Reza", "Mohamad Reza"]),
    ("رضایی", &["Rezaei", "Rezai", "Rezayi", "Rezaee"]),
    ("علی", &["Ali", "Aly"]),
    ("فاطمه", &["Fatemeh", "Fateme", "Fatima", "Fatimah"]),
    ("داوود", &["Davood", "Davoud", "Davud"]),
    ("قاسمی", &["Ghasemi", "Qasemi", "Ghassemi"]),
    ("خسرو", &["Khosrow", "Khosro", "Khosrou"]),
    ("شیرین", &["Shirin", "Shireen"]),
    ("نیلوفر", &["Niloufar", "Niloofar", "Nilufar"]),
    ("آرش", &["Arash", "ARASH"]),
    ("سهراب", &["Sohrab"]),
    ("فرهاد", &["Farhad"]),
    ("پروین", &["Parvin", "Parveen"]),
    ("داریوش", &["Dariush", "Daryoush", "Dariyoosh"]),
    ("آزمونی", &["Azmouni", "Azmooni"]),
    ("ساختگی", &["Sakhtegi"]),
    ("فرضی‌پور", &["Farzipour", "Farzi-Poor", "Farzi Pur"]),
    ("پندارنیا", &["Pendarnia", "Pendarniya"]),
    ("گمانه‌زاده", &["Gomanehzadeh", "Gomanezadeh", "Gomane Zade"]),
    ("خیالی‌فر", &["Khialifar", "Khiali-Far", "Khiyali Far"]),
    ("ابوالفضل", &["Abolfazl", "Abulfazl"]),
    ("مصطفی", &["Mostafa", "Mustafa"]),
    ("نژاد", &["Nejad", "Nezhad"]),
    ("عباس", &["Abbas", "Abas"]),
    ("یحیی", &["Yahya"]),
];

/// Ordinary words, some of them near to names in their consonants.
const WORDS: &str = "the and answer insure nicer office water street county repair broken lamp crossing please manager \
    wants money to return file for my father in hospital since friday nobody came again mine name home royal cave cream \
    crime fried freed first market memory sheer shower further darkness parting parcel house season mercy marram harsh \
    about every letter number written complaint bribe asked inspector clerk power outage school teacher garden region \
    government request proposal because between without morning evening yesterday general minister village";

fn masker(name: &str) -> Masker {
    Masker::new(&Known { names: vec![name.into()], ..Known::default() }, Language::En)
}

#[test]
fn every_usual_spelling_is_found() {
    for (name, spellings) in SPELT {
        for spelling in *spellings {
            let text = format!("in the office {spelling} waited");
            assert_eq!(masker(name).mask(&text), "in the office [name 1] waited", "{name} as {spelling}");
            let leaks = masker(name).leaks(&text);
            assert_eq!(leaks, [Leak { sort: Sort::Name, position: 15 }], "{spelling}");
        }
    }
}

#[test]
fn a_title_gives_a_latin_name_away_in_a_proposal() {
    for (text, masked) in [
        ("then Ms. Kazemi-Nia came", "then Ms. [name 1] came"),
        ("then Mrs Sarah Jane Miller came", "then Mrs [name 1] came"),
        ("then Dr. Miller came", "then Dr. [name 1] came"),
        ("then Eng. Miller came", "then Eng. [name 1] came"),
        ("the general engineer came. Water was cut", "the general engineer came. Water was cut"),
    ] {
        assert_eq!(masker("ناشناس").propose(text), masked);
    }
}

proptest! {
    #[test]
    fn ordinary_words_are_no_names(
        (name, _) in select(SPELT),
        words in prop::collection::vec(select(WORDS.split_whitespace().collect::<Vec<_>>()), 1..12),
    ) {
        let text = words.join(" ");
        prop_assert_eq!(masker(name).mask(&text), text.clone());
        let capitals = words.iter().map(|word| word[..1].to_uppercase() + &word[1..]).collect::<Vec<_>>().join(" ");
        prop_assert_eq!(masker(name).mask(&capitals), capitals.clone());
    }

    #[test]
    fn a_spelling_is_found_among_ordinary_words(
        (name, spelling) in select(SPELT).prop_flat_map(|(name, all)| (Just(name), select(all))),
        words in prop::collection::vec(select(WORDS.split_whitespace().collect::<Vec<_>>()), 0..6),
    ) {
        let text = format!("{} {spelling}, {}", words.join(" "), words.join(" "));
        let masked = masker(name).mask(&text);
        prop_assert!(!masked.contains(spelling), "{masked}");
        prop_assert!(masker(name).leaks(&masked).is_empty());
    }
}
