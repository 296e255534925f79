//! Stream names, and which types travel in binary form.

use super::*;

fn relation(namespace: &str, name: &str, types: &[u32]) -> Relation {
    Relation {
        oid: 1,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        has_rows: true,
        columns: Vec::new(),
        types: types.to_vec(),
        condition: None,
        root: None,
        readable: true,
        hides_rows: false,
    }
}

#[test]
fn no_two_tables_share_a_stream() {
    let names = [("a.b", "c"), ("a", "b.c"), ("a", "b%2Ec"), ("a/b", "c"), ("a", "b/c")];
    let streams: std::collections::BTreeSet<String> =
        names.iter().map(|(namespace, name)| relation(namespace, name, &[]).stream()).collect();
    assert_eq!(streams.len(), names.len(), "{streams:?}");
    assert!(streams.iter().all(|stream| stream.split('/').count() == 2), "{streams:?}");
    assert_eq!(relation("public", "items", &[]).stream(), "table/public.items");
}

#[test]
fn only_types_that_mean_the_same_everywhere_travel_in_binary_form() {
    let of_people = HashMap::from([(20_000, None), (20_001, Some(20_000)), (20_002, Some(Type::REGCLASS.oid()))]);
    let forms = Forms { of_people, trusted: true };
    for (kind, expected) in [
        (Type::INT4.oid(), true),
        (Type::TEXT_ARRAY.oid(), true),
        (Type::REGCLASS.oid(), false),
        (Type::REGTYPE_ARRAY.oid(), false),
        (Type::ACLITEM.oid(), false),
        (Type::MONEY.oid(), false),
        (20_000, true),
        (20_001, true),
        (20_002, false),
        (20_003, false),
    ] {
        assert_eq!(forms.binary(&relation("public", "t", &[Type::INT4.oid(), kind])), expected, "{kind}");
    }
    let old = Forms { of_people: HashMap::new(), trusted: false };
    assert!(!old.binary(&relation("public", "t", &[Type::INT4.oid()])));
}
