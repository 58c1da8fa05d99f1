//! Where somebody has signed in from before: an address of theirs keeps a budget of its own, so that
//! nobody elsewhere can use up the tries of their account.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

/// Beyond this many all are forgotten, which costs nobody more than a shared budget.
const MOST: usize = 65_536;

/// Pairs of account and address, as hashes nobody can read back.
#[derive(Default)]
pub struct Familiar {
    hasher: RandomState,
    seen: Mutex<HashSet<u64>>,
}

impl Familiar {
    /// Remembers that this account was signed in to from there.
    pub fn note(&self, account: &str, address: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(self.hasher.hash_one((account, address)));
    }

    /// Which budget a try counts against: the pair's own where it is familiar, else the one that all
    /// strange addresses share for this account.
    #[must_use]
    pub fn budget_key(&self, account: &str, address: &str) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&self.hasher.hash_one((account, address))) {
            format!("{account} {address}")
        } else {
            account.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_familiar_address_has_a_budget_of_its_own_and_strangers_share_one() {
        let familiar = Familiar::default();
        let key = |address| familiar.budget_key("sam@council.example", address);
        assert_eq!(key("192.0.2.1"), key("192.0.2.2"));
        familiar.note("sam@council.example", "192.0.2.1");
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_ne!(
            key("192.0.2.2"),
            familiar.budget_key("ann@council.example", "192.0.2.2")
        );
    }
}
