//! The path of a setting, `databases.catalog.url` or `seed.steps[1].csv`: how messages, `--set` and `stead config`
//! name it. One type writes it everywhere, so that what one of them prints can be typed into another.

use std::fmt;

/// A path of keys and of positions in arrays.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SettingPath(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Index(usize),
    Key(String),
}

impl SettingPath {
    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Part::Key(key.to_owned()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.with(Part::Index(index))
    }

    fn with(&self, part: Part) -> Self {
        Self(self.0.iter().cloned().chain([part]).collect())
    }
}

impl fmt::Display for SettingPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match part {
                Part::Index(index) => write!(formatter, "[{index}]")?,
                Part::Key(key) => write!(formatter, "{dot}{}", written_key(key))?,
            }
        }
        Ok(())
    }
}

/// A key as TOML would have it: bare where that is allowed, else quoted with its control characters escaped.
pub(super) fn written_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if bare { key.to_owned() } else { format!("\"{}\"", key.escape_debug()) }
}

/// A word from a file, for a message: control characters escaped, cut where nobody reads on.
pub(super) fn word(text: &str) -> String {
    let mut word: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        word.push('…');
    }
    word.replace("\\\"", "\"").replace("\\'", "'")
}

/// A file's path, for a message.
pub(super) fn word_of_path(path: &std::path::Path) -> String {
    path.display().to_string().chars().flat_map(shown_letter).collect()
}

fn shown_letter(letter: char) -> Vec<char> {
    if letter.is_control() { letter.escape_debug().collect() } else { vec![letter] }
}
