//! Open311 GeoReport v2 with the service-request-updates extension: the shapes FixMyStreet and its
//! like speak, read into an [`Enquiry`](crate::domain::enquiry::Enquiry) and written from what a
//! case says of itself.
//!
//! | file | what it does |
//! |---|---|
//! | [`form`] | what is sent: fields by name, attributes, places |
//! | [`report`] | a form becomes a report |
//! | [`update`] | a form becomes a message on a report |
//! | [`description`] | title, words and page taken out of one text |
//! | [`status`] | where a case stands, in the extended words |
//! | [`shapes`] | what is answered |
//! | [`xml`] | the same as XML |

pub mod description;
pub mod form;
pub mod report;
pub mod shapes;
pub mod status;
pub mod update;
pub mod xml;

/// How a document is written: the extension of the address says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Xml,
    Json,
}

impl Format {
    /// The content type it is published under.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml",
            Self::Json => "application/json",
        }
    }
}
