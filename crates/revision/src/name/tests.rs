use super::*;

#[test]
fn ids_have_their_characters_and_length() {
    for good in ["2d970929c35b", "abcd", "add_offers_2", "0001", &"a".repeat(40)] {
        assert_eq!(RevisionId::new(good).unwrap().as_str(), good);
    }
    for bad in ["", "abc", "ABCD", "ab-cd", "ab cd", "äöüß", "head", "heads", "base", "none", &"a".repeat(41)] {
        assert_eq!(RevisionId::new(bad).unwrap_err().code(), "bad-revision-id", "{bad}");
    }
    assert_eq!(RevisionId::from_bytes([0, 1, 0xab, 0xff, 16, 9]).as_str(), "0001abff1009");
}

#[test]
fn ids_are_checked_when_they_are_read_from_json() {
    assert_eq!(serde_json::from_str::<Vec<RevisionId>>("[\"abcd\"]").unwrap()[0].as_str(), "abcd");
    assert!(serde_json::from_str::<RevisionId>("\"../x\"").is_err());
}

#[test]
fn file_names_tell_number_and_slug() {
    let name = FileName::parse("0002_adding_offers.sql").unwrap();
    assert_eq!(
        (name.number, name.slug.as_str(), name.to_string().as_str()),
        (2, "adding_offers", "0002_adding_offers.sql")
    );
    assert_eq!(FileName::parse("20210422143411_create-events.sql").unwrap().stem(), "20210422143411_create-events");
    for bad in [
        "0002.sql",
        "_a.sql",
        "a_b.sql",
        "0002_.sql",
        "0002_a",
        "0002_a/b.sql",
        "99999999999999999999999_a.sql",
        "+1_a.sql",
    ] {
        assert_eq!(FileName::parse(bad).unwrap_err().code(), "bad-revision-file-name", "{bad}");
    }
}

#[test]
fn slugs_come_from_messages() {
    assert_eq!(slug("Adding Offer model for managing deals"), "adding_offer_model_for_managing_deals");
    assert_eq!(slug("\n  Fix: the `offers` (2nd try!)\nmore"), "fix_the_offers_2nd_try");
    assert_eq!(slug("one two three four five six seven eight nine ten"), "one_two_three_four_five_six_seven_eight");
    assert_eq!(slug(&"x".repeat(90)), "x".repeat(40));
    assert_eq!(slug("日本語"), "revision");
    assert_eq!(FileName::parse(&format!("1_{}.sql", slug("Äpfel & Birnen"))).unwrap().slug, "pfel_birnen");
}
