use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn names() -> [String; MAX_CHUNKS] {
    ["a", "a.1", "a.2", "a.3"].map(String::from)
}

fn headers(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(
            COOKIE,
            HeaderValue::from_bytes(line).expect("no control characters"),
        );
    }
    headers
}

fn text(lines: &[&[u8]]) -> Result<Option<Vec<u8>>, &'static str> {
    match read(super::lines(&headers(lines)), &names()) {
        Ok(value) => Ok(value.map(|value| value.text().to_vec())),
        Err(error) => Err(error.code()),
    }
}

#[test]
fn reads_one_chunk_among_whatever_else_is_there() {
    let rows: &[&[&[u8]]] = &[
        &[b"a=1value"],
        &[b"x=y; a=1value; z"],
        &[b"x=y;a=1value;"],
        &[b" \ta \t= 1value \t"],
        &[b"=; ==; ;;; a=1value;;"],
        &[b"=a=1evil; a=1value"],
        &[b"x=\xff\xfe; \xff=\x80; a=1value"],
        &[b"x=y", b"a=1value", b"z=1"],
        &[b"A=1evil; aa=1evil; a=1value; a.=1evil"],
        &[b"a; a=1value; a"],
        // Quotes hold nothing together: no browser means anything by them.
        &[b"$Version=1; x=\"; a=1value; y=\""],
    ];
    for row in rows {
        assert_eq!(text(row), Ok(Some(b"value".to_vec())), "{row:?}");
    }
}

#[test]
fn borrows_a_single_chunk() {
    let headers = headers(&[b"x=y; a=1value"]);
    let value = read(super::lines(&headers), &names())
        .expect("is well-formed")
        .expect("is there");
    assert!(matches!(value.text, Cow::Borrowed(b"value")));
}

#[test]
fn absent_is_none() {
    let rows: &[&[&[u8]]] = &[
        &[],
        &[b""],
        &[b"a"],
        &[b";"],
        &[b"="],
        &[b"=a=1value"],
        &[b"A=1value"],
        &[b"x=a=1value"],
        &[b"\xe2\x80\x80a=1value"],
        &[b"\xa0a=1value"],
        &[b"a.1=stale; a.2=stale"],
    ];
    for row in rows {
        assert_eq!(text(row), Ok(None), "{row:?}");
    }
}

#[test]
fn joins_chunks_in_any_order_and_ignores_stale_ones() {
    assert_eq!(
        text(&[b"a.1=two; a.3=stale; a=2one"]),
        Ok(Some(b"onetwo".to_vec()))
    );
    assert_eq!(
        text(&[b"a=1one; a.1=stale; a.1=stale"]),
        Ok(Some(b"one".to_vec()))
    );
    let all = b"a.3=4; a.2=3; a.1=2; a=41";
    assert_eq!(text(&[all]), Ok(Some(b"1234".to_vec())));
}

#[test]
fn refuses_what_is_not_one_value() {
    let long = [b"a=1", &[b'x'; MAX_COOKIE][..]].concat();
    let rows: &[(&[&[u8]], &str)] = &[
        (&[b"a="], "cookie.malformed"),
        (&[b"a=0x"], "cookie.malformed"),
        (&[b"a=5x"], "cookie.malformed"),
        (&[b"a=99999999"], "cookie.malformed"),
        (&[b"a=-1"], "cookie.malformed"),
        (&[b"a=\"1value\""], "cookie.malformed"),
        (&[b"a=\xff"], "cookie.malformed"),
        (&[b"a=2one"], "cookie.incomplete"),
        (&[b"a=3one; a.2=three"], "cookie.incomplete"),
        (&[b"a=1one; a=1other"], "cookie.duplicate"),
        (&[b"a=1one; a=1one"], "cookie.duplicate"),
        (&[b"a=1one", b"a=1other"], "cookie.duplicate"),
        (&[b"a=2one; a.1=two; a.1=other"], "cookie.duplicate"),
        (&[&long], "cookie.too_large"),
    ];
    for (lines, code) in rows {
        assert_eq!(text(lines), Err(*code), "{code}");
    }
}

#[test]
fn scans_no_more_than_the_limit() {
    let filler = [b"x=", &vec![b'x'; MAX_SCANNED / 2 - 7][..]].concat();
    let rest = [b"a=1value;".to_vec(), vec![b' '; 1]].concat();
    assert_eq!(filler.len() * 2 + rest.len(), MAX_SCANNED);
    assert_eq!(
        text(&[&filler, &filler, &rest]),
        Ok(Some(b"value".to_vec()))
    );
    assert_eq!(
        text(&[&filler, &filler, &rest, b";"]),
        Err("cookie.too_large")
    );

    let long = headers(&[&filler, &filler, &rest, b";"]);
    assert_eq!(present(&long, &names()), Present::ALL);
    assert_eq!(
        single(&long, "a").map_err(|error| error.code()),
        Err("cookie.too_large")
    );
    assert_eq!(matching(&long, "", "").count(), 0);
}

