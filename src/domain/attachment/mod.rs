//! A file that came with a contact: what it is by its bytes, what it may be called, whether it may be
//! given out.
//!
//! What a sender says of a file proves nothing, so its kind is read from the bytes (`kinds`) and held
//! against what its name and its sender claim. Names are data and never paths ([`file_name`]). Archives
//! are told by their first and last bytes and never opened.

mod kinds;
mod names;
mod stripping;

use crate::domain::contact::words;

pub use kinds::{Kind, Look, Unfit, judge};
pub use names::file_name;
pub use stripping::{can_be_stripped, stripped, tells_where};

words! {
    /// What is known of a file's harmlessness.
    Scan {
        /// Nobody looks for viruses here.
        Off = "off",
        /// It was not looked at yet, or whoever looks was away.
        Pending = "pending",
        Clean = "clean",
        /// Something was found. It is kept and given to nobody.
        Infected = "infected",
    }
}

words! {
    /// Why a file is given to nobody, whatever the scan says.
    Withheld {
        /// Files of its kind are not taken.
        TypeNotTaken = "type_not_taken",
        /// It is another kind of file than its name says.
        TypeMismatch = "type_mismatch",
        /// It reads as two kinds of file at once.
        TwoTypes = "two_types",
        TooLarge = "too_large",
        /// Its bytes could not be taken out of the mail.
        Unreadable = "unreadable",
        /// It was taken away for good.
        Removed = "removed",
    }
}

impl Scan {
    /// Whether a file of this state may be given out. Whoever looks being away is no reason to.
    #[must_use]
    pub const fn lets_through(self) -> bool {
        matches!(self, Self::Off | Self::Clean)
    }
}
