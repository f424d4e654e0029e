/// How many mistakes turn one word into the other: a letter left out, added, changed, or two
/// neighbours swapped. The optimal string alignment distance: no place is corrected twice.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &right) in b.iter().enumerate() {
            let changed = last[j] + usize::from(left != right);
            let mut least = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && left == b[j - 1] && a[i - 1] == right {
                least = least.min(before_last[j - 1] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn each_kind_of_mistake_counts_once() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "ab", 2),
            ("kowalski", "kowalski", 0),
            ("kowalski", "kowalsky", 1),
            ("mueller", "mueler", 1),
            ("mueler", "mueller", 1),
            ("john", "jonh", 1),
            ("john", "ojhn", 1),
            ("kowalski", "kawolski", 2),
            ("anna", "hannah", 2),
            ("иван", "ивна", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }
}
