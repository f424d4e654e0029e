use std::fmt::{self, Write};

use diesel::connection::DebugQuery;

/// The maximum kept length of a statement's text, in bytes.
const LONGEST: usize = 2_000;

/// A statement's text, without the values that are bound to it.
pub(super) struct Sql(String);

impl Sql {
    /// The statement's text, without its values.
    pub(super) fn of(query: &dyn DebugQuery) -> Self {
        let mut sql = Self(String::new());
        // An error only means that the rest was cut off.
        let _ = write!(sql, "{query}");
        sql
    }

    /// The kept part of the text.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// The statement's verb and its first table outside of subqueries; if it reads from a subquery, the
    /// subquery's first table.
    pub(super) fn summary(&self) -> String {
        let first = self.0.split_whitespace().next().unwrap_or_default();
        let verb = match first.trim_start_matches('(') {
            "WITH" => "SELECT",
            verb => verb,
        };
        let (mut depth, mut before) = (0, "");
        let (mut is_fenced, mut inside) = (false, None);
        for word in self.0.split_whitespace() {
            if ["FROM", "INTO", "UPDATE"].contains(&before)
                && let Some(table) = name(word)
            {
                if depth == 0 {
                    return format!("{verb} {table}");
                }
                inside = inside.or(is_fenced.then_some(table));
            }
            is_fenced |= before == "FROM" && word.starts_with('(');
            depth += word.matches('(').count();
            depth = depth.saturating_sub(word.matches(')').count());
            before = word;
        }
        inside.map_or(verb.to_owned(), |table| format!("{verb} {table}"))
    }
}

impl Write for Sql {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0.push_str(part);
        // The bound values come after the text, and may be personal data.
        let end = self.0.find(" -- binds").unwrap_or(usize::MAX);
        if self.0.len() > LONGEST || end < usize::MAX {
            let end = self.0.floor_char_boundary(end.min(LONGEST));
            self.0.truncate(end);
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The name of a table in a word of a statement.
fn name(word: &str) -> Option<String> {
    let name: String = word
        .chars()
        .skip_while(|c| "\"(".contains(*c))
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let is_keyword = name.starts_with(|c: char| c.is_ascii_uppercase());
    (!name.is_empty() && !is_keyword).then_some(name)
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;

    use super::{LONGEST, Sql};
    use crate::db::schema::users;

    fn summary(sql: &str) -> String {
        Sql(sql.to_owned()).summary()
    }

    #[test]
    fn a_statement_is_called_after_what_it_does_with_its_first_table() {
        assert_eq!(
            summary("SELECT \"users\".\"id\" FROM \"users\" WHERE x"),
            "SELECT users"
        );
        let inside =
            "SELECT (SELECT max(\"r\") FROM \"revision\" ), x FROM (\"sessions\" INNER JOIN y)";
        assert_eq!(summary(inside), "SELECT sessions");
        assert_eq!(
            summary("INSERT INTO \"users\" (\"id\") VALUES ($1)"),
            "INSERT users"
        );
        assert_eq!(summary("UPDATE \"users\" SET x = 1"), "UPDATE users");
        let fenced = "(SELECT x FROM (SELECT * FROM \"users\" LIMIT 9) AS u) UNION ALL (SELECT 1)";
        assert_eq!(summary(fenced), "SELECT users");
        let found = "WITH f AS (SELECT count(*) FROM sessions) (SELECT (SELECT r FROM revision), x \
                     FROM (SELECT * FROM users) AS u)";
        assert_eq!(summary(found), "SELECT users");
        assert_eq!(summary("COMMIT"), "COMMIT");
        assert_eq!(summary(""), "");
    }

    #[test]
    fn what_is_bound_is_not_in_its_text_which_is_bounded() {
        let query = users::table
            .filter(users::email.eq("grace@example.com"))
            .select(users::id);
        let sql = Sql::of(&diesel::debug_query::<diesel::pg::Pg, _>(&query));
        assert!(sql.0.ends_with("\"email\" = $1)"), "{}", sql.0);
        let many = users::table.filter(users::full_name.eq("é".repeat(10)));
        let many = (0..200).fold(many.into_boxed(), |q, _| q.or_filter(users::email.eq("é")));
        let sql = Sql::of(&diesel::debug_query::<diesel::pg::Pg, _>(&many));
        assert!(sql.0.len() <= LONGEST && sql.0.len() > LONGEST - 4);
    }
}
