//! `stead search`: ask an index. A hit is shown with the pieces of text that matched, so that a person sees why it
//! was found.

use clap::Args;
use serde_json::json;
use stead::engine::Value;
use stead::engine::search::{Highlight, Hit, SearchRequest};
use stead::error::Result;
use stead::search::search;

use crate::invocation::Invocation;
use crate::printer::Outcome;
use crate::progress::grouped;

/// Look for words in a search index
///
/// Documents that hold all the words come ranked, best first, with the places that matched. `"exact words"`,
/// `field:word`, `-without` and `OR` are understood; put `--` before words that begin with `-`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  stead search addons dark theme\n  stead search addons '\"password manager\" -sync' \
                        --limit 3\n  stead search addons tags:privacy --json"
)]
pub(crate) struct Search {
    /// The index
    #[arg(value_name = "INDEX")]
    index: String,
    /// The words
    #[arg(value_name = "WORDS", required = true)]
    words: Vec<String>,
    /// At most so many hits
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// Leave out so many hits at the start
    #[arg(long, value_name = "N", default_value_t = 0)]
    offset: usize,
}

impl Search {
    pub(crate) async fn run(self, invocation: &Invocation<'_>) -> Result<Outcome> {
        let environment = invocation.environment_to_look()?;
        let request = SearchRequest { words: self.words.join(" "), limit: self.limit, offset: self.offset };
        let result = search(&environment, &self.index, &request).await?;
        let mut text = format!("{} found\n", grouped(result.total));
        for (rank, hit) in result.hits.iter().enumerate() {
            text += &entry(self.offset + rank + 1, hit);
        }
        Ok(Outcome::data(json!({ "index": self.index, "words": request.words, "result": result }), text))
    }
}

/// One hit: its rank, key and first text, then the places that matched.
fn entry(rank: usize, hit: &Hit) -> String {
    let title = hit.fields.iter().find_map(|(name, value)| match value {
        Value::Text(text) if name == "name" || name == "title" => Some(text.as_str()),
        _ => None,
    });
    let mut text = format!("{rank:>3}. {} [{}] {:.2}\n", title.unwrap_or_default(), hit.key, hit.score);
    for (field, highlight) in &hit.highlights {
        text += &format!("     {field}: {}\n", marked(highlight));
    }
    text
}

/// The piece on one line, matches between asterisks.
fn marked(highlight: &Highlight) -> String {
    let mut text = String::new();
    let mut at = 0;
    for (start, end) in &highlight.ranges {
        text += &format!("{}*{}*", &highlight.text[at..*start], &highlight.text[*start..*end]);
        at = *end;
    }
    text += &highlight.text[at..];
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
