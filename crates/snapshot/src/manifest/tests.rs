//! Manifests that are not what was written: each changed byte, each number out of bounds, each other version.

use serde_json::{Value, json};

use super::*;

fn manifest() -> Manifest {
    let schema = Schema::empty(EngineKind::Sqlite);
    let pages =
        StreamRecord { raw_bytes: 5, packed_bytes: 14, frames: 1, files: vec![14], index_hash: "ab".repeat(32) };
    let database = DatabaseRecord {
        engine: EngineKind::Sqlite,
        engine_version: "3.50.0".to_owned(),
        streams: BTreeMap::from([("pages".to_owned(), pages)]),
        tables: BTreeMap::from([("addons".to_owned(), TableRecord { rows: 20_000 })]),
        heads: BTreeMap::from([("catalog".to_owned(), AppHeads::default())]),
        fingerprint: stead_schema::fingerprint(&schema),
        schema,
        properties: BTreeMap::new(),
    };
    Manifest {
        format: FORMAT,
        digest: String::new(),
        name: SnapshotName::parse("before").unwrap(),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
        tool_version: "0.1.0".to_owned(),
        project: "addons".to_owned(),
        environment: "development".to_owned(),
        comment: Some("\"digest\": \"0000\" ä".to_owned()),
        guarantee: Guarantee::OneView,
        raw_bytes: 5,
        packed_bytes: 14,
        seed_hash: None,
        databases: BTreeMap::from([("catalog".to_owned(), database)]),
        storage: None,
    }
}

/// The bytes of a manifest after a change, with a digest that is right again.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = serde_json::to_value(manifest()).unwrap();
    change(&mut value);
    value["digest"] = json!("0".repeat(64));
    let text = serde_json::to_string_pretty(&value).unwrap();
    let digest = blake3::hash(text.as_bytes()).to_hex();
    text.replacen(&"0".repeat(64), &digest, 1).into_bytes()
}

fn refusal(change: impl FnOnce(&mut Value)) -> String {
    Manifest::parse(&changed(change), "s").unwrap_err().to_string()
}

fn stream(value: &mut Value) -> &mut Value {
    &mut value["databases"]["catalog"]["streams"]["pages"]
}

#[test]
fn what_is_sealed_is_read_back() {
    let mut sealed = manifest();
    let bytes = sealed.seal();
    assert_eq!(Manifest::parse(&bytes, "s").unwrap(), sealed);
    assert_eq!(sealed.digest.len(), 64);
}

#[test]
fn row_095_every_changed_byte_of_the_manifest_is_noticed() {
    let bytes = manifest().seal();
    for at in 0..bytes.len() {
        for mask in [0x01, 0x20, 0x80] {
            let mut other = bytes.clone();
            other[at] ^= mask;
            assert!(Manifest::parse(&other, "s").is_err(), "byte {at} with {mask:#x}");
        }
        assert!(Manifest::parse(&bytes[..at], "s").is_err(), "cut at {at}");
    }
    assert!(Manifest::parse(&[&bytes[..], b"\n"].concat(), "s").is_err());
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let error = Manifest::parse(&changed(|value| value["format"] = json!(2)), "s").unwrap_err();
    assert_eq!(error.code(), "snapshot-newer");
    insta::assert_snapshot!(error, @"snapshot `s` has format 2, and this program reads formats up to 1");
    // A newer format may have lost every other field.
    assert_eq!(Manifest::parse(b"{\"format\": 99}", "s").unwrap_err().code(), "snapshot-newer");
    assert!(refusal(|value| value["format"] = json!(0)).contains("there is no format 0"));
}

#[test]
fn what_a_later_version_adds_is_passed_over() {
    let bytes = changed(|value| value["mood"] = json!({"good": true}));
    assert_eq!(Manifest::parse(&bytes, "s").unwrap().raw_bytes, 5);
}

#[test]
fn names_and_numbers_are_held_against_bounds() {
    assert!(refusal(|value| value["name"] = json!("../x")).contains("cannot be the name"));
    assert!(refusal(|value| value["raw_bytes"] = json!(6)).contains("do not add up"));
    assert!(refusal(|value| stream(value)["files"] = json!([13])).contains("do not add up"));
    assert!(refusal(|value| stream(value)["files"] = json!([14, 0])).contains("length of a file"));
    assert!(refusal(|value| stream(value)["files"] = json!([u64::MAX, 15])).contains("length of a file"));
    assert!(refusal(|value| stream(value)["frames"] = json!(0)).contains("contradict"));
    assert!(refusal(|value| stream(value)["frames"] = json!(1_u64 << 60)).contains("more frames"));
    assert!(refusal(|value| stream(value)["raw_bytes"] = json!(1_u64 << 40)).contains("contradict"));
    assert!(refusal(|value| stream(value)["frames"] = json!(-1)).contains("damaged"));
    let bad_stream = refusal(|value| {
        let pages = stream(value).take();
        value["databases"]["catalog"]["streams"] = json!({ "": pages });
    });
    assert!(bad_stream.contains("has no name"), "{bad_stream}");
}

#[test]
fn a_digest_is_written_plainly_and_in_small_digits() {
    let sealed = String::from_utf8(manifest().seal()).unwrap();
    let digest = serde_json::from_str::<Digest>(&sealed).unwrap().digest;
    for other in [digest.to_uppercase(), format!("\\u00{:02x}{}", digest.as_bytes()[0], &digest[1..]), String::new()] {
        assert!(Manifest::parse(sealed.replace(&digest, &other).as_bytes(), "s").is_err(), "{other}");
    }
}
