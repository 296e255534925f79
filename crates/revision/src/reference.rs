//! What people type to name a revision, and what it means: an id or the start of one, a number, the stem of a file,
//! `head`, `heads`, `base`, `app@head`, `app/0003`, steps from there (`id+1`, `head-2`) and steps from where a database
//! stands (`+1`, `-2`). Whatever is not plain is an error that lists the choices.

use thiserror::Error;

use crate::graph::{Graph, Node, View};
use crate::name::RevisionId;
use crate::near::{listed, nearest};

#[cfg(test)]
mod tests;

/// The shortest start of an id that is taken for one.
const SHORTEST_PREFIX: usize = 4;

/// What a reference means: revisions of one app. None of them is the base, the state before the first revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The app.
    pub app: String,
    /// The revisions; several only for `heads`, and for the step back from a merge.
    pub revisions: Vec<RevisionId>,
}

/// Why a reference means nothing, or too much.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// Nothing is called so.
    #[error("no revision is called `{text}`")]
    Unknown {
        /// What was typed.
        text: String,
        /// What may be meant.
        suggestion: Option<String>,
    },
    /// No app is called so.
    #[error("no app with revisions is called `{app}`")]
    UnknownApp {
        /// What was typed.
        app: String,
        /// The app that may be meant.
        suggestion: Option<String>,
        /// The apps there are.
        apps: Vec<String>,
    },
    /// Several apps have something called so.
    #[error("`{text}` does not say which app: there are {}", listed(.apps))]
    AppNeeded {
        /// What was typed.
        text: String,
        /// The apps.
        apps: Vec<String>,
    },
    /// Several revisions may be meant.
    #[error("`{text}` may be {}", listed(.candidates))]
    Ambiguous {
        /// What was typed.
        text: String,
        /// The revisions, each as `id 0002_slug`.
        candidates: Vec<String>,
    },
    /// `head` was asked for and there are several.
    #[error("the app `{app}` has several heads: {}", listed(.heads))]
    SeveralHeads {
        /// The app.
        app: String,
        /// The heads, each as `id 0002_slug`.
        heads: Vec<String>,
    },
    /// Another revision stands for this one and for those around it.
    #[error("`{text}` is one of the revisions that `{by}` replaces")]
    Replaced {
        /// What was typed.
        text: String,
        /// The revision that stands for it, as `id 0002_slug`.
        by: String,
    },
    /// A step leads past the first or the last revision.
    #[error("`{text}` leads past {}", if *.down { "the base" } else { "the last revision" })]
    TooFar {
        /// What was typed.
        text: String,
        /// True when the step leads down.
        down: bool,
    },
}

impl ReferenceError {
    /// The stable word for this error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-revision",
            Self::UnknownApp { .. } => "unknown-app",
            Self::AppNeeded { .. } => "app-needed",
            Self::Ambiguous { .. } => "ambiguous-revision",
            Self::SeveralHeads { .. } => "several-heads",
            Self::Replaced { .. } => "replaced-revision",
            Self::TooFar { .. } => "step-too-far",
        }
    }

    /// What can be typed instead.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        vec![match self {
            Self::Unknown { suggestion: Some(near), .. } | Self::UnknownApp { suggestion: Some(near), .. } => {
                format!("did you mean `{near}`?")
            }
            Self::Unknown { text, .. } if text.is_empty() => "name a revision, `head` or `base`".to_owned(),
            Self::Unknown { text, .. } if text.len() < SHORTEST_PREFIX => {
                format!("the start of an id needs {SHORTEST_PREFIX} characters; `stead history` lists all revisions")
            }
            Self::Unknown { .. } => "`stead history` lists all revisions".to_owned(),
            Self::UnknownApp { apps, .. } if apps.is_empty() => "no app has revisions yet".to_owned(),
            Self::UnknownApp { apps, .. } => format!("there are {}", listed(apps)),
            Self::AppNeeded { .. } => "add `--app APP`, or write `APP@REVISION`".to_owned(),
            Self::Ambiguous { .. } => "name one of them by its id".to_owned(),
            Self::SeveralHeads { .. } => {
                "let one follow the other by its `-- parent:` line, or write a revision that names both as parents"
                    .to_owned()
            }
            Self::Replaced { by, .. } => format!("name `{by}` itself, or a revision before or after it"),
            Self::TooFar { down: true, .. } => "`base` is the state before the first revision".to_owned(),
            Self::TooFar { down: false, .. } => "`head` is the last revision".to_owned(),
        }]
    }
}

