//! Names of tables as a person would write them. When a table is renamed, SQLite puts its new name into every view, trigger and
//! expression that names it, always in quotes; a schema that was renamed into its shape and one that was made in it are the
//! same all the same. The statements themselves stay as they are stored: what is changed here is only ever compared.

use std::collections::HashSet;

use stead_schema::{EngineKind, Schema};
use stead_sql::lex::code;
use stead_sql::quote::unquoted;
use stead_sql::{Token, TokenKind};

/// Takes the quotes from names of tables and views wherever one is surely meant.
pub(super) fn unquote(schema: &mut Schema) {
    let tables = schema.tables.iter().map(|table| &table.name);
    let names = tables.chain(schema.views.iter().map(|view| &view.name));
    let names: HashSet<String> = names.map(|name| name.name.to_ascii_lowercase()).collect();
    let plain = |text: &mut String| {
        if text.contains(['"', '[', '`']) {
            *text = plain(text, &names);
        }
    };
    schema.views.iter_mut().for_each(|view| plain(&mut view.query));
    schema.triggers.iter_mut().for_each(|trigger| plain(&mut trigger.body));
    for table in &mut schema.tables {
        table.checks.iter_mut().for_each(|check| plain(&mut check.expression));
        let generated = table.columns.iter_mut().filter_map(|column| column.generated.as_mut());
        generated.for_each(|generated| plain(&mut generated.expression));
        for index in &mut table.indexes {
            index.condition.iter_mut().for_each(plain);
            index.parts.iter_mut().filter(|part| part.computed).for_each(|part| plain(&mut part.expression));
        }
    }
}

fn plain(sql: &str, names: &HashSet<String>) -> String {
    let tokens = code(sql, EngineKind::Sqlite);
    let mut text = String::with_capacity(sql.len());
    let mut end = 0;
    for (position, token) in tokens.iter().enumerate() {
        let before = position.checked_sub(1).map(|position| &tokens[position]);
        let Some(name) = table_name(before, token, tokens.get(position + 1), names) else { continue };
        text.push_str(&sql[end..token.offset]);
        text.push_str(&name);
        end = token.end();
    }
    text.push_str(&sql[end..]);
    text
}

/// The name without its quotes, in lower case, if the token names a table. Elsewhere a quoted word may be a text: SQLite takes
/// it for one where no column is called so.
fn table_name(
    before: Option<&Token<'_>>,
    token: &Token<'_>,
    after: Option<&Token<'_>>,
    names: &HashSet<String>,
) -> Option<String> {
    const BEFORE: [&str; 5] = ["FROM", "JOIN", "INTO", "UPDATE", "ON"];
    let introduced = before.is_some_and(|before| BEFORE.iter().any(|word| before.is_word(word)));
    let qualifies = after.is_some_and(|after| after.is_symbol("."));
    let name =
        (token.kind == TokenKind::QuotedIdentifier && (introduced || qualifies)).then(|| unquoted(token.text))?;
    let mut letters = name.chars();
    let word = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let name = name.to_ascii_lowercase();
    (word && names.contains(&name)).then_some(name)
}
