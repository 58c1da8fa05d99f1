//! Which places a mail may name.

/// An address we may repeat in a mail: a house number or name of a few plain words, ending in
/// the kind of street ("14 Larkfield Rise"), with whatever town follows left off.
///
/// A public form takes anybody's e-mail address, so its free text must never come back out in
/// our name; only something with the narrow shape of an address may.
///
/// ```
/// use reeve::domain::wording::address_line;
/// assert_eq!(address_line("14 Larkfield Rise, Northmere"), Some("14 Larkfield Rise".to_owned()));
/// assert_eq!(address_line("outside no. 14"), None);
/// assert_eq!(address_line("Buy at http://x.example"), None);
/// ```
#[must_use]
pub fn address_line(text: &str) -> Option<String> {
    let line = text.split([',', '\n']).next()?.trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let (number, rest) = words.split_first()?;
    let (kind, names) = rest.split_last()?;
    let is_number = number.len() <= 5
        && number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
        && number.chars().filter(char::is_ascii_alphabetic).count() <= 1;
    let are_names = (1..=3).contains(&names.len())
        && names.iter().all(|name| {
            (2..=20).contains(&name.chars().count())
                && name
                    .chars()
                    .all(|c| c.is_alphabetic() || c == '\'' || c == '-')
        });
    let is_street = STREETS
        .iter()
        .any(|street| street.eq_ignore_ascii_case(kind));
    (is_number && are_names && is_street).then(|| words.join(" "))
}

const STREETS: [&str; 38] = [
    "Road", "Street", "Rise", "Lane", "Avenue", "Close", "Drive", "Way", "Court", "Place",
    "Crescent", "Gardens", "Grove", "Terrace", "Hill", "Park", "Square", "Walk", "Mews", "View",
    "Row", "Green", "Parade", "Yard", "Wharf", "Quay", "Gate", "Bank", "Croft", "Meadow",
    "Meadows", "Mount", "Broadway", "Chase", "Path", "Vale", "Field", "Fields",
];
