use axum::http::HeaderValue;

use super::*;
use crate::link::Code;

/// What the standard makes of a URL; `None` if it is none, or none of the web.
#[track_caller]
fn check_url(url: &str, serialized: Option<&str>) {
    assert_eq!(url_of_the_web(url).ok().as_deref(), serialized, "{url:?}");
}

#[test]
fn urls_are_those_of_the_whatwg_standard_in_its_spelling() {
    for (url, serialized) in [
        ("http://example.org", "http://example.org/"),
        ("HTTPS://EXAMPLE.ORG/A", "https://example.org/A"),
        (
            "https://example.org/a?b=c&d=%20#e",
            "https://example.org/a?b=c&d=%20#e",
        ),
        (
            "https://user:pass@example.org:8080/x;y",
            "https://user:pass@example.org:8080/x;y",
        ),
        ("https://@example.org", "https://example.org/"),
        // White space around, and tabs and line ends within, are no part of it.
        ("\u{0} \thttp://example.org/a\r\n", "http://example.org/a"),
        (
            "http://exa\nmple\t.org/a\r\nb: c",
            "http://example.org/ab:%20c",
        ),
        // Slashes, dots and ports.
        ("http:example.org", "http://example.org/"),
        ("http:///example.org", "http://example.org/"),
        ("http:\\\\example.org\\a\\b", "http://example.org/a/b"),
        (
            "http://example.org/a/./b/../../../c/%2e",
            "http://example.org/c/",
        ),
        ("http://example.org:80/", "http://example.org/"),
        ("https://example.org:443/", "https://example.org/"),
        ("http://example.org:00000000000080/", "http://example.org/"),
        ("http://example.org:/", "http://example.org/"),
        ("http://example.org:0/", "http://example.org:0/"),
        ("http://example.org:65535/", "http://example.org:65535/"),
        // What is not ASCII, and what is and has to be encoded all the same.
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("http://你好你好", "http://xn--6qqa088eba/"),
        ("http://ＧＯ．com", "http://go.com/"),
        (
            "https://example.org/wiki/Köln?ö#ö",
            "https://example.org/wiki/K%C3%B6ln?%C3%B6#%C3%B6",
        ),
        (
            "https://example.org/?q=\"x\"",
            "https://example.org/?q=%22x%22",
        ),
        (
            "https://example.org/?q='x'",
            "https://example.org/?q=%27x%27",
        ),
        ("https://example.org/a`b", "https://example.org/a%60b"),
        (
            "https://example.org/a b?c d#e f",
            "https://example.org/a%20b?c%20d#e%20f",
        ),
        (
            "https://example.org/<{|}>",
            "https://example.org/%3C%7B|%7D%3E",
        ),
        (
            "https://example.org/\u{0}\u{7f}\u{85}",
            "https://example.org/%00%7F%C2%85",
        ),
        (
            "https://x/\u{fffd}?\u{fffd}#\u{fffd}",
            "https://x/%EF%BF%BD?%EF%BF%BD#%EF%BF%BD",
        ),
        ("https://example.org/%zz%", "https://example.org/%zz%"),
        // Addresses.
        ("http://127.0.0.1:4001/", "http://127.0.0.1:4001/"),
        ("http://192.0x00A80001", "http://192.168.0.1/"),
        ("http://1.2.3", "http://1.2.0.3/"),
        ("http://4294967295", "http://255.255.255.255/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://[0:0:0:0:0:0:13.1.68.3]", "http://[::d01:4403]/"),
        ("http://[1:0::0:2]", "http://[1::2]/"),
    ] {
        check_url(url, Some(serialized));
        check_url(serialized, Some(serialized));
        assert!(HeaderValue::from_str(serialized).is_ok(), "{serialized}");
    }
}

#[test]
fn what_the_standard_refuses_and_what_is_not_of_the_web_is_refused() {
    for url in [
        "",
        "margarine",
        "example.org",
        "/relative",
        "//example.org/",
        "?query",
        "ftp://example.org/",
        "javascript:alert(1)",
        "data:text/html,x",
        "foo:-80",
        "http:",
        "http://",
        "http://?",
        "https://:80/",
        "https://user@/example.org",
        "https://@:80/",
        "https://example.org:99999",
        "https://example.org:65536/",
        "https://example.org:-80/",
        "https://example.org:b/",
        "https://example.org: /",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://0x100000000/",
        "https://foo.0x4/",
        "http://[www.google.com]/",
        "http://[::1",
        "http://[::1]a/",
        "http://[1::2::3]/",
        "http://[::1.2.3]/",
        "http://[1:2:3]/",
        "http://2001::1/",
        "https://exam ple.org/",
        "https://exam%20ple.org/",
        "https://exam<ple.org/",
        "https://exam^ple.org/",
        "https://exam|ple.org/",
        "https://exam\u{0}ple.org/",
        "https://%00.org/",
        "https://%zz.org/",
        "https://GOO\u{3000}goo.com/",
        "https://％４１.com/",
        "https://%ef%bc%85%ef%bc%94%ef%bc%91.com/",
        "https://\u{ad}/",
        "https://xn--/",
    ] {
        check_url(url, None);
    }
}

#[test]
fn urls_of_2048_bytes_are_taken_and_longer_ones_are_not() {
    let long = |letter: &str, times: usize| format!("http://example.org/{}", letter.repeat(times));
    check_url(&long("a", 2029), Some(&long("a", 2029)));
    check_url(&long("a", 2030), None);
    check_url(&long("ö", 338), Some(&long("%C3%B6", 338)));
    check_url(&long("ö", 339), None);
    check_url(&long("./", 1020), None);
}

