//! Knows when a `;` does not end a statement, because it stands in the body of a trigger, a routine, an event or a rule.
//! It follows keywords at the places where the grammars allow them, and only in statements that can have a body, so that
//! columns called `begin` or `end` elsewhere never matter.
//!
//! Grammars: SQLite `parse.y` (`create_trigger_stmt`), PostgreSQL `CREATE FUNCTION` (`BEGIN ATOMIC`) and `CREATE RULE`,
//! MySQL manual 15.6 and MariaDB knowledge base "Programmatic & Compound Statements".

use stead_schema::EngineKind;

use crate::lex::{Token, TokenKind};

/// Words that have a meaning in a body or just before it.
const KEYWORDS: [&str; 41] = [
    "AS",
    "ATOMIC",
    "BEGIN",
    "CASE",
    "COMMENT",
    "CONTAINS",
    "DATA",
    "DECLARE",
    "DEFINER",
    "DETERMINISTIC",
    "DO",
    "ELSE",
    "END",
    "FOLLOWS",
    "FOR",
    "FOUND",
    "HANDLER",
    "IF",
    "INVOKER",
    "IS",
    "LANGUAGE",
    "LOOP",
    "MODIFIES",
    "NO",
    "NOT",
    "ON",
    "PRECEDES",
    "READS",
    "REPEAT",
    "RETURN",
    "ROW",
    "SECURITY",
    "SQL",
    "SQLEXCEPTION",
    "SQLSTATE",
    "SQLWARNING",
    "THEN",
    "UNTIL",
    "VALUE",
    "WHILE",
    "EACH",
];

/// Where in a statement we are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// No body can follow.
    Plain,
    /// In a trigger, before `ON`.
    BeforeOn,
    /// In a trigger, the table comes next.
    Table,
    /// In a SQLite trigger, before `BEGIN`.
    BeforeBegin,
    /// In a MySQL trigger, before `EACH ROW`.
    BeforeRow,
    /// In a MySQL trigger, the name after `FOLLOWS` or `PRECEDES` comes next.
    Order,
    /// In an event, before `DO`.
    BeforeDo,
    /// In a procedure or function, before its parameters.
    BeforeParameters,
    /// Among the parameters, at this depth of parentheses.
    Parameters(u32),
    /// Between the parameters of a procedure and its body.
    Characteristics,
    /// Between the parameters of a function and its body: the type may be anything.
    Returns,
    /// In a PostgreSQL routine, before `BEGIN ATOMIC`.
    BeforeAtomic,
    /// In a PostgreSQL rule, at this depth of parentheses.
    Rule(u32),
    /// In the body.
    Inside,
}

/// Something that an `END` closes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Begin,
    If,
    CaseExpression,
    CaseStatement,
    Loop,
    Repeat,
    Until,
    While,
}

/// How far `DECLARE … HANDLER FOR condition, … statement` has been read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Handler {
    None,
    Declared,
    Named,
    Condition,
    Statement,
}

/// Follows one statement.
pub(crate) struct Body {
    procedural: bool,
    stage: Stage,
    function: bool,
    blocks: Vec<Block>,
    opened: usize,
    /// A statement of the body may begin here.
    fresh: bool,
    handler: Handler,
    previous: &'static str,
    after_dot: bool,
    after_label: bool,
    closed: bool,
}

impl Body {
    /// Starts with the statement's leading keywords.
    pub(crate) fn new(leading: &str, engine: EngineKind) -> Self {
        let procedural = matches!(engine, EngineKind::Mysql | EngineKind::Mariadb);
        let stage = first_stage(leading, engine);
        Self {
            procedural,
            stage,
            function: leading.ends_with(" FUNCTION"),
            blocks: Vec::new(),
            opened: 0,
            fresh: stage == Stage::Inside,
            handler: Handler::None,
            previous: "",
            after_dot: false,
            after_label: false,
            closed: false,
        }
    }

    /// True while a `;` belongs to the body.
    pub(crate) fn is_open(&self) -> bool {
        !self.blocks.is_empty() || matches!(self.stage, Stage::Rule(depth) if depth > 0)
    }

    /// Where the block or parenthesis that is open began, in bytes.
    pub(crate) fn opened(&self) -> usize {
        self.opened
    }

