//! What is a secret, what may be one, and what is none.

use super::*;

#[test]
fn names_of_secrets() {
    for name in
        ["password", "sslpassword", "Password", "oauth_client_secret", "api_token", "secret_access_key", "apikey"]
    {
        assert!(is_secret(name) && may_be_secret(name), "{name}");
    }
    for name in ["password_required", "DB_PASS", "token_url", "encryption-key-file", "pw"] {
        assert!(!is_secret(name) && may_be_secret(name), "{name}");
    }
    for name in ["passfile", "sslkey", "user", "use_remote_estimate", "primary_key", "passenger", "tables"] {
        assert!(!is_secret(name) && !may_be_secret(name), "{name}");
    }
}
