use super::*;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: i64 = 1_795_280_280; // 2026-11-21T16:58:00Z
const USER: &str = "0190a0a0-0000-7000-8000-000000000001";
const SESSION: &str = "0190a0a0-0000-7000-8000-000000000002";

fn key() -> Key {
    Key::new(SECRET, "reeve").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn claims() -> Value {
    json!({
        "iss": "reeve", "aud": "reeve", "sub": USER, "sid": SESSION, "jti": "a",
        "iat": NOW - 60, "nbf": NOW - 60, "exp": NOW + 600,
    })
}

/// The claims with one of them changed, or left out when `value` is null.
fn but(name: &str, value: Value) -> String {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value);
    }
    claims.to_string()
}

/// A token with this header and payload, well signed with our key unless another is given.
fn signed_by(secret: &[u8], algorithm: Algorithm, header: &str, payload: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = crypto::sign(
        message.as_bytes(),
        &EncodingKey::from_secret(secret),
        algorithm,
    )
    .unwrap();
    format!("{message}.{signature}")
}

fn signed(header: &str, payload: &str) -> String {
    signed_by(SECRET, Algorithm::HS256, header, payload)
}

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

#[test]
fn a_token_we_write_names_its_user_and_session() {
    let (user, session) = (USER.parse().unwrap(), SESSION.parse().unwrap());
    let token = issue(&key(), user, session, at(NOW), 900).unwrap();
    let claims = verify(&key(), &token, at(NOW)).unwrap();
    assert_eq!(claims.user, user);
    assert_eq!(claims.session, session);
    assert_eq!(claims.expires_at, at(NOW + 900));
    let again = issue(&key(), user, session, at(NOW), 900).unwrap();
    assert_ne!(again, token, "each token has an id of its own");
}

#[test]
fn a_token_never_lives_longer_than_fifteen_minutes() {
    let (user, session) = (USER.parse().unwrap(), SESSION.parse().unwrap());
    let token = issue(&key(), user, session, at(NOW), 86_400).unwrap();
    let claims = verify(&key(), &token, at(NOW)).unwrap();
    assert_eq!(claims.expires_at, at(NOW + 900));
}

#[test]
fn a_token_is_good_from_its_issue_to_its_end_give_or_take_thirty_seconds() {
    let (user, session) = (USER.parse().unwrap(), SESSION.parse().unwrap());
    let token = issue(&key(), user, session, at(NOW), 900).unwrap();
    let check = |second: i64, fault: Option<TokenFault>| {
        assert_eq!(verify(&key(), &token, at(second)).err(), fault, "{second}");
    };
    check(NOW - 31, Some(Invalid));
    check(NOW - 30, None);
    check(NOW + 900, None);
    check(NOW + 929, None);
    check(NOW + 930, Some(Expired));
    check(NOW + 1_000_000, Some(Expired));
}

#[test]
fn a_token_made_elsewhere_with_our_key_and_claims_is_ours() {
    assert!(verify(&key(), &signed(HEADER, &claims().to_string()), at(NOW)).is_ok());
    // What it says about roles is neither read nor a reason to refuse it.
    let payload = but("role", json!("admin"));
    assert!(verify(&key(), &signed(HEADER, &payload), at(NOW)).is_ok());
    let other_order = r#"{"alg":"HS256","typ":"JWT"}"#;
    assert!(verify(&key(), &signed(other_order, &claims().to_string()), at(NOW)).is_ok());
}

#[test]
fn a_key_needs_thirty_two_bytes() {
    assert_eq!(Key::new(&[7; 31], "reeve").err(), Some(KeyTooShort));
    assert!(Key::new(&[7; 32], "reeve").is_ok());
}

