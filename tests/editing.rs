//! Values written into the text of a scenario: the new value is there, and every other byte is what
//! it was.

use sim_models::scenario::tree::Node;
use sim_reports::edit::{edited, unified_diff};

fn one(text: &str, path: &str, value: &str) -> Result<String, String> {
    edited(text, &[(path.to_owned(), value.to_owned())]).map_err(|problems| {
        assert!(problems.iter().all(|problem| problem.is_error() && problem.at.is_some()));
        problems.iter().map(|problem| problem.message.clone()).collect()
    })
}

/// For each: the text, the path, the value, and the text that must come out.
fn must_become(cases: &[(&str, &str, &str, &str)]) {
    for (text, path, value, expected) in cases {
        assert_eq!(one(text, path, value).as_deref(), Ok(*expected), "{path}={value} in {text}");
    }
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    must_become(&[
        ("a:\n  wait: 20s   # why\n", "a.wait", "5s", "a:\n  wait: 5s   # why\n"),
        (
            "a: { rate: 50%, wait: 20s } # c\n",
            "a.rate",
            "32.5%",
            "a: { rate: 32.5%, wait: 20s } # c\n",
        ),
        (
            "a: {\n  threads: 9, # c\n  b: 1,\n}\n",
            "a.threads",
            "12",
            "a: {\n  threads: 12, # c\n  b: 1,\n}\n",
        ),
        ("a: 1\nb: 0.30\n", "b", "0.25", "a: 1\nb: 0.25\n"),
        ("a: \"20s\" # c\n", "a", "5s", "a: \"5s\" # c\n"),
        ("a: 'it''s'\n", "a", "that's", "a: 'that''s'\n"),
        ("a: \"20\"\n", "a", "5", "a: 5\n"),
        ("a: 1", "a", "2", "a: 2"),
        ("a: null # c\n", "a", "2", "a: 2 # c\n"),
        ("a: ~\nb:\n", "b", "2", "a: ~\nb: 2\n"),
        ("a: { b: , c: 1 }\n", "a.b", "2", "a: { b: 2 , c: 1 }\n"),
        ("a:\n  fast\n  enough\nb: 1\n", "a", "5s", "a:\n  5s\nb: 1\n"),
        ("a: >-\n  20\n  s\nb: 1\n", "a", "5s", "a: 5s\nb: 1\n"),
        ("ü: é # ö\nb: 1\n", "ü", "è", "ü: è # ö\nb: 1\n"),
        ("a:\r\n  b: 1 # c\r\n  d: 2\r\n", "a.b", "3", "a:\r\n  b: 3 # c\r\n  d: 2\r\n"),
        ("w: poisson 100/s\n", "w", "poisson 300/s", "w: poisson 300/s\n"),
        (
            "calls:\n  c->d: { timeout: 1s }\n",
            "calls.c -> d.timeout",
            "2s",
            "calls:\n  c->d: { timeout: 2s }\n",
        ),
        ("\"a b\": {\"c\": 1}\n", "a b.c", "2", "\"a b\": {\"c\": 2}\n"),
        (
            "f:\n  - { by: 2x }\n  - slow: db # c\n    by: 2x\n",
            "f[1].by",
            "3x",
            "f:\n  - { by: 2x }\n  - slow: db # c\n    by: 3x\n",
        ),
        ("f: [ { by: 2x }, { by: 4x } ]\n", "f.0.by", "3x", "f: [ { by: 3x }, { by: 4x } ]\n"),
        ("# head\n---\na: 1\n...\n", "a", "2", "# head\n---\na: 2\n...\n"),
    ]);
}

#[test]
fn maps_and_lists_take_the_place_of_others_in_one_line() {
    must_become(&[
        (
            "a:\n  b: # why\n    c: 1\n    d: 2 # gone\n  e: 3\n",
            "a.b",
            "{ c: 5s, x: [1, 2] }",
            "a:\n  b: { c: 5s, x: [1,2] } # why\n  e: 3\n",
        ),
        ("a: { b: { c: 1 }, e: 3 } # c\n", "a.b", "{\"c\":5}", "a: { b: { c: 5 }, e: 3 } # c\n"),
        ("a:\n- 1\n- 2\nb: 1\n", "a", "[3]", "a: [3]\nb: 1\n"),
        ("a:\n  b:\n    c: 1\nd: 1\n", "a.b", "off", "a:\n  b: off\nd: 1\n"),
        ("a: round robin\n", "a", "{ zone: x, text: 'a, b' }", "a: { zone: x, text: \"a, b\" }\n"),
    ]);
}

#[test]
fn a_bare_number_and_its_map_are_the_same_setting() {
    must_become(&[
        ("a: { threads: 20 }\n", "a.threads.max", "30", "a: { threads: 30 }\n"),
        (
            "a: { threads: { queue: 9, max: 20 } }\n",
            "a.threads",
            "30",
            "a: { threads: { queue: 9, max: 30 } }\n",
        ),
        (
            "a: { threads: { queue: 9 } }\n",
            "a.threads",
            "30",
            "a: { threads: { queue: 9, max: 30 } }\n",
        ),
        (
            "a:\n  threads: 20 # c\n",
            "a.threads.queue",
            "9",
            "a:\n  threads: { max: 20, queue: 9 } # c\n",
        ),
    ]);
}

