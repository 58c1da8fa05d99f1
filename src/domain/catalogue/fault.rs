//! What is wrong with a catalogue ([`Fault`]), or allowed but doubtful ([`Warning`]), and where.

use std::fmt;

/// One thing that keeps a catalogue from being used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Below the catalogue's folder: `services/parking.toml`.
    pub file: String,
    /// From 1; 0 where a whole file is missing or the catalogue came as JSON.
    pub line: u32,
    /// RFC 6901 pointer into the catalogue's JSON tree: `/services/parking/phone`.
    pub pointer: String,
    pub message: String,
}

/// One thing worth a second look, named like a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    pub file: String,
    pub line: u32,
    pub pointer: String,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: warning: {}", self.file, self.line, self.message)
    }
}
