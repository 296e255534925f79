//! The catalog's queries as text. Each lies in a file of its own, written for the newest server; lines end with a mark where
//! they hold for some versions only, and words with a dollar stand for conditions that many of them share.

use stead_sql::secret::pattern;

/// Numbers below this one belong to what `initdb` made (`FirstNormalObjectId`).
pub(super) const FIRST_USER_NUMBER: u32 = 16384;

/// The text of a query for a server of that major version: lines marked `-- since N` or `-- before N` for other versions are
/// left out, and the shared words are written out.
pub(super) fn for_version(sql: &str, major: i32) -> String {
    let lines: Vec<&str> = sql.lines().filter_map(|line| holding(line, major)).collect();
    let text = replaced(&lines.join("\n"), "$user", user);
    let text = replaced(&text, "$unowned", unowned);
    let text = replaced(&text, "$loose", loose);
    let text = replaced(&text, "$policy", policy);
    let text = replaced(&text, "$secrets", |arguments| secrets(arguments[0]));
    replaced(&text, "$options", |arguments| options(arguments[0]))
}

/// The line without its mark, if it holds for the version.
fn holding(line: &str, major: i32) -> Option<&str> {
    let Some((text, marks)) = line.split_once(" -- ") else { return Some(line) };
    let words: Vec<&str> = marks.split_whitespace().collect();
    let holds = words.chunks(2).all(|pair| match pair {
        ["since", number] => number.parse().is_ok_and(|number| major >= number),
        ["before", number] => number.parse().is_ok_and(|number: i32| major < number),
        _ => false,
    });
    holds.then_some(text)
}

/// Replaces `word(arguments)` by what `make` says. Arguments hold no parentheses.
fn replaced(text: &str, word: &str, make: impl Fn(&[&str]) -> String) -> String {
    let opening = format!("{word}(");
    let mut pieces = text.split(opening.as_str());
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (arguments, rest) = piece.split_once(')').expect("the queries close what they open");
        let arguments: Vec<&str> = arguments.split(", ").collect();
        result.push_str(&make(&arguments));
        result.push_str(rest);
    }
    result
}

/// A row that people made and that no extension owns.
fn user(arguments: &[&str]) -> String {
    let (row, catalog) = (arguments[0], arguments[1]);
    format!("({row}.oid >= {FIRST_USER_NUMBER} AND {})", unowned(&[row, catalog]))
}

/// A row that no extension owns.
fn unowned(arguments: &[&str]) -> String {
    let (row, catalog) = (arguments[0], arguments[1]);
    format!(
        "NOT EXISTS (SELECT FROM pg_depend owner_of WHERE owner_of.classid = '{catalog}'::regclass \
         AND owner_of.objid = {row}.oid AND owner_of.deptype = 'e')"
    )
}

/// A member of an operator family that belongs to no operator class.
fn loose(arguments: &[&str]) -> String {
    let (row, catalog) = (arguments[0], arguments[1]);
    format!(
        "NOT EXISTS (SELECT FROM pg_depend class_of WHERE class_of.classid = '{catalog}'::regclass \
         AND class_of.objid = {row}.oid AND class_of.refclassid = 'pg_opclass'::regclass)"
    )
}

/// The statement of a policy, by the rows of the policy, its table and the table's schema.
fn policy(arguments: &[&str]) -> String {
    let (row, table, schema) = (arguments[0], arguments[1], arguments[2]);
    format!(
        r"(format('CREATE POLICY %I ON %I.%I%s FOR %s TO %s', {row}.polname, {schema}.nspname, {table}.relname,
    CASE WHEN {row}.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END,
    CASE {row}.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ' ORDER BY pg_get_userbyid(role))
     FROM unnest({row}.polroles) role))
  || COALESCE(E'\n    USING (' || pg_get_expr({row}.polqual, {row}.polrelid) || ')', '')
  || COALESCE(E'\n    WITH CHECK (' || pg_get_expr({row}.polwithcheck, {row}.polrelid) || ')', ''))"
    )
}

/// Options of something foreign as SQL, without those that are secrets.
fn options(column: &str) -> String {
    format!(
        "COALESCE(' OPTIONS (' || (SELECT string_agg(quote_ident(o.option_name) || ' ' || quote_literal(o.option_value), ', ') \
         FROM pg_options_to_table({column}) o WHERE o.option_name !~* '{}') || ')', '')",
        pattern()
    )
}

/// What is to be said of the options that are left out, as an array.
fn secrets(column: &str) -> String {
    format!(
        "ARRAY(SELECT 'the option `' || o.option_name || '` was left out: it is a secret; set it again after loading' \
         FROM pg_options_to_table({column}) o WHERE o.option_name ~* '{}' ORDER BY 1)",
        pattern()
    )
}
