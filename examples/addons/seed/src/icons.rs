//! Icons, drawn as small SVG pictures. Each shows the first letter of the add-on's name on a shape; the colour comes
//! from the theme, so that a page of search results looks like one.

use crate::generate::StoredFile;
use crate::words::Theme;

/// What stands behind the letter.
const SHAPES: [&str; 5] = [
    r#"<rect x="4" y="4" width="56" height="56" rx="14"/>"#,
    r#"<circle cx="32" cy="32" r="29"/>"#,
    r#"<path d="M32 2 58 17v30L32 62 6 47V17z"/>"#,
    r#"<path d="M32 3c14 6 20 7 26 7 0 24-6 42-26 51C12 52 6 34 6 10c6 0 12-1 26-7z"/>"#,
    r#"<rect x="11" y="11" width="42" height="42" rx="6" transform="rotate(45 32 32)"/>"#,
];

/// The icon of an add-on, in one of a hundred sub-folders and named by its number.
pub(crate) fn icon(id: i64, name: &str, theme: &Theme) -> StoredFile {
    let number = usize::try_from(id).expect("add-ons are numbered from one");
    let shape = SHAPES[number % SHAPES.len()];
    let hue = (theme.goal.bytes().map(usize::from).sum::<usize>() * 37 + number % 24) % 360;
    let letter = name.chars().next().unwrap_or('?');
    let title = escaped(name);
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
<title>{title}</title>
<g fill="hsl({hue}, 58%, 42%)">{shape}</g>
<text x="32" y="43" font-family="sans-serif" font-size="32" text-anchor="middle" fill="#fff">{letter}</text>
</svg>
"##
    );
    StoredFile { path: format!("icons/{:02}/{id}.svg", id % 100), bytes: svg.into_bytes() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