#[test]
fn knows_which_names_to_clear() {
    let headers = headers(&[b"a=1one; a.1=stale; a.3=stale"]);
    let names = names();
    let value = read(super::lines(&headers), &names)
        .expect("is well-formed")
        .expect("is there");
    let beyond = |kept| value.present().beyond(kept).collect::<Vec<_>>();
    assert_eq!(beyond(0), [0, 1, 3]);
    assert_eq!(beyond(1), [1, 3]);
    assert_eq!(beyond(2), [3]);
    assert!(beyond(4).is_empty());
    assert_eq!(present(&headers, &names), value.present());
    assert_eq!(Present::ALL.beyond(0).count(), MAX_CHUNKS);
}

#[test]
fn the_limit_is_exact() {
    let names = names();
    let limit = capacity(&names);
    assert_eq!(limit, MAX_CHUNKS * MAX_COOKIE - (1 + 3 + 3 + 3) - 1);
    let chunks = split(&"x".repeat(limit), &names).expect("it fits");
    assert_eq!(chunks.len(), MAX_CHUNKS);
    for (name, value) in &chunks {
        assert_eq!(name.len() + value.len(), MAX_COOKIE);
    }
    let error = split(&"x".repeat(limit + 1), &names).expect_err("one too many");
    assert_eq!(
        error,
        CookieError::TooLarge {
            length: limit + 1,
            limit
        }
    );
    assert_eq!(split("é", &names), Err(CookieError::Malformed));
    assert_eq!(split("", &names), Ok(vec![("a", "1".into())]));
}

#[test]
fn a_single_cookie_is_there_once() {
    let read = |lines| {
        let value = single(&headers(lines), "a").map(|value| value.map(<[u8]>::to_vec));
        value.map_err(|error| error.code())
    };
    assert_eq!(read(&[b"b=1; a=value"]), Ok(Some(b"value".to_vec())));
    assert_eq!(read(&[b"b=1"]), Ok(None));
    assert_eq!(read(&[b"a=1; b=2", b"a=1"]), Err("cookie.duplicate"));
}

#[test]
fn matches_what_stands_between_prefix_and_suffix() {
    let headers = headers(&[
        b"t.one-0a=1; t.two-0a=2; t.-0a=none; t-0a=overlap; t.three-0b=other",
        b"x.four-0a=other; t.f\xff-0a=bytes; t.s x-0a=space; t.A_b-C-0a=3",
    ]);
    let found = matching(&headers, "t.", "-0a").collect::<Vec<_>>();
    let expected: [(&str, &[u8]); 3] = [("one", b"1"), ("two", b"2"), ("A_b-C", b"3")];
    assert_eq!(found, expected);
}

#[test]
fn matches_no_more_than_the_limit() {
    let many = (0..100).map(|n| format!("t.{n}=v;")).collect::<String>();
    assert_eq!(
        matching(&headers(&[many.as_bytes()]), "t.", "").count(),
        MAX_MATCHES
    );
}

#[test]
fn debug_does_not_leak() {
    let headers = headers(&[b"a=1value"]);
    let value = read(super::lines(&headers), &names());
    assert_eq!(format!("{value:?}"), "Ok(Some(CookieValue))");
}

proptest! {
    #[test]
    fn what_was_split_is_read_back(length in 0..=15_189_usize, stale in any::<bool>()) {
        let names = names();
        let value = ('a'..='z').cycle().take(length).collect::<String>();
        let chunks = split(&value, &names).expect("it fits");
        let mut lines = chunks.iter().map(|(name, value)| format!("{name}={value}"));
        let mut line = lines.by_ref().collect::<Vec<_>>().join("; ");
        if stale {
            let used = chunks.len();
            line = names[used..].iter().fold(line, |line, name| format!("{name}=old; {line}"));
        }
        prop_assert_eq!(text(&[line.as_bytes()]), Ok(Some(value.into_bytes())));
    }

    #[test]
    fn arbitrary_headers_never_panic(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..4),
        names in prop::array::uniform4("[a-c]{0,2}"),
    ) {
        let mut headers = HeaderMap::new();
        for value in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
            headers.append(COOKIE, value);
        }
        let _ = read(super::lines(&headers), &names);
        let _ = single(&headers, &names[0]);
        let _ = matching(&headers, &names[0], &names[1]).count();
    }

    #[test]
    fn cookie_like_headers_never_panic(line in "[a.123=; \\t\"xé]{0,60}") {
        let headers = headers(&[line.replace('\t', " ").as_bytes()]);
        let _ = read(super::lines(&headers), &names());
        let _ = matching(&headers, "a", "").count();
    }
}