/// Finds what `text` means. `app` is the app it is about, if that was said otherwise; `current` are the revisions that the
/// database in question stands at, for steps from there.
///
/// # Errors
/// Nothing is called so, or several things are.
pub fn resolve(graph: &Graph, text: &str, app: Option<&str>, current: &[RevisionId]) -> Result<Point, ReferenceError> {
    let (app, rest) = app_of(graph, text.trim(), app)?;
    let current: Vec<usize> = current
        .iter()
        .filter_map(|id| graph.index(&app, id.as_str()).or_else(|| graph.replacing(&app, id.as_str())))
        .flat_map(|index| graph.view().shown_for(graph, index))
        .collect();
    let found = within(graph, graph.view(), &app, rest, &current)?;
    Ok(Point { app, revisions: found.into_iter().map(|index| graph.at(index).id.clone()).collect() })
}

/// The places of what `text`, without an app, means in `app`.
pub(crate) fn within(
    graph: &Graph,
    view: &View,
    app: &str,
    text: &str,
    current: &[usize],
) -> Result<Vec<usize>, ReferenceError> {
    if let Some(found) = keyword(graph, view, app, text)? {
        return Ok(found);
    }
    if let Some(("", steps)) = split_steps(text) {
        return walk(graph, view, app, text, current.to_vec(), steps);
    }
    if let Some(found) = named(graph, app, text)? {
        let gone = graph.replacing(app, text) == Some(found) && graph.at(found).id.as_str() != text;
        let replaced = || ReferenceError::Replaced { text: text.to_owned(), by: shown(graph, &[found]).concat() };
        return if gone { Err(replaced()) } else { Ok(vec![found]) };
    }
    let stepped = split_steps(text).map(|(start, steps)| (within(graph, view, app, start, current), steps));
    match stepped {
        Some((Ok(start), steps)) => {
            let start = start.into_iter().flat_map(|index| view.shown_for(graph, index)).collect();
            walk(graph, view, app, text, start, steps)
        }
        _ => Err(ReferenceError::Unknown { text: text.to_owned(), suggestion: suggestion(graph, app, text) }),
    }
}

/// A revision of `app` by id, number, stem of its file or start of its id. An id that only a `replaces` list knows is the
/// revision that stands for it.
///
/// # Errors
/// Several revisions may be meant.
pub(crate) fn named(graph: &Graph, app: &str, text: &str) -> Result<Option<usize>, ReferenceError> {
    let all = graph.of_app(app);
    let ways: [&dyn Fn(&Node) -> bool; 4] = [
        &|node| node.id.as_str() == text,
        &|node| is_number(text) && text.parse() == Ok(node.number),
        &|node| is_stem(node, text),
        &|node| text.len() >= SHORTEST_PREFIX && node.id.as_str().starts_with(text),
    ];
    for way in ways {
        let found: Vec<usize> = all.iter().copied().filter(|index| way(graph.at(*index))).collect();
        match found[..] {
            [] => (),
            [one] => return Ok(Some(one)),
            _ => return Err(ReferenceError::Ambiguous { text: text.to_owned(), candidates: shown(graph, &found) }),
        }
    }
    Ok(graph.replacing(app, text))
}

/// Revisions for people: `2d970929c35b 0002_adding_offers`.
pub(crate) fn shown(graph: &Graph, indexes: &[usize]) -> Vec<String> {
    indexes.iter().map(|index| format!("{} {}", graph.at(*index).id, graph.at(*index).stem())).collect()
}

/// Splits off the app, and finds it where it is not said.
pub(crate) fn app_of<'a>(graph: &Graph, text: &'a str, app: Option<&str>) -> Result<(String, &'a str), ReferenceError> {
    let (said, rest) = text.split_once(['@', '/']).map_or((app, text), |(said, rest)| (Some(said), rest));
    let apps: Vec<String> = graph.apps().into_iter().map(str::to_owned).collect();
    match said {
        Some(said) if apps.iter().any(|known| known == said) => Ok((said.to_owned(), rest)),
        Some(said) => {
            let suggestion = nearest(said, apps.iter().map(String::as_str)).map(str::to_owned);
            Err(ReferenceError::UnknownApp { app: said.to_owned(), suggestion, apps })
        }
        None => Ok((only_app(graph, rest, apps)?, rest)),
    }
}