fn order(json: bool, body: &[u8]) -> Result<NewLink, String> {
    let mut headers = HeaderMap::new();
    if json {
        let kind = HeaderValue::from_static("Application/JSON; charset=utf-8");
        headers.insert(CONTENT_TYPE, kind);
    }
    read(&headers, body)
}

/// URL, code, and the seconds that are left, rounded.
type Asked<'a> = (&'a str, Option<&'a str>, Option<u64>);

/// The same said by a form and by JSON comes to the same.
#[track_caller]
fn check(form: &str, json: &str, asked: Option<Asked<'_>>) {
    for (is_json, body) in [(false, form), (true, json)] {
        let order = order(is_json, body.as_bytes());
        let Some((url, code, ttl)) = asked else {
            assert!(order.is_err(), "{body} is {order:?}");
            continue;
        };
        let order = order.unwrap_or_else(|why| panic!("{body}: {why}"));
        assert_eq!(order.link.url, url, "{body}");
        assert_eq!(order.code.as_ref().map(Code::as_str), code, "{body}");
        let left = order
            .link
            .expires_at
            .map(|end| (end - now()).div_ceil(1000));
        assert_eq!(left, ttl, "{body}");
    }
}

#[test]
fn forms_and_json_follow_one_rule() {
    const URL: &str = "http://a.b/";
    check(
        "url=http://a.b",
        r#"{"url": "http://a.b"}"#,
        Some((URL, None, None)),
    );
    check(
        "url=http%3A%2F%2Fa.b&code=mine&ttl=600",
        r#"{"url": "http://a.b", "code": "mine", "ttl": 600}"#,
        Some((URL, Some("mine"), Some(600))),
    );
    check(
        "ttl=0060&code=7&url=http://a.b",
        r#"{"ttl": "0060", "code": 7, "url": "http://a.b"}"#,
        Some((URL, Some("7"), Some(60))),
    );
    // What is empty is not there.
    check(
        "url=http://a.b&code=&ttl",
        r#"{"url": "http://a.b", "code": "", "ttl": null}"#,
        Some((URL, None, None)),
    );
    check("url=", r#"{"url": ""}"#, None);
    check("", "{}", None);
    check("code=a", r#"{"code": "a"}"#, None);
    // A byte order mark is skipped, at the start alone.
    check(
        "\u{feff}url=http://a.b",
        "\u{feff}{\"url\": \"http://a.b\"}",
        Some((URL, None, None)),
    );
    check(
        "\u{feff}\u{feff}url=http://a.b",
        "\u{feff}\u{feff}{\"url\": \"http://a.b\"}",
        None,
    );
    // Unknown fields, and fields that come twice.
    check(
        "url=http://a.b&tll=60",
        r#"{"url": "http://a.b", "tll": 60}"#,
        None,
    );
    check(
        "url=http://a.b&URL=http://a.b",
        r#"{"url": "http://a.b", "URL": ""}"#,
        None,
    );
    check(
        "url=http://a.b&url=http://a.c",
        r#"{"url": "http://a.b", "url": "http://a.c"}"#,
        None,
    );
    check(
        "url=http://a.b&code=&code=",
        r#"{"url": "http://a.b", "code": "", "code": ""}"#,
        None,
    );
    // Values that do not fit.
    check(
        "url=http://a.b&code=a/b",
        r#"{"url": "http://a.b", "code": "a/b"}"#,
        None,
    );
    for ttl in [
        "0",
        "x",
        "-5",
        "5.0",
        "1e3",
        "99999999999",
        "99999999999999999999",
    ] {
        check(
            &format!("url=http://a.b&ttl={ttl}"),
            &format!(r#"{{"url": "http://a.b", "ttl": "{ttl}"}}"#),
            None,
        );
        check(
            "",
            &format!(r#"{{"url": "http://a.b", "ttl": {ttl}}}"#),
            None,
        );
    }
    check(
        "url=http://a.b&ttl=%2B5",
        r#"{"url": "http://a.b", "ttl": "+5"}"#,
        None,
    );
    check(
        "url=http://a.b&ttl=+5",
        r#"{"url": "http://a.b", "ttl": " 5"}"#,
        None,
    );
}

#[test]
fn what_is_not_a_form_or_not_an_object_is_refused() {
    for body in [
        "",
        "[]",
        r#"["http://a.b"]"#,
        r#""http://a.b""#,
        r#"{"url": ["http://a.b"]}"#,
        r#"{"url": true}"#,
        r#"{"url": "http://a.b""#,
        r#"{"url": "http://a.b"} {}"#,
    ] {
        assert!(order(true, body.as_bytes()).is_err(), "{body}");
    }
    for body in [
        &b"url=http://a.b/\xe4"[..],
        b"url=http://a.b/%E4",
        b"url=http://a.b/%C3&code=%B6",
        b"url=http://a.b/&\xff=x",
    ] {
        let why = order(false, body).unwrap_err();
        assert!(why.contains("not UTF-8"), "{why}");
    }
    assert!(order(true, b"{\"url\": \"http://a.b/\xe4\"}").is_err());
    assert!(order(false, "url=http://a.b/ä%EF%BF%BD".as_bytes()).is_ok());
}
