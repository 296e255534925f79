//! Draws the statements that make a database: every sort of object that SQLite has, under names with all that a name may hold,
//! in spellings that differ where SQLite does not care. The same seed draws the same statements.

/// A die with a memory; see Steele, Lea and Flood, "Fast splittable pseudorandom number generators".
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let first = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let second = (first ^ (first >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        second ^ (second >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }

    /// The text, now and then.
    fn perhaps(&mut self, chances: usize, text: &str) -> String {
        if self.one_in(chances) { text.to_owned() } else { String::new() }
    }
}

/// A table that was drawn: its name and its columns as they are quoted.
struct Drawn {
    name: String,
    columns: Vec<String>,
    has_rowid: bool,
}

/// The statements of one database.
pub(crate) fn script(dice: &mut Dice) -> Vec<String> {
    let mut script = Vec::new();
    let mut tables: Vec<Drawn> = Vec::new();
    for place in 0..dice.below(5) {
        let table = table(dice, place, &tables, &mut script);
        tables.push(table);
    }
    for (place, table) in tables.iter_mut().enumerate() {
        alteration(dice, place, table, &mut script);
        for number in 0..dice.below(4) {
            script.push(index(dice, &format!("i{place}{number}"), table));
        }
        view(dice, place, table, &mut script);
        for number in 0..dice.below(3) {
            script.push(trigger(dice, &format!("t{place}{number}"), table));
        }
    }
    for place in 0..dice.below(2) {
        script.push(search(dice, place, tables.first()));
    }
    script.extend(dice.one_in(4).then(|| "ANALYZE".to_owned()));
    script
}

/// A name that begins with what makes it the only one of its sort, in one of the ways in which SQLite takes quotes.
fn name(dice: &mut Dice, unique: &str) -> String {
    let rests =
        ["", "_Plain", " order by", "\"quo\"\"ted", "'s", "`", "[", ".,();--", "/*", " я漢😀", "\n\t", "%_\\", " AS "];
    let name = format!("{unique}{}", dice.pick(&rests));
    match dice.below(4) {
        0 if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => name,
        1 => format!("[{name}]"),
        2 => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn literal(dice: &mut Dice) -> &'static str {
    dice.pick(&["0", "-1.5e3", "'it''s -- (no comment'", "x'00ff'", "NULL", "(1 + 2)", "('a' || 'b')", "TRUE", "''"])
}

fn table(dice: &mut Dice, place: usize, others: &[Drawn], script: &mut Vec<String>) -> Drawn {
    let (strict, has_rowid) = (dice.one_in(3), !dice.one_in(3));
    let own = name(dice, &format!("T{place}"));
    let columns: Vec<String> = (0..=dice.below(6)).map(|number| name(dice, &format!("c{number}"))).collect();
    let mut parts = vec![first_column(dice, &columns[0], has_rowid)];
    for column in &columns[1..] {
        parts.push(self::column(dice, column, &columns[0], strict, others));
    }
    constraints(dice, &columns, others, &mut parts);
    let mut options = Vec::new();
    options.extend(strict.then(|| dice.pick(&["STRICT", "strict"])));
    options.extend((!has_rowid).then(|| dice.pick(&["WITHOUT ROWID", "without  rowid"])));
    let between = dice.pick(&[",", " ,\n  ", ", -- of the table\n", " /* ( */, "]);
    let clause = dice.perhaps(4, "IF NOT EXISTS ");
    script.push(format!("CREATE TABLE {clause}{own} ({}) {}", parts.join(between), options.join(", ")));
    Drawn { name: own, columns, has_rowid }
}

/// The column that every table has: a key.
fn first_column(dice: &mut Dice, name: &str, has_rowid: bool) -> String {
    let keys = ["INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT", "INTEGER PRIMARY KEY ON CONFLICT REPLACE"];
    let plain =
        ["TEXT PRIMARY KEY COLLATE nocase", "INT CONSTRAINT \"the key\" PRIMARY KEY DESC", "TEXT NOT NULL PRIMARY KEY"];
    let sort = if has_rowid && dice.one_in(2) { dice.pick(&keys) } else { dice.pick(&plain) };
    format!("{name} {sort}")
}

fn column(dice: &mut Dice, name: &str, first: &str, strict: bool, others: &[Drawn]) -> String {
    let exact = ["INT", "INTEGER", "REAL", "TEXT", "BLOB", "ANY"];
    let loose = ["", "VARCHAR(20)", "DECIMAL(10, 2)", "\"odd type\"", "double precision", "text"];
    let mut text = format!("{name} {}", if strict { dice.pick(&exact) } else { dice.pick(&loose) });
    if dice.one_in(5) {
        let always = dice.pick(&["", "GENERATED ALWAYS "]);
        text.push_str(&format!(" {always}AS ({first} || 'x)') {}", dice.pick(&["", "STORED", "VIRTUAL"])));
        return text;
    }
    if dice.one_in(3) {
        text.push_str(&format!(" DEFAULT {}", literal(dice)));
    }
    text.push_str(&dice.perhaps(4, " NOT NULL ON CONFLICT IGNORE"));
    text.push_str(&dice.perhaps(5, " CONSTRAINT once UNIQUE"));
    text.push_str(&dice.perhaps(5, " COLLATE RTRIM"));
    if dice.one_in(5) {
        text.push_str(&format!(" CONSTRAINT [a check] CHECK ({name} <> ')' AND {first} IS NOT NULL)"));
    }
    if let Some(other) = others.first().filter(|_| dice.one_in(4)) {
        text.push_str(&format!(" REFERENCES {}{}", other.name, dice.pick(&ACTIONS)));
    }
    text
}

const ACTIONS: [&str; 5] = [
    "",
    " ON DELETE CASCADE",
    " ON UPDATE SET NULL ON DELETE SET DEFAULT",
    " DEFERRABLE INITIALLY DEFERRED",
    " MATCH FULL ON DELETE RESTRICT NOT DEFERRABLE",
];

fn constraints(dice: &mut Dice, columns: &[String], others: &[Drawn], parts: &mut Vec<String>) {
    let (first, last) = (&columns[0], &columns[columns.len() - 1]);
    if dice.one_in(3) && columns.len() > 1 {
        parts
            .push(format!("CONSTRAINT \"two, of them\" UNIQUE ({last} COLLATE NOCASE, {first} DESC) ON CONFLICT FAIL"));
    }
    if dice.one_in(3) {
        parts.push(format!("CHECK (length({first}) < 99 OR {last} IN ('a,b', \"{}\"))", "x"));
    }
    if let Some(other) = others.last().filter(|_| dice.one_in(3)) {
        let action = dice.pick(&ACTIONS);
        parts.push(format!("FOREIGN KEY ({last}) REFERENCES {} ({}){action}", other.name, other.columns[0]));
    }
}

/// What SQLite does by rewriting the statement that it keeps.
fn alteration(dice: &mut Dice, place: usize, table: &mut Drawn, script: &mut Vec<String>) {
    if dice.one_in(4) {
        let column = name(dice, "added");
        script.push(format!("ALTER TABLE {} ADD COLUMN {column} TEXT DEFAULT 'x' /* late */", table.name));
        table.columns.push(column);
    }
    if dice.one_in(6) {
        let renamed = name(dice, &format!("R{place}"));
        script.push(format!("ALTER TABLE {} RENAME TO {renamed}", table.name));
        table.name = renamed;
    }
}

fn index(dice: &mut Dice, unique: &str, table: &Drawn) -> String {
    let own = name(dice, unique);
    let mut parts = Vec::new();
    for column in &table.columns {
        if parts.is_empty() || dice.one_in(3) {
            let part = match dice.below(4) {
                0 => format!("lower({column})"),
                1 => format!("{column} || ', )' COLLATE nocase"),
                _ => column.clone(),
            };
            parts.push(format!("{part}{}", dice.pick(&["", " DESC", " ASC"])));
        }
    }
    let (first, last) = (&table.columns[0], &table.columns[table.columns.len() - 1]);
    let condition =
        if dice.one_in(3) { format!(" WHERE {last} IS NOT NULL and {first} > ' where '") } else { String::new() };
    let kind = dice.perhaps(4, "UNIQUE ");
    format!("CREATE {kind}INDEX {own} ON {} ({}){condition}", table.name, parts.join(dice.pick(&[",", " , "])))
}

/// Now and then a view, one that reads it, and a trigger in place of what is done to it.
fn view(dice: &mut Dice, place: usize, table: &Drawn, script: &mut Vec<String>) {
    if !dice.one_in(2) {
        return;
    }
    let (own, upper) = (name(dice, &format!("v{place}")), name(dice, &format!("A{place}")));
    let column = &table.columns[0];
    let titles = dice.perhaps(3, " (\"of a\", [of b])");
    script.push(format!(
        "CREATE VIEW {own}{titles} AS SELECT x.{column}, count(*) -- each\n FROM {} AS x GROUP BY 1",
        table.name
    ));
    if dice.one_in(2) {
        script.push(format!("CREATE VIEW {upper} AS WITH q AS (SELECT * FROM {own}) SELECT * FROM q"));
    }
    if dice.one_in(2) {
        let trigger = name(dice, &format!("o{place}"));
        script.push(format!("CREATE TRIGGER {trigger} INSTEAD OF INSERT ON {own} BEGIN SELECT ';', 1; SELECT 2; END"));
    }
}

fn trigger(dice: &mut Dice, unique: &str, table: &Drawn) -> String {
    let own = name(dice, unique);
    let (column, target) = (&table.columns[0], &table.name);
    let moment = dice.pick(&["BEFORE", "AFTER", ""]);
    let event = match dice.below(3) {
        0 => "INSERT".to_owned(),
        1 => format!("UPDATE OF {column}"),
        _ => "DELETE".to_owned(),
    };
    let row = if event == "DELETE" { "OLD" } else { "NEW" };
    let when = if dice.one_in(2) { format!(" FOR EACH ROW WHEN {row}.{column} <> 'end;'") } else { String::new() };
    let rowid = if table.has_rowid { "rowid" } else { column };
    format!(
        "CREATE TRIGGER {own} {moment} {event} ON {target}{when} BEGIN\n  DELETE FROM {target} WHERE {rowid} = {row}.{column};\n  \
         SELECT CASE WHEN {row}.{column} THEN 1 END;\nEND"
    )
}

/// A table for searching words, whose shadow tables come and go with it.
fn search(dice: &mut Dice, place: usize, table: Option<&Drawn>) -> String {
    let own = name(dice, &format!("f{place}"));
    let plain = |table: &&Drawn| table.has_rowid && table.name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let content = match table.filter(plain) {
        Some(table) => format!(", content='{}'", table.name),
        None => dice.pick(&["", ", content=''", ", prefix='2 3'"]).to_owned(),
    };
    let tokens = dice.pick(&[
        "",
        ", tokenize = 'porter ascii'",
        ", tokenize=\"unicode61 remove_diacritics 2\"",
        ", detail=none",
    ]);
    format!("CREATE VIRTUAL TABLE {own} USING fts5(title, \"body of it\" UNINDEXED{content}{tokens})")
}
