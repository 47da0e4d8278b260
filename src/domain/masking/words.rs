//! The words by which numbers, names and addresses are known, in folded form (see `text::search_key`), Persian and English.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A list of words.
pub(super) struct Words(LazyLock<HashSet<&'static str>>);

impl Words {
    pub(super) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

macro_rules! words {
    ($text:literal) => {
        Words(LazyLock::new(|| $text.split_whitespace().collect()))
    };
}

/// Before a short number that points at a person.
pub(super) static NUMBER_CUES: Words = words!(
    "ملی شناسنامه پرسنلی کارمندی دانشجویی تلفن تلفنم موبایل موبایلم همراه همراهم تماس کارت شبا حساب پستی
     کدپستی کدملی اشتراک بیمه گذرنامه پاسپورت پلاک داخلی phone tel mobile account card passport id plate
     extension postcode"
);

/// Before a day of birth.
pub(super) static BIRTH: Words = words!("تولد متولد تولدم زاده born birth birthday");

/// Behind a sum or an amount.
pub(super) static CURRENCY: Words = words!(
    "ریال ریالی تومان تومانی تومن هزار میلیون میلیارد دلار یورو درهم کیلووات متر rial rials toman tomans usd
     dollars euros million"
);

/// Parts of an address.
pub(super) static PLACES: Words =
    words!("خیابان خ بلوار میدان شهرک کوی محله چهارراه بزرگراه روستای street st avenue ave road boulevard");

/// Parts of an address that lead to a door.
pub(super) static FINE_PLACES: Words = words!(
    "کوچه پلاک واحد زنگ طبقه بلوک مجتمع ساختمان اپارتمان منزل alley lane no unit apt apartment floor plaque"
);

/// After these a name follows.
pub(super) static TITLES: Words = words!(
    "اقای اقا خانم سرکار جناب دکتر مهندس سید سیده حاج حاجی کربلایی مشهدی استاد سرهنگ سروان ستوان سرگرد
     اینجانب اینجانبه بنام بهنام نامم اسمم فرزند همسر نماینده وکیل mr mrs ms miss dr eng engineer prof sir madam named"
);

/// Words that are no name, wherever they stand.
pub(super) static STOP: Words = words!(
    "و در به از که را رو با بر تا این ان یک هر هم نیز برای یا اما ولی اگر چون پس بی من ما شما او ایشان خود
     خودم مرا بنده است هست هستم هستند بود بودم بودند شد شده شدم کرد کردم کرده کردند گفت گفتم گفتند داد دادم
     داده دارد دارم دارند رفت رفتم امد امدم گرفت گرفتم نشد نکرد نداد ندارد ندارم باید شاید خیلی بسیار همه هیچ
     چند دیگر دیگری یکی کسی چیزی وقتی جایی بعضی بعدی قبلی اداری شخصی محترم محترمی گرامی عزیز رییس رئیس مدیر
     معاون کارمند کارمندان مسیول کارشناس منشی نگهبان شهردار دهیار استاندار فرماندار وزیر پزشک پرستار معلم
     همکار همکاران شرکت اداره سازمان وزارت بانک شعبه شهرداری بیمارستان اب برق گاز موسسه تعاونی انجمن خصوصی
     دولتی شکایت درخواست گزارش نام شماره کد ملی فامیل خانوادگی the a an and or of to in at is was who that i
     he she my office manager clerk director"
);

/// What may stand before a short name in one word.
pub(super) static SHORT_PREFIXES: Words = words!("و ب به از با ز محمد امیر سید میر حاج غلام ابو اقای خانم");

/// What may stand behind a short name in one word.
pub(super) static SHORT_SUFFIXES: Words =
    words!("ی م ش و ها رو را جان خان اقا خانم نیا پور زاده یان ان مان تان شان ام اش ای وند لو فر");

/// How surnames end.
pub(super) const SURNAME_ENDINGS: &str =
    "ی یان زاده پور نیا فر نژاد وند لو منش خواه دوست کیا راد مهر تبار چی گر پناه نسب";

/// First names that are hardly anything else.
pub(super) static FIRST_NAMES: Words = words!(
    "محمد علی حسین حسن رضا محمدرضا علیرضا غلامرضا حمیدرضا امیرحسین محمدحسین محمدعلی ابوالفضل عباس احمد محمود
     مصطفی مرتضی مجتبی مهدی هادی جواد محمدجواد صادق باقر کاظم تقی نقی اکبر اصغر قاسم ابراهیم اسماعیل اسحاق
     یعقوب یوسف موسی عیسی داوود سلیمان ایوب یونس ذبیح عبدالله عبدالرضا رحمان رحیم کریم مجید حمید سعید وحید
     مسعود منصور ناصر نادر بهرام بهمن بهروز بهزاد فرهاد فرزاد فرشاد فریدون کامران کیوان کوروش داریوش سیاوش
     سهراب رستم اردشیر شاپور خسرو پرویز هوشنگ ایرج منوچهر جمشید شهرام شهریار مهران مهرداد میلاد پویا سینا
     نیما ارش اشکان بابک سامان ساسان حامد حبیب خلیل جلیل جلال کمال جمال نعمت قربان رمضان شعبان فاطمه زهرا
     مریم زینب رقیه سکینه خدیجه معصومه طاهره صدیقه مرضیه راضیه هاجر سمیه سمیرا سارا ساره لیلا لیلی نرگس نسرین
     نسترن پروین پریسا پریا مهسا مهناز مهین مینا مهری شهلا شهناز شیرین شیما فرزانه فرشته فریبا فریده اعظم
     اکرم اشرف عزت عصمت کبری صغری بتول حمیده حمیرا ریحانه هانیه مهدیه محدثه الهام الهه اتنا ایدا نازنین نگار
     نگین نیلوفر یاسمن سودابه تهمینه منیژه رودابه سیمین زهره ژاله لاله هما هدیه ملیکا کیمیا ثریا نجمه نفیسه
     وجیهه"
);