#[test]
fn no_forged_token_passes() {
    let good = claims().to_string();
    let ours = signed(HEADER, &good);
    let (message, signature) = ours.rsplit_once('.').unwrap();
    let unsigned = |header: &str| {
        let (header, payload) = (
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(&good),
        );
        format!("{header}.{payload}.")
    };
    let with_header = |header: &str| signed(header, &good);
    let with_claims = |payload: &str| signed(HEADER, payload);
    let changed = |name: &str, value: Value| signed(HEADER, &but(name, value));
    let twice = |member: &str| {
        let payload = good.replacen('{', &format!("{{{member},"), 1);
        signed(HEADER, &payload)
    };

    let forged: Vec<(&str, String)> = vec![
        // No token at all, or a broken one.
        ("empty", String::new()),
        ("one part", "reeve".to_owned()),
        ("two parts", message.to_owned()),
        ("four parts", format!("{ours}.{signature}")),
        ("empty parts", "..".to_owned()),
        ("a case's reference", "4X7-K92-MQ3".to_owned()),
        ("padded base64", format!("{ours}=")),
        ("a space within", ours.replacen('.', ". ", 1)),
        ("far too long", format!("{}.{signature}", "A".repeat(5_000))),
        ("not JSON", with_claims("no claims")),
        ("a list of claims", with_claims("[]")),
        ("claims that end early", with_claims(r#"{"iss":"reeve""#)),
        ("claims and more", with_claims(&format!("{good}{good}"))),
        // The algorithm is ours to choose.
        ("alg none", unsigned(r#"{"typ":"JWT","alg":"none"}"#)),
        ("alg NONE", unsigned(r#"{"typ":"JWT","alg":"nOnE"}"#)),
        ("alg empty", with_header(r#"{"typ":"JWT","alg":""}"#)),
        ("no alg", with_header(r#"{"typ":"JWT"}"#)),
        ("alg hs256", with_header(r#"{"typ":"JWT","alg":"hs256"}"#)),
        ("alg RS256", with_header(r#"{"typ":"JWT","alg":"RS256"}"#)),
        (
            "HS512 with our key",
            signed_by(
                SECRET,
                Algorithm::HS512,
                r#"{"typ":"JWT","alg":"HS512"}"#,
                &good,
            ),
        ),
        (
            "HS512 said to be HS256",
            signed_by(SECRET, Algorithm::HS512, HEADER, &good),
        ),
        (
            "two algs",
            with_header(r#"{"typ":"JWT","alg":"none","alg":"HS256"}"#),
        ),
        // The type too.
        ("no typ", with_header(r#"{"alg":"HS256"}"#)),
        (
            "typ at+jwt",
            with_header(r#"{"typ":"at+jwt","alg":"HS256"}"#),
        ),
        ("typ null", with_header(r#"{"typ":null,"alg":"HS256"}"#)),
        // Headers that would have us fetch or choose a key.
        (
            "kid",
            with_header(r#"{"typ":"JWT","alg":"HS256","kid":"../../../dev/null"}"#),
        ),
        (
            "jku",
            with_header(r#"{"typ":"JWT","alg":"HS256","jku":"https://keys.example/"}"#),
        ),
        (
            "jwk",
            with_header(r#"{"typ":"JWT","alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#),
        ),
        (
            "x5u",
            with_header(r#"{"typ":"JWT","alg":"HS256","x5u":"https://keys.example/"}"#),
        ),
        (
            "crit",
            with_header(r#"{"typ":"JWT","alg":"HS256","crit":["exp"]}"#),
        ),
        (
            "empty crit",
            with_header(r#"{"typ":"JWT","alg":"HS256","crit":[]}"#),
        ),
        (
            "b64",
            with_header(r#"{"typ":"JWT","alg":"HS256","b64":false}"#),
        ),
        // The signature.
        ("no signature", format!("{message}.")),
        ("a cut signature", {
            let (cut, _) = ours.split_at(ours.len() - 4);
            cut.to_owned()
        }),
        (
            "another key",
            signed_by(&[b'x'; 32], Algorithm::HS256, HEADER, &good),
        ),
        (
            "an empty key",
            signed_by(b"", Algorithm::HS256, HEADER, &good),
        ),
        ("other claims under it", {
            let payload = but("sub", json!("0190a0a0-0000-7000-8000-00000000ffff"));
            let header = URL_SAFE_NO_PAD.encode(HEADER);
            format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload))
        }),
        ("the last bits of it changed", {
            // The last of 43 characters carries four bits; the other two must be zero.
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let (all, last) = ours.split_at(ours.len() - 1);
            let place = alphabet.find(last).unwrap();
            format!("{all}{}", alphabet.chars().nth(place + 1).unwrap())
        }),
        // The claims.
        ("no iss", changed("iss", Value::Null)),
        ("another iss", changed("iss", json!("elsewhere"))),
        ("no aud", changed("aud", Value::Null)),
        ("another aud", changed("aud", json!("other"))),
        ("a list of auds", changed("aud", json!(["reeve"]))),
        ("no sub", changed("sub", Value::Null)),
        ("a sub that is no id", changed("sub", json!("admin"))),
        ("a sub that is a number", changed("sub", json!(1))),
        ("no sid", changed("sid", Value::Null)),
        ("no jti", changed("jti", Value::Null)),
        ("an empty jti", changed("jti", json!(""))),
        ("no iat", changed("iat", Value::Null)),
        ("iat ahead", changed("iat", json!(NOW + 31))),
        ("no nbf", changed("nbf", Value::Null)),
        ("nbf ahead", changed("nbf", json!(NOW + 31))),
        ("nbf as text", changed("nbf", json!("0"))),
        ("no exp", changed("exp", Value::Null)),
        (
            "exp as text",
            changed("exp", json!((NOW + 600).to_string())),
        ),
        (
            "exp as a fraction",
            with_claims(&good.replace(&(NOW + 600).to_string(), "1795280880.0")),
        ),
        (
            "exp with an exponent",
            with_claims(&good.replace(&(NOW + 600).to_string(), "1.79528088e9")),
        ),
        (
            "exp as null",
            with_claims(&good.replace(&(NOW + 600).to_string(), "null")),
        ),
        (
            "exp beyond any number",
            with_claims(&good.replace(&(NOW + 600).to_string(), "1e400")),
        ),
        ("exp as large as can be", changed("exp", json!(i64::MAX))),
        ("exp larger than that", changed("exp", json!(u64::MAX))),
        (
            "a life of fifteen minutes and a second",
            changed("exp", json!(NOW - 60 + 901)),
        ),
        ("iat long ago", changed("iat", json!(i64::MIN))),
        ("exp before iat", changed("exp", json!(NOW - 61))),
        ("exp twice", twice(r#""exp":1"#)),
        (
            "sub twice",
            twice(r#""sub":"0190a0a0-0000-7000-8000-00000000ffff""#),
        ),
        ("an unknown claim twice", twice(r#""x":1,"x":2"#)),
    ];
    for (what, token) in &forged {
        assert_eq!(verify(&key(), token, at(NOW)), Err(Invalid), "{what}");
    }
}

#[test]
fn an_expired_token_is_called_so_only_when_its_signature_holds() {
    let expired = json!({
        "iss": "reeve", "aud": "reeve", "sub": USER, "sid": SESSION, "jti": "a",
        "iat": NOW - 1_000, "nbf": NOW - 1_000, "exp": NOW - 100,
    });
    let payload = expired.to_string();
    let check = |token: String, fault: TokenFault| {
        assert_eq!(verify(&key(), &token, at(NOW)), Err(fault));
    };
    check(signed(HEADER, &payload), Expired);
    check(
        signed_by(&[b'x'; 32], Algorithm::HS256, HEADER, &payload),
        Invalid,
    );
    check(signed(HEADER, &payload.replace("reeve", "other")), Invalid);
}

#[test]
fn another_installations_token_is_none_of_ours() {
    let (user, session) = (USER.parse().unwrap(), SESSION.parse().unwrap());
    let theirs = Key::new(SECRET, "southmere").unwrap();
    let token = issue(&theirs, user, session, at(NOW), 900).unwrap();
    assert_eq!(verify(&key(), &token, at(NOW)), Err(Invalid));
}
