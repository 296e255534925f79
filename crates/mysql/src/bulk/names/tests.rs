//! Names of built and kept databases: short enough, told apart, and the same each time.

use super::*;

#[test]
fn names_fit_and_differ() {
    let long = "ü".repeat(64);
    for live in ["shop", "shop_a", "SHOP", long.as_str(), "a`b\"c"] {
        for token in ["t", "20261121T101500Z-1", "ein sehr langes Zeichen, das nicht passt und Blanks hat"] {
            let name = beside(live, token);
            assert!(name.len() <= 64, "{name}");
            assert!(name.starts_with(&prefix(NEW, live)), "{name}");
            assert_ne!(name, keeping(live, token));
            assert_eq!(name, beside(live, token));
        }
    }
    assert_ne!(beside("shop", "a b"), beside("shop", "a_b"), "tokens stay apart");
    assert!(!beside("shop_a", "t").starts_with(&prefix(NEW, "shop")), "databases stay apart");
}
