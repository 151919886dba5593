use super::*;

#[track_caller]
fn check_url(url: &str, fits: bool) {
    assert_eq!(is_of_the_web(url).is_ok(), fits, "{url:?}");
}

#[test]
fn only_urls_of_the_web_are_taken() {
    for url in [
        "http://example.org",
        "https://example.org/a?b=c&d=%20#e",
        "HTTPS://EXAMPLE.ORG/",
        "https://user@example.org:8080/x",
        "http://[::1]:80/",
        "https://de.wikipedia.org/wiki/Köln",
    ] {
        check_url(url, true);
    }
    for url in [
        "",
        "example.org",
        "/relative",
        "//example.org/",
        "ftp://example.org/",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "https://:80/",
        "http://example.org/a b",
        "http://example.org/\r\nSet-Cookie: a=b",
        "http://example.org/\u{7f}",
        "http://example.org/\u{85}",
    ] {
        check_url(url, false);
    }
    check_url(
        &format!("http://example.org/{}", "a".repeat(2048 - 19)),
        true,
    );
    check_url(
        &format!("http://example.org/{}", "a".repeat(2048 - 18)),
        false,
    );
}

#[test]
fn orders_come_as_form_and_as_json() {
    let form = HeaderMap::new();
    let mut json = HeaderMap::new();
    json.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    let new = order(
        &form,
        b"url=https%3A%2F%2Fexample.org%2F&code=mine&ttl=60&button=go",
    )
    .unwrap();
    assert_eq!(new.link.url, "https://example.org/");
    assert_eq!(new.code.as_ref().map(Code::as_str), Some("mine"));
    let left = new.link.expires_at.unwrap() - now();
    assert!((50_000..=60_000).contains(&left), "{left}");
    let new = order(
        &json,
        br#"{"url": "https://example.org/", "code": null, "ttl": 5}"#,
    )
    .unwrap();
    assert_eq!(
        (new.link.url.as_str(), new.code),
        ("https://example.org/", None)
    );
    assert!(new.link.expires_at.is_some());
    for body in [
        "",
        "url=",
        "code=a",
        "url=http://a.b&code=a/b",
        "url=http://a.b&ttl=0",
        "url=http://a.b&ttl=x",
        "url=http://a.b&url=http://a.c",
        "url=http://a.b&ttl=99999999999",
    ] {
        assert!(order(&form, body.as_bytes()).is_err(), "{body}");
    }
    for body in ["", "[]", "{\"url\": []}", "{\"url\"", "{}"] {
        assert!(order(&json, body.as_bytes()).is_err(), "{body}");
    }
}
