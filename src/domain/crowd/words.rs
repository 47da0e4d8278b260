//! Invented Persian texts: common words often, rare ones seldom, numbers in between, never two texts alike.

use rand::{Rng, RngExt};

const WORDS: [&str; 96] = [
    "در",
    "از",
    "به",
    "که",
    "این",
    "با",
    "را",
    "است",
    "برای",
    "شده",
    "ما",
    "و",
    "تا",
    "هم",
    "بر",
    "یک",
    "خیابان",
    "کوچه",
    "محله",
    "آب",
    "برق",
    "گاز",
    "تلفن",
    "قطع",
    "چند",
    "روز",
    "ماه",
    "سال",
    "درخواست",
    "رسیدگی",
    "خواهشمند",
    "دستور",
    "اقدام",
    "لازم",
    "اداره",
    "شهرداری",
    "فرمانداری",
    "استانداری",
    "وزارت",
    "بیمارستان",
    "درمانگاه",
    "مدرسه",
    "دانشگاه",
    "روستا",
    "شهر",
    "جاده",
    "آسفالت",
    "روشنایی",
    "پارک",
    "زباله",
    "فاضلاب",
    "چاه",
    "کشاورزی",
    "دام",
    "وام",
    "بانک",
    "بیمه",
    "حقوق",
    "بازنشستگی",
    "یارانه",
    "مسکن",
    "اجاره",
    "زمین",
    "سند",
    "پروانه",
    "ساخت",
    "کارگاه",
    "کارخانه",
    "اشتغال",
    "استخدام",
    "آزمون",
    "دارو",
    "پزشک",
    "نوبت",
    "هزینه",
    "قبض",
    "کنتور",
    "فشار",
    "ضعیف",
    "خاموش",
    "خراب",
    "شکسته",
    "خطر",
    "تصادف",
    "دانش‌آموز",
    "سالمند",
    "بیمار",
    "خانواده",
    "فرزند",
    "همسایه",
    "صدا",
    "دود",
    "آلودگی",
    "رودخانه",
    "پل",
    "میدان",
];
const ENDINGS: [&str; 8] = ["", "", "", "", "‌ها", "‌های", "مان", "ی"];

/// A text of so many words; `number` stands in it, so that no two are the same.
pub fn text(rng: &mut impl Rng, words: usize, number: u64) -> String {
    let mut text = format!("شماره {number}");
    for _ in 1..words {
        text.push(' ');
        match rng.random_range(0..20_u32) {
            0 => text.push_str(&rng.random_range(1..10_000_u32).to_string()),
            _ => {
                let draw: f64 = rng.random();
                let at = (draw * draw * WORDS.len() as f64) as usize;
                text.push_str(WORDS[at.min(WORDS.len() - 1)]);
                text.push_str(ENDINGS[rng.random_range(0..ENDINGS.len())]);
            }
        }
    }
    text
}
