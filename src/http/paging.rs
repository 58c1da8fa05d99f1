//! Lists, a page at a time: how many, where to go on, and the link to there.
//!
//! A cursor is what the next page begins after, sealed for the list it belongs to: one that was changed, or
//! taken from another list, is refused instead of giving a page of nonsense, and nobody but us reads what
//! stands in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::front::Front;
use super::problem::Problem;

/// The parameters every list has. Put it into a query struct with `#[serde(flatten)]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct PageQuery {
    /// How many at most.
    #[serde(default = "twenty_five")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u16,
    /// Where to go on: `next_cursor` of the page before. Opaque.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where to go on; null when this is the last page.
    pub next_cursor: Option<String>,
    /// How many there are in all; only when asked for with `include=total`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

fn twenty_five() -> u16 {
    25
}

impl PageQuery {
    /// How many rows to ask the database for: one more than are shown, to learn whether more come.
    #[must_use]
    pub fn limit_and_one(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts rows read with [`Self::limit_and_one`] to the page, and says after which row the next
    /// begins.
    pub fn cut<T, C>(&self, rows: &mut Vec<T>, after: impl Fn(&T) -> C) -> Option<C> {
        let limit = usize::from(self.limit);
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        rows.last().map(after)
    }
}

/// Seals where a list goes on.
pub(super) fn write_cursor<C: Serialize>(front: &Front, list: &str, after: &C) -> String {
    let after = serde_json::to_vec(after).expect("a cursor is a plain tuple of texts and numbers");
    URL_SAFE_NO_PAD.encode(front.cursors.seal(list, &after))
}

/// Opens what [`write_cursor`] sealed.
pub(super) fn read_cursor<C: DeserializeOwned>(
    front: &Front,
    list: &str,
    cursor: &str,
) -> Result<C, Problem> {
    let bad = || {
        Problem::unreadable(
            "bad_cursor",
            "This cursor does not belong to this list. Begin again without one.",
        )
        .at("/cursor", "bad_cursor", "Not a cursor of this list.")
    };
    let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
    let after = front.cursors.open(list, &sealed).ok_or_else(bad)?;
    serde_json::from_slice(&after).map_err(|_| bad())
}

/// The `Link` header to the next page: the same query with another cursor.
pub(super) fn link_to_next(path: &str, query: &str, cursor: &str) -> String {
    let mut kept: Vec<&str> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("cursor="))
        .collect();
    let cursor = format!("cursor={cursor}");
    kept.push(&cursor);
    format!("<{path}?{}>; rel=\"next\"", kept.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::front;

    #[tokio::test]
    async fn a_cursor_opens_where_it_was_sealed_and_nowhere_else() {
        let front = front().await;
        let cursor = write_cursor(&front, "/v1/users", &("ada@council.example", 7));
        let read = |list: &str, cursor: &str| read_cursor::<(String, i64)>(&front, list, cursor);
        assert_eq!(
            read("/v1/users", &cursor).unwrap(),
            ("ada@council.example".to_owned(), 7)
        );
        let check = |list: &str, cursor: &str| {
            assert_eq!(
                read(list, cursor).unwrap_err().code,
                "bad_cursor",
                "{list} {cursor}"
            );
        };
        check("/v1/cases", &cursor);
        check("/v1/users", "");
        check("/v1/users", "AAAA");
        check("/v1/users", "not base64!");
        let mut changed = cursor.into_bytes();
        if let Some(last) = changed.get_mut(20) {
            *last = if *last == b'A' { b'B' } else { b'A' };
        }
        check("/v1/users", &String::from_utf8(changed).unwrap());
    }

    #[tokio::test]
    async fn a_cursor_tells_nobody_where_the_list_goes_on() {
        let front = front().await;
        let cursor = write_cursor(&front, "/v1/users", &("ada@council.example", 7));
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("ada"));
    }

    #[test]
    fn a_page_is_cut_where_the_next_begins() {
        let page = PageQuery {
            limit: 2,
            cursor: None,
        };
        let mut rows = vec![1, 2, 3];
        assert_eq!(page.cut(&mut rows, |row| *row), Some(2));
        assert_eq!(rows, [1, 2]);
        let mut last = vec![3];
        assert_eq!(page.cut(&mut last, |row| *row), None);
    }

    #[test]
    fn the_link_keeps_the_filters() {
        assert_eq!(
            link_to_next("/v1/cases", "queue=waste-ops&cursor=old&limit=5", "new"),
            "</v1/cases?queue=waste-ops&limit=5&cursor=new>; rel=\"next\""
        );
        assert_eq!(
            link_to_next("/v1/cases", "", "new"),
            "</v1/cases?cursor=new>; rel=\"next\""
        );
    }
}