fn only_app(graph: &Graph, text: &str, apps: Vec<String>) -> Result<String, ReferenceError> {
    let knows = |app: &&String| !matches!(named(graph, app, text), Ok(None));
    let knowing: Vec<String> = apps.iter().filter(knows).cloned().collect();
    let unknown = || ReferenceError::Unknown {
        text: text.to_owned(),
        suggestion: apps.iter().find_map(|app| suggestion(graph, app, text)),
    };
    match (&apps[..], &knowing[..]) {
        ([only], _) => Ok(only.clone()),
        _ if is_general(text) => Err(ReferenceError::AppNeeded { text: text.to_owned(), apps }),
        (_, [only]) => Ok(only.clone()),
        (_, []) => Err(unknown()),
        _ => Err(ReferenceError::AppNeeded { text: text.to_owned(), apps: knowing }),
    }
}

/// Words and steps that every app has.
fn is_general(text: &str) -> bool {
    let start = split_steps(text).map_or(text, |(start, _)| start);
    matches!(start, "" | "head" | "heads" | "base") && !text.is_empty()
}

fn keyword(graph: &Graph, view: &View, app: &str, text: &str) -> Result<Option<Vec<usize>>, ReferenceError> {
    match text {
        "base" => Ok(Some(Vec::new())),
        "heads" => Ok(Some(view.heads(graph, app))),
        "head" => {
            let heads = view.heads(graph, app);
            let several = || ReferenceError::SeveralHeads { app: app.to_owned(), heads: shown(graph, &heads) };
            if heads.len() > 1 { Err(several()) } else { Ok(Some(heads)) }
        }
        _ => Ok(None),
    }
}

/// `head-2` is `head` and −2.
fn split_steps(text: &str) -> Option<(&str, i64)> {
    let at = text.rfind(['+', '-'])?;
    let digits = &text[at + 1..];
    let steps: i64 = digits.parse().ok().filter(|_| is_number(digits))?;
    Some((&text[..at], if text[at..].starts_with('-') { -steps } else { steps }))
}

fn walk(
    graph: &Graph,
    view: &View,
    app: &str,
    text: &str,
    start: Vec<usize>,
    steps: i64,
) -> Result<Vec<usize>, ReferenceError> {
    let down = steps < 0;
    let mut here = start;
    for step in 0..steps.unsigned_abs() {
        let at_base = here.is_empty();
        here = match here[..] {
            [] if down => Vec::new(),
            [] => view.bases(graph, app),
            [one] if down => view.parents[one].clone(),
            [one] => view.children[one].clone(),
            _ => return Err(ReferenceError::Ambiguous { text: text.to_owned(), candidates: shown(graph, &here) }),
        };
        // The step below the first revision is the base; from a merge, the last step leads to all its parents.
        let last = step + 1 == steps.unsigned_abs();
        if (down && at_base) || (!down && here.is_empty()) {
            return Err(ReferenceError::TooFar { text: text.to_owned(), down });
        }
        if here.len() > 1 && !(down && last) {
            return Err(ReferenceError::Ambiguous { text: text.to_owned(), candidates: shown(graph, &here) });
        }
    }
    Ok(here)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_stem(node: &Node, text: &str) -> bool {
    let text = text.strip_suffix(".sql").unwrap_or(text);
    let file = node.path.rsplit(['/', '\\']).next().unwrap_or_default();
    text == node.stem() || (!text.is_empty() && file.strip_suffix(".sql") == Some(text))
}

fn suggestion(graph: &Graph, app: &str, text: &str) -> Option<String> {
    let mut names = vec!["head".to_owned(), "heads".to_owned(), "base".to_owned()];
    for index in graph.of_app(app) {
        let node = graph.at(index);
        names.extend([node.id.to_string(), node.stem(), node.slug.clone()]);
    }
    let near = nearest(text, names.iter().map(String::as_str))?;
    let by_slug = graph.of_app(app).into_iter().find(|index| graph.at(*index).slug == near);
    Some(by_slug.map_or_else(|| near.to_owned(), |index| graph.at(index).stem()))
}
