//! What of small numbers may be told. In a street a small number names a household, and what is made of
//! few tells of few: nothing from one to four is told, no share of which either part is so small, and
//! nothing from which a small number could be had by subtraction.

/// Fewer than this are not told in public and of a ward: in a street they name a household.
pub const FEWEST: u64 = 5;

/// A number that is small is not told; none at all is.
#[must_use]
pub fn told(n: u64) -> Option<u64> {
    (n == 0 || n >= FEWEST).then_some(n)
}

/// Whether a part of some may be told beside the whole: neither it nor the rest is a small number.
#[must_use]
pub fn is_part_told(part: u64, of: u64) -> bool {
    let rest = of.saturating_sub(part);
    [part, rest, of].into_iter().all(|n| told(n).is_some())
}

/// One figure of one line of a table: the numbers it is made of, and whether it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// A number alone, or a part and the rest.
    pub parts: [u64; 2],
    pub is_told: bool,
}

impl Cell {
    /// A number by itself.
    #[must_use]
    pub fn number(n: u64, is_told: bool) -> Self {
        Self {
            parts: [n, 0],
            is_told,
        }
    }

    /// A part of some, told with the whole.
    #[must_use]
    pub fn share(part: u64, of: u64, is_told: bool) -> Self {
        Self {
            parts: [part, of.saturating_sub(part)],
            is_told,
        }
    }

    fn n(self) -> u64 {
        self.parts.iter().sum()
    }

    /// What is nothing is not hidden, though nothing is told of it.
    fn is_hidden(self) -> bool {
        !self.is_told && self.n() > 0
    }
}

/// Hides so many more lines of one figure that none of those hidden can be had from the sum of all: the
/// smallest first. Answers those that are to be hidden besides, by their place.
#[must_use]
pub fn hide_beside(cells: &[Cell]) -> Vec<usize> {
    let mut hidden: Vec<Cell> = cells.iter().copied().filter(|c| c.is_hidden()).collect();
    let mut others: Vec<(usize, Cell)> = cells
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, cell)| cell.is_told)
        .collect();
    // The smallest last, those that add nothing first of all.
    others.sort_by_key(|(place, cell)| (cell.n() > 0, std::cmp::Reverse((cell.n(), *place))));
    let mut besides = Vec::new();
    while !hidden.is_empty()
        && !cannot_be_had(&hidden)
        && let Some((place, next)) = others.pop()
    {
        besides.push(place);
        hidden.push(next);
    }
    besides
}

/// Whether several could have made up the sums of what is hidden.
fn cannot_be_had(hidden: &[Cell]) -> bool {
    let sum = |part: usize| -> u64 {
        let parts = hidden.iter().filter_map(|cell| cell.parts.get(part));
        parts.sum()
    };
    let n_lines = u64::try_from(hidden.len()).unwrap_or(u64::MAX);
    let is_safe = |n: u64| n == 0 || (n >= FEWEST && n > n_lines);
    n_lines > 1 && is_safe(sum(0)) && is_safe(sum(1))
}

/// Puts lines of too few together, so that nothing is missing from the sum and no small number can be had
/// by subtraction: the smallest others join them until they are enough. `n_of` says of how many some sums
/// are. Answers what may be told, and those put together; the latter are none where even together they
/// are too few.
#[must_use]
pub fn without_few<K: Ord, S: Default>(
    items: Vec<(K, S)>,
    n_of: impl Fn(&S) -> u64,
    add: impl Fn(&mut S, S),
) -> (Vec<(K, S)>, Option<S>) {
    let (mut small, mut kept): (Vec<_>, Vec<_>) = items
        .into_iter()
        .filter(|(_, sums)| n_of(sums) > 0)
        .partition(|(_, sums)| n_of(sums) < FEWEST);
    if small.is_empty() {
        return (kept, None);
    }
    kept.sort_by(|(a, one), (b, other)| n_of(other).cmp(&n_of(one)).then_with(|| a.cmp(b)));
    let n_in = |small: &[(K, S)]| small.iter().map(|(_, sums)| n_of(sums)).sum::<u64>();
    while n_in(&small) < FEWEST
        && let Some(next) = kept.pop()
    {
        small.push(next);
    }
    kept.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut together = S::default();
    for (_, sums) in small {
        add(&mut together, sums);
    }
    let is_enough = n_of(&together) >= FEWEST;
    (kept, is_enough.then_some(together))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_neither_part_of_it_is_small() {
        let check = |part, of, expect| assert_eq!(is_part_told(part, of), expect, "{part} of {of}");
        check(2, 6, false);
        check(6, 8, false);
        check(5, 10, true);
        check(0, 6, true);
        check(6, 6, true);
        check(0, 4, false);
        check(0, 0, true);
    }

    fn besides(numbers: &[u64]) -> Vec<usize> {
        let cells: Vec<Cell> = numbers
            .iter()
            .map(|n| Cell::number(*n, told(*n).is_some()))
            .collect();
        let mut besides = hide_beside(&cells);
        besides.sort_unstable();
        besides
    }

    #[test]
    fn one_line_that_is_not_told_is_never_the_only_one() {
        assert_eq!(besides(&[20, 4, 30]), [0], "four could be had from the sum");
        assert_eq!(besides(&[20, 4, 3]), [] as [usize; 0], "seven, of two");
        assert_eq!(
            besides(&[20, 1, 2, 0]),
            [0],
            "three of two are few, and nought adds none"
        );
        assert_eq!(besides(&[20, 30]), [] as [usize; 0]);
        assert_eq!(besides(&[0, 0]), [] as [usize; 0]);
    }

    #[test]
    fn where_there_are_only_a_few_in_all_no_line_says_where_they_are() {
        assert_eq!(besides(&[0, 2, 0]), [0, 2]);
        assert_eq!(besides(&[1]), [] as [usize; 0], "one line is the whole");
    }

    #[test]
    fn ones_in_five_lines_are_not_told_by_their_number() {
        assert_eq!(besides(&[1, 1, 1, 1, 1, 9, 8]), [6]);
    }

    #[test]
    fn a_share_is_hidden_with_another_so_that_neither_part_of_it_can_be_had() {
        let cells = [
            Cell::share(22, 23, false),
            Cell::share(10, 20, true),
            Cell::share(40, 40, true),
        ];
        assert_eq!(hide_beside(&cells), [1]);
        let cells = [Cell::share(22, 23, false), Cell::share(40, 40, true)];
        assert_eq!(hide_beside(&cells), [1], "as many as there are");
    }
}
