//! How what is lacking is told.

use super::*;

#[test]
fn everything_is_told_at_once() {
    let lacking = Lacking {
        tables: (1..=12).map(|number| format!("public.t{number}")).collect(),
        sequences: vec!["public.s".to_owned()],
        ..Lacking::default()
    };
    let error = lacking.error("me").unwrap();
    assert!(
        error.message.contains("`public.t10` and 2 more; the role lacks the right to read the sequence `public.s`")
    );
    assert_eq!(error.hints.len(), 2);
    assert!(error.hints[1].starts_with("`GRANT SELECT ON SEQUENCE public.s TO me`"), "{:?}", error.hints);
    assert!(Lacking::default().error("me").is_none());
}
