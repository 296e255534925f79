//! How connection strings are read, and what is left out of them.

use super::*;

#[test]
fn connections_keep_everything_else_as_it_was_written() {
    let cases = [
        ("host=h dbname=d user=u password=planted", "host=h dbname=d user=u", 1),
        ("password = 'it\\'s planted' host='a b'  port=5", "host='a b' port=5", 1),
        ("host=h password=pl\\ anted\\'", "host=h", 1),
        ("host=h application_name='password=x'", "host=h application_name='password=x'", 0),
        ("host=h options='-c a=b' sslpassword='planted' password=''", "host=h options='-c a=b'", 2),
        (
            "postgresql://u:planted@h:5432,i/d?sslmode=require&password=planted",
            "postgresql://u@h:5432,i/d?sslmode=require",
            2,
        ),
        ("postgres://u:@h", "postgres://u@h", 1),
        ("postgres:///d?host=/tmp&user=u", "postgres:///d?host=/tmp&user=u", 0),
        ("", "", 0),
        // What libpq would not take, or would understand otherwise.
        ("host=h password='planted", "", 1),
        ("planted", "", 1),
        ("dbname=postgres://u:planted@h/d", "", 1),
        ("postgres://u:plan/ted@h/d", "", 1),
        ("postgres://u:plan@ted@h/d", "", 1),
        ("postgres://u:plan?ted@h/d", "", 1),
        ("postgres://h/d?p%61ssword=planted", "", 1),
    ];
    for (text, expected, count) in cases {
        let (kept, left_out) = without_secrets(text);
        assert_eq!((kept.as_str(), left_out.len()), (expected, count), "{text}: {left_out:?}");
        assert!(!left_out.concat().contains("planted"));
    }
}

#[test]
fn comments_have_one_line_each() {
    let note = "the option `a\nDROP TABLE t` was left out".to_owned();
    assert_eq!(noted(&[note], "X").as_deref(), Some("-- the option `a DROP TABLE t` was left out\nX"));
    assert_eq!(noted(&[], "X"), None);
}
