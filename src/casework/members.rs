//! Elected members: who is one, what they may be told, and the service's own case beside theirs.
//!
//! A member's mail opens their enquiry whatever it says about consent; what goes back is limited
//! instead. The service answers on its own case, and whoever has the enquiry answers the member.
//!
//! | file | what it holds |
//! |---|---|
//! | `consent` | on what footing they ask, and what they may be told |
//! | `beside` | news of the service's own case for whoever has the enquiry |
//! | `office` | ward, term, who writes for them; whose mail is a member's |
//! | `leaving` | the end of a term |
//! | `wards` | figures of a ward, without anybody in them |

mod beside;
mod consent;
mod leaving;
mod office;
mod wards;

pub use beside::{ServiceAnswer, enquiry_beside, service_answer};
pub use consent::{has_left, is_limited, standing};
pub use leaving::end_terms;
pub use office::{
    Assistant, Office, OfficeChange, assistants, change_office, is_over, my_assistants, office_of,
    offices_of, set_assistants,
};
pub use wards::{WardFigures, WardLine, ward_figures};

pub(super) use beside::{tell_of_service, told_inside};
pub(super) use consent::{first_line, needs_consent_words};
pub(super) use office::{copies_for, recognise, stands_for};