    /// Takes the next token that is neither whitespace nor comment.
    pub(crate) fn feed(&mut self, token: &Token<'_>) {
        if self.stage == Stage::Plain || is_border(token) {
            return;
        }
        let keyword = self.keyword(token);
        match self.stage {
            Stage::Inside => self.inside(token, keyword),
            _ => self.before(token, keyword),
        }
        self.previous = keyword;
        self.after_dot = token.is_symbol(".");
    }

    /// The keyword a token is, or `""`. A word after a point or after `AS` is a name.
    fn keyword(&self, token: &Token<'_>) -> &'static str {
        let name = token.kind != TokenKind::Word || self.after_dot;
        let found = KEYWORDS.into_iter().find(|keyword| !name && token.is_word(keyword)).unwrap_or("");
        if self.previous == "AS" && self.stage == Stage::Inside { "" } else { found }
    }

    fn before(&mut self, token: &Token<'_>, keyword: &'static str) {
        match (self.stage, keyword) {
            (Stage::BeforeOn, "ON") => self.stage = Stage::Table,
            (Stage::Table, _) if self.procedural => self.stage = Stage::BeforeRow,
            (Stage::Table, _) => self.stage = Stage::BeforeBegin,
            (Stage::BeforeRow, "ROW") if self.previous == "EACH" => self.enter(),
            (Stage::BeforeDo, "DO") | (Stage::Order, _) => self.enter(),
            (Stage::BeforeBegin, "BEGIN") => self.open(Block::Begin, token),
            (Stage::BeforeAtomic, "ATOMIC") if self.previous == "BEGIN" => self.open(Block::Begin, token),
            (Stage::Characteristics, _) => self.characteristic(token, keyword),
            (Stage::Returns, "BEGIN" | "RETURN" | "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR") => {
                self.enter();
                self.inside(token, keyword);
            }
            _ => self.parenthesis(token),
        }
    }

    fn enter(&mut self) {
        self.stage = Stage::Inside;
        self.fresh = true;
    }

    fn parenthesis(&mut self, token: &Token<'_>) {
        let step = i32::from(token.is_symbol("(")) - i32::from(token.is_symbol(")"));
        self.stage = match self.stage {
            Stage::BeforeParameters if step == 1 => Stage::Parameters(1),
            Stage::Parameters(1) if step == -1 && self.function => Stage::Returns,
            Stage::Parameters(1) if step == -1 => Stage::Characteristics,
            Stage::Parameters(depth) => Stage::Parameters(depth.saturating_add_signed(step)),
            Stage::Rule(depth) => {
                self.opened = if depth == 0 { token.offset } else { self.opened };
                Stage::Rule(depth.saturating_add_signed(step))
            }
            other => other,
        };
    }

    /// `COMMENT 'x' LANGUAGE SQL NOT DETERMINISTIC …`: the first thing that is none of these begins the body.
    fn characteristic(&mut self, token: &Token<'_>, keyword: &'static str) {
        let belongs = matches!(
            keyword,
            "COMMENT"
                | "LANGUAGE"
                | "SQL"
                | "NOT"
                | "DETERMINISTIC"
                | "CONTAINS"
                | "NO"
                | "READS"
                | "MODIFIES"
                | "DATA"
                | "SECURITY"
                | "DEFINER"
                | "INVOKER"
                | "AS"
                | "IS"
        );
        if !belongs && token.kind != TokenKind::String {
            self.enter();
            self.inside(token, keyword);
        }
    }

    fn inside(&mut self, token: &Token<'_>, keyword: &'static str) {
        let fresh = std::mem::take(&mut self.fresh);
        let closed = std::mem::take(&mut self.closed);
        let labelled = std::mem::replace(&mut self.after_label, fresh && token.kind == TokenKind::Word);
        if token.is_symbol(";") {
            self.fresh = true;
            self.handler = Handler::None;
        } else if self.procedural {
            self.procedural(token, keyword, fresh, closed, labelled);
        } else {
            self.plain(token, keyword, fresh);
        }
    }

    /// A body of SQLite or PostgreSQL: statements, with `CASE … END` as the only thing inside them.
    fn plain(&mut self, token: &Token<'_>, keyword: &'static str, fresh: bool) {
        match keyword {
            "CASE" => self.open(Block::CaseExpression, token),
            "END" if fresh || self.top() == Some(Block::CaseExpression) => self.close(),
            _ => (),
        }
        self.fresh = false;
    }

    fn procedural(&mut self, token: &Token<'_>, keyword: &'static str, fresh: bool, closed: bool, labelled: bool) {
        let fresh = fresh || self.handler == Handler::Statement;
        match keyword {
            "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR" if closed => (),
            "CASE" if !fresh => self.open(Block::CaseExpression, token),
            "CASE" => self.open(Block::CaseStatement, token),
            "BEGIN" if fresh => self.open_fresh(Block::Begin, token),
            "IF" if fresh => self.open(Block::If, token),
            "LOOP" if fresh => self.open_fresh(Block::Loop, token),
            "REPEAT" if fresh => self.open_fresh(Block::Repeat, token),
            "WHILE" | "FOR" if fresh => self.open(Block::While, token),
            "END" if self.ends(fresh) => self.close(),
            "UNTIL" if fresh => self.until(),
            "FOLLOWS" | "PRECEDES" if fresh && self.blocks.is_empty() => self.stage = Stage::Order,
            "ATOMIC" => self.fresh = self.previous == "NOT",
            "NOT" if self.previous == "BEGIN" => self.fresh = true,
            "THEN" | "ELSE" => self.fresh = self.top() != Some(Block::CaseExpression),
            "DO" => self.fresh = !fresh && self.top() == Some(Block::While),
            _ => self.fresh = labelled && token.is_symbol(":"),
        }
        self.follow_handler(token, keyword, fresh);
    }

    /// `DECLARE EXIT HANDLER FOR SQLSTATE '02000', NOT FOUND BEGIN … END`: a statement follows without a mark before it.
    fn follow_handler(&mut self, token: &Token<'_>, keyword: &'static str, fresh: bool) {
        self.handler = match (self.handler, keyword) {
            (Handler::None, "DECLARE") if fresh => Handler::Declared,
            (Handler::Declared, "HANDLER") => Handler::Named,
            (Handler::Named, "FOR") => Handler::Condition,
            (Handler::Condition, "SQLSTATE" | "VALUE" | "NOT") => Handler::Condition,
            (Handler::Condition, _) => Handler::Statement,
            (Handler::Statement, _) if token.is_symbol(",") => Handler::Condition,
            (Handler::Statement, _) => Handler::None,
            (before, _) => before,
        };
    }

    fn ends(&self, fresh: bool) -> bool {
        fresh || matches!(self.top(), Some(Block::CaseExpression | Block::Until))
    }

    fn until(&mut self) {
        if let Some(top) = self.blocks.last_mut().filter(|top| **top == Block::Repeat) {
            *top = Block::Until;
        }
    }

    fn open(&mut self, block: Block, token: &Token<'_>) {
        if self.blocks.is_empty() {
            self.opened = token.offset;
        }
        self.blocks.push(block);
        self.stage = Stage::Inside;
        self.fresh = block == Block::Begin;
    }

    fn open_fresh(&mut self, block: Block, token: &Token<'_>) {
        self.open(block, token);
        self.fresh = true;
    }

    /// The word after `END` in `END IF` opens nothing.
    fn close(&mut self) {
        self.closed = self.blocks.pop() != Some(Block::CaseExpression);
    }

    fn top(&self) -> Option<Block> {
        self.blocks.last().copied()
    }
}

fn first_stage(leading: &str, engine: EngineKind) -> Stage {
    match (engine, leading) {
        (EngineKind::Sqlite | EngineKind::Mysql | EngineKind::Mariadb, "CREATE TRIGGER") => Stage::BeforeOn,
        (EngineKind::Mysql | EngineKind::Mariadb, "CREATE EVENT" | "ALTER EVENT") => Stage::BeforeDo,
        (EngineKind::Mysql | EngineKind::Mariadb, "CREATE PROCEDURE" | "CREATE FUNCTION") => Stage::BeforeParameters,
        (EngineKind::Mariadb, "BEGIN NOT" | "IF" | "CASE" | "LOOP" | "REPEAT" | "WHILE" | "FOR") => Stage::Inside,
        (EngineKind::Postgres, "CREATE FUNCTION" | "CREATE PROCEDURE") => Stage::BeforeAtomic,
        (EngineKind::Postgres, "CREATE RULE") => Stage::Rule(0),
        _ => Stage::Plain,
    }
}

/// The borders of executable comments are no part of the grammar.
fn is_border(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Symbol && (token.text == "*/" || token.text.starts_with("/*"))
}
