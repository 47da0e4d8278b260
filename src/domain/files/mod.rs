//! Files: what their bytes are, what is taken of them, whether they may be opened, and what they say.
//!
//! Nothing here trusts a name or a declared type: the bytes decide. What reads foreign formats (`check`, `text`) is
//! meant to run in a process of its own with limits of time and memory; it may fail there, never here.

pub mod admission;
mod archive;
pub mod check;
mod image;
pub mod kinds;
mod pdf;
pub mod stored;
mod tiff;
pub mod uploads;
pub mod words;

use crate::text_enum;

text_enum! {
    /// Whether malware was looked for in a file, and found.
    pub enum Scan {
        /// Waits for the scanner.
        Scanning = "scanning",
        Clean = "clean",
        /// Never to be opened.
        Infected = "infected",
        /// The scanner was away, or the file could not be made safe: closed, and not lost.
        Quarantined = "quarantined",
        /// No scanner was set up when it came.
        Unscanned = "unscanned",
    }
}

impl Scan {
    /// Whether a file in this state may be opened.
    pub fn may_open(self) -> bool {
        match self {
            Scan::Clean | Scan::Unscanned => true,
            Scan::Scanning | Scan::Infected | Scan::Quarantined => false,
        }
    }
}

text_enum! {
    /// What a person should know of a file.
    pub enum Notice {
        /// A document that opens with a password only.
        Locked = "locked",
        /// It says that it is such a file, and cannot be read as one.
        Unreadable = "unreadable",
        /// Of a type that is not taken.
        NotAllowed = "type_not_allowed",
        /// An image with more pixels than are worked on.
        TooManyPixels = "too_many_pixels",
        /// An archive that unpacks to far more than it is.
        Bomb = "archive_bomb",
        /// Larger than the scanner takes.
        NotScannable = "not_scannable",
    }
}

impl Notice {
    /// Whether such a file is kept closed when a channel brings it; at a form it is refused.
    pub fn closes(self) -> bool {
        match self {
            Notice::NotAllowed | Notice::TooManyPixels | Notice::Bomb => true,
            Notice::Locked | Notice::Unreadable | Notice::NotScannable => false,
        }
    }

    /// What it means and what to do, in Persian and English.
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Notice::Locked => (
                "این پرونده رمز دارد و باز نمی‌شود؛ نسخه بدون رمز آن را بفرستید یا از فرستنده بخواهید.",
                "This file is locked with a password; send it without one, or ask its sender for it.",
            ),
            Notice::Unreadable => (
                "این پرونده خراب است یا خوانده نمی‌شود؛ آن را دوباره ذخیره کنید و بفرستید یا از فرستنده بخواهید.",
                "This file is damaged or cannot be read; save it anew and send it again, or ask its sender for it.",
            ),
            Notice::NotAllowed => (
                "این نوع پرونده پذیرفته نیست و بسته نگه داشته شد؛ متن را PDF و تصویر را JPEG بفرستید یا از فرستنده بخواهید.",
                "Files of this type are not taken, so it is kept closed; send documents as PDF and pictures as JPEG, or ask its sender.",
            ),
            Notice::TooManyPixels => (
                "ابعاد این تصویر بیش از اندازه است و بسته نگه داشته شد؛ آن را کوچک‌تر کنید و دوباره بفرستید.",
                "This picture is too large in width and height and is kept closed; make it smaller and send it again.",
            ),
            Notice::Bomb => (
                "این پرونده فشرده بیش از اندازه باز می‌شود و بسته نگه داشته شد؛ محتوای آن را جداگانه بفرستید.",
                "This archive unpacks to far too much and is kept closed; send its files one by one.",
            ),
            Notice::NotScannable => (
                "این پرونده برای بررسی بدافزار بیش از اندازه بزرگ است؛ آن را در پرونده‌های کوچک‌تر بفرستید.",
                "This file is too large to be scanned for malware; send it as several smaller ones.",
            ),
        }
    }
}