#[test]
fn a_value_that_is_not_written_is_added_where_its_section_ends() {
    must_become(&[
        (
            "a:\n  b: 1 # c\n\n# next\nd: 2\n",
            "a.x",
            "5s",
            "a:\n  b: 1 # c\n  x: 5s\n\n# next\nd: 2\n",
        ),
        ("a:\n    b:\n        c: 1", "a.b.x", "5s", "a:\n    b:\n        c: 1\n        x: 5s\n"),
        ("a: { b: 1 } # c\n", "a.x", "5s", "a: { b: 1, x: 5s } # c\n"),
        ("a: {\n  b: [ 1, 2 ], # }\n}\n", "a.x", "5s", "a: {\n  b: [ 1, 2 ], x: 5s, # }\n}\n"),
        ("a: {}\n", "a.x.y", "5s", "a: { x: { y: 5s } }\n"),
        ("a:\nb: 1\n", "a.x", "5s", "a: { x: 5s }\nb: 1\n"),
        ("a:\n  b:\n  c: 1\n", "a.b.x", "2", "a:\n  b: { x: 2 }\n  c: 1\n"),
        (
            "a: 1\n# end\n",
            "calls.c -> d.retry.attempts",
            "3",
            "a: 1\ncalls:\n  c -> d:\n    retry: { attempts: 3 }\n# end\n",
        ),
        (
            "f:\n  - slow: db\n  - errors: db\n",
            "f[0].by",
            "3x",
            "f:\n  - slow: db\n    by: 3x\n  - errors: db\n",
        ),
        ("a:\r\n  b: 1\r\nc: 2\r\n", "a.x", "2", "a:\r\n  b: 1\r\n  x: 2\r\nc: 2\r\n"),
    ]);
}

#[test]
fn null_removes_what_is_there_and_its_comment() {
    must_become(&[
        (
            "a:\n  b: 1\n  # about c\n  c: 2 # c\n  d: 3\n",
            "a.c",
            "null",
            "a:\n  b: 1\n  # about c\n  d: 3\n",
        ),
        ("a:\n  b:\n    c: 1\n    d: 2\n  e: 1\n", "a.b", "null", "a:\n  e: 1\n"),
        ("a: { b: 1, c: 2, d: 3 } # c\n", "a.c", "null", "a: { b: 1, d: 3 } # c\n"),
        ("a: { b: 1, c: 2 }\n", "a.b", "null", "a: { c: 2 }\n"),
        ("a: { b: 1, c: { d: [ 1 ] } }\n", "a.c", "null", "a: { b: 1 }\n"),
        ("a: { b: 1 }\n", "a.b", "null", "a: {}\n"),
        ("a: # c\n  b: 1\nd: 2\n", "a.b", "null", "a: {} # c\nd: 2\n"),
        ("f:\n  - slow: db\n    by: 3x\n  - errors: db\n", "f[0]", "null", "f:\n  - errors: db\n"),
        ("f:\n  - slow: db\n    by: 3x\n", "f[0].slow", "null", "f:\n  - by: 3x\n"),
        ("f: [ 1, 2 ]\n", "f[1]", "null", "f: [ 1 ]\n"),
    ]);
}

#[test]
fn values_that_share_an_anchor_are_refused_and_a_reference_is_written_out() {
    let base = "base: &b\n  t: 1\n  u: &u 2\n";
    must_become(&[
        (&format!("{base}d: {{ t: *u }} # c\n"), "d.t", "5", &format!("{base}d: {{ t: 5 }} # c\n")),
        (
            &format!("{base}d:\n  <<: *b\n  x: 1\n"),
            "d.t",
            "5",
            &format!("{base}d:\n  <<: *b\n  x: 1\n  t: 5\n"),
        ),
        (base, "base.u", "5", "base: &b\n  t: 1\n  u: &u 5\n"),
    ]);
    for (rest, path) in [("d: *b\n", "d.t"), ("d: *b\n", "base.t"), ("d: *u\n", "base.u")] {
        let refused = one(&format!("{base}{rest}"), path, "5").expect_err("shared");
        assert!(refused.contains("anchor") || refused.contains("something else"), "{refused}");
    }
    assert!(one(&format!("{base}d:\n  <<: *b\n"), "d.t", "null").is_err());
}

#[test]
fn what_another_file_has_is_refused() {
    let text = "include: [ other.yaml ]\na: { b: 1 }\n";
    for (path, value) in [("faults[0].by", "3x"), ("a.c", "null"), ("a.b.c", "1")] {
        assert!(one(text, path, value).is_err(), "{path}={value}");
    }
    let problems = edited(
        text,
        &[("faults[0].by".to_owned(), "3x".to_owned()), ("a.c".to_owned(), "null".to_owned())],
    );
    assert_eq!(problems.expect_err("both are refused").len(), 2);
}

#[test]
fn many_values_at_once_and_the_same_twice_change_nothing_else() {
    let path = crate::running::root().join("scenarios/cascade-protected.yaml");
    let text = std::fs::read_to_string(path).expect("readable");
    let values = [
        ("calls.c -> d.timeout", "137ms"),
        ("calls.c -> d.bulkhead.semaphore", "9"),
        ("calls.c -> d.breaker.failure rate", "41.5%"),
        ("calls.c -> d.retry.attempts", "2"),
        ("services.gateway.threads", "33"),
        ("services.c.threads.queue", "7"),
        ("databases.d-db.connections", "8"),
    ];
    let values = values.map(|(path, value)| (path.to_owned(), value.to_owned()));
    let new = edited(&text, &values).expect("written");
    assert_eq!(edited(&new, &values).as_deref(), Ok(new.as_str()), "twice is once");
    let diff = unified_diff(&text, &new, "old", "new");
    let count = |sign| diff.lines().filter(|line| line.starts_with(sign)).count();
    assert_eq!((count('-'), count('+')), (7, 8), "{diff}");
    let tree = Node::parse(&new, 0).expect("YAML").to_json();
    assert_eq!(tree["calls"]["c -> d"]["retry"]["attempts"], 2);
    assert_eq!(tree["services"]["c"]["threads"]["queue"], 7);
}
