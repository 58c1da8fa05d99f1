//! Telling a mistyped e-mail address from one that is only another: the guard before words leave for
//! somebody who has nothing to do with them.

/// Slips of the finger that still make it look like the address that was meant.
const SLIPS: usize = 2;

/// The known address that this one was probably meant to be: its domain or its local part is a slip or two
/// away, or it is the same name at another domain.
///
/// ```
/// use reeve::domain::addresses::meant;
/// let known = ["ada@mail.example".to_owned()];
/// assert_eq!(meant("ada@mial.example", &known), Some("ada@mail.example"));
/// assert_eq!(meant("bryn@other.example", &known), None);
/// ```
#[must_use]
pub fn meant<'k>(address: &str, known: &'k [String]) -> Option<&'k str> {
    known
        .iter()
        .filter(|one| *one != address)
        .filter_map(|one| likeness(address, one).map(|slips| (slips, one.as_str())))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, one)| one)
}

/// The mailbox of ours that a mail came to: in small letters, without the tag after `+`, which may be the
/// secret of a case.
///
/// ```
/// use reeve::domain::addresses::mailbox_of;
/// assert_eq!(mailbox_of("Bins+4x7k92@council.example"), "bins@council.example");
/// ```
#[must_use]
pub fn mailbox_of(address: &str) -> String {
    let address = address.trim().to_lowercase();
    match address.rsplit_once('@') {
        Some((local, domain)) => {
            let untagged = local.split('+').next().unwrap_or(local);
            format!("{untagged}@{domain}")
        }
        None => address,
    }
}

fn likeness(address: &str, known: &str) -> Option<usize> {
    let (local, domain) = address.split_once('@')?;
    let (known_local, known_domain) = known.split_once('@')?;
    let in_local = slips(local, known_local);
    let in_domain = slips(domain, known_domain);
    // A short name is two letters away from many others.
    let is_near_local = in_local <= SLIPS && local.len() > 2 * SLIPS;
    match (in_local, in_domain) {
        (0, n) => Some(n.min(SLIPS + 1)),
        (n, 0) if is_near_local || n <= 1 => Some(n),
        (n, m) if m <= SLIPS && (is_near_local || n <= 1) => Some(n + m),
        _ => None,
    }
}

/// Letters to change, add or leave out to make one text of the other; two that changed places count once.
#[must_use]
pub fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut two_before: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    let mut previous: Option<char> = None;
    for (n, c) in one.chars().enumerate() {
        let mut row = vec![n + 1];
        let mut left = n + 1;
        let pairs = before.iter().zip(before.iter().skip(1));
        let mut previous_other: Option<char> = None;
        // Where a swap would have begun: two letters back in both.
        let mut crossed = std::iter::once(None)
            .chain(two_before.iter().map(Some))
            .collect::<Vec<_>>()
            .into_iter();
        for ((diagonal, above), d) in pairs.zip(&other) {
            let from_two_back = crossed.next().flatten();
            let mut here = (diagonal + usize::from(c != *d))
                .min(above + 1)
                .min(left + 1);
            if let Some(swapped) = from_two_back
                && previous == Some(*d)
                && previous_other == Some(c)
            {
                here = here.min(swapped + 1);
            }
            row.push(here);
            left = here;
            previous_other = Some(*d);
        }
        previous = Some(c);
        two_before = std::mem::replace(&mut before, row);
    }
    before.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_counted() {
        for (one, other, n) in [
            ("mail.example", "mail.example", 0),
            ("mial.example", "mail.example", 1),
            ("mal.example", "mail.example", 1),
            ("maiil.example", "mail.example", 1),
            ("nail.exampel", "mail.example", 2),
            ("", "ab", 2),
            ("ab", "", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(slips(one, other), n, "{one} {other}");
        }
    }

    #[test]
    fn a_mistyped_address_is_told_from_another_persons() {
        let known = [
            "ada.example@mail.example".to_owned(),
            "bo@post.example".to_owned(),
        ];
        for (given, was_meant) in [
            ("ada.example@mial.example", Some("ada.example@mail.example")),
            ("ada.exmaple@mail.example", Some("ada.example@mail.example")),
            ("ada.example@work.example", Some("ada.example@mail.example")),
            ("cy@post.example", None),
            ("carys.other@mail.example", None),
            ("bo@post.example", None),
        ] {
            assert_eq!(meant(given, &known), was_meant, "{given}");
        }
    }
}
