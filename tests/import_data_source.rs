//! The data source of a Spring Boot application becomes the pool of the calls to its database, and goes back.

use sim_models::formats::Imported;
use sim_reports::imported::{merge_into, render};

use crate::exports::{blueprint, export, there_and_back, written};
use crate::import::{import, imported, sound};
use crate::import_ranges::assert_error;
use crate::running::{call, ended, load_text, run_text};
use sim_models::system::Id;

fn read(text: &str) -> Imported {
    import("resilience4j", "application.yml", text)
}

/// The only call of an import: its callee, its pool and its comments.
fn only(text: &str) -> (String, String, Vec<String>) {
    let imported = read(text);
    assert_eq!(imported.problems, [], "{text}");
    let [call] = &imported.calls[..] else { panic!("{text}: {:?}", imported.calls) };
    let [("pool", pool)] = &call.settings[..] else { panic!("{text}: {:?}", call.settings) };
    let comments = call.assumptions.iter().chain(&call.remarks).map(ToString::to_string);
    (call.callee.clone(), pool.to_string(), comments.collect())
}

fn hikari(settings: &str) -> String {
    format!(
        "spring.datasource: {{ url: \"jdbc:postgresql://db/shop\", hikari: {{ {settings} }} }}\n"
    )
}

fn r2dbc(settings: &str) -> String {
    format!("spring.r2dbc: {{ url: \"r2dbc:postgresql://db/shop\", pool: {{ {settings} }} }}\n")
}

#[test]
fn every_property_of_a_data_source_is_a_pool_or_a_comment() {
    for file in ["cases/spring-data-source.yml", "cases/spring-reactive.yml"] {
        let imported = imported("resilience4j", file);
        insta::assert_snapshot!(file.replace(['/', '.'], "-"), sound(file, &imported));
    }
}

#[test]
fn the_defaults_are_those_of_the_libraries() {
    let cases = [
        (hikari(""), r#"{"max":10,"max wait":"30s"}"#, 3),
        (hikari("maximum-pool-size: 25"), r#"{"max":25,"max wait":"30s"}"#, 2),
        (
            hikari("maximumPoolSize: 25, minimum-idle: 25"),
            r#"{"max":25,"idle":25,"max wait":"30s"}"#,
            1,
        ),
        (hikari("minimum-idle: 0"), r#"{"max":10,"idle":0,"max wait":"30s"}"#, 2),
        (hikari("minimum-idle: 12"), r#"{"max":10,"idle":10,"max wait":"30s"}"#, 2),
        (hikari("connection-timeout: 0"), r#"{"max":10}"#, 2),
        (hikari("connection-timeout: 9223372036854775807"), r#"{"max":10}"#, 2),
        (r2dbc("max-acquire-time: P9999999D"), r#"{"max":10,"idle":10}"#, 2),
        (hikari("connection-timeout: 250"), r#"{"max":10,"max wait":"250ms"}"#, 2),
        (r2dbc(""), r#"{"max":10,"idle":10}"#, 3),
        (r2dbc("max-size: 30"), r#"{"max":30,"idle":10}"#, 2),
        (r2dbc("max-size: 5, initial-size: 0, min-idle: 2"), r#"{"max":5,"idle":2}"#, 1),
        // The pool asks once more when the time is over.
        (r2dbc("max-acquire-time: 2s"), r#"{"max":10,"idle":10,"max wait":"4s"}"#, 3),
        (
            r2dbc("max-acquire-time: 2s, acquire-retry: 0"),
            r#"{"max":10,"idle":10,"max wait":"2s"}"#,
            2,
        ),
        (r2dbc("max-acquire-time: 0"), r#"{"max":10,"idle":10,"queue":0}"#, 2),
        (r2dbc("max-acquire-time: -1"), r#"{"max":10,"idle":10}"#, 2),
    ];
    for (text, pool, defaults) in cases {
        let (callee, read, comments) = only(&text);
        assert_eq!((callee.as_str(), read.as_str()), ("db", pool), "{text}");
        let is_default = |it: &&String| it.contains("not set");
        assert_eq!(comments.iter().filter(is_default).count(), defaults, "{text}: {comments:?}");
    }
}

#[test]
fn a_pool_in_the_address_of_r2dbc_has_the_defaults_of_the_library() {
    let cases = [
        ("", r#"{"max":10,"idle":10}"#),
        ("?maxSize=4", r#"{"max":4,"idle":4}"#),
        (
            "?maxSize=4&initialSize=2&maxAcquireTime=PT2S&acquireRetry=0",
            r#"{"max":4,"idle":2,"max wait":"2s"}"#,
        ),
    ];
    for (options, pool) in cases {
        let url = format!("spring.r2dbc.url: r2dbc:pool:postgresql://db/shop{options}\n");
        assert_eq!(only(&url).1, pool, "{url}");
    }
    let (_, _, comments) = only("spring.r2dbc.url: r2dbc:pool:h2://db/x?validationDepth=LOCAL\n");
    let remark = "spring.r2dbc.url?validationDepth: LOCAL".to_owned();
    assert!(comments.contains(&remark), "{comments:?}");
    let twice = "spring.r2dbc: { url: \"r2dbc:pool:h2://db/x\", pool: { max-size: 20 } }\n";
    let problems = read(twice).problems;
    assert!(problems[0].message.contains("beside a url with `:pool:`"), "{problems:?}");
}

#[test]
fn a_database_has_the_name_of_its_host_or_its_own() {
    let names = [
        ("jdbc:postgresql://shop-db:5432/shop", "shop-db"),
        ("jdbc:postgresql://a.cluster.eu-west-1.rds.amazonaws.com/shop", "a"),
        ("jdbc:postgresql://one:5432,two:5432/shop?targetServerType=primary", "one"),
        ("jdbc:mysql://root:secret@mysql/shop", "mysql"),
        ("jdbc:mysql://localhost:3306/shop?useSSL=false", "shop"),
        ("jdbc:mariadb://127.0.0.1/shop", "shop"),
        ("jdbc:mysql://host.docker.internal:3306/shop", "shop"),
        ("jdbc:mysql://[::1]:3306/shop", "shop"),
        ("jdbc:postgresql:shop", "shop"),
        ("jdbc:postgresql://localhost", "database"),
        ("jdbc:sqlserver://mssql\\one:1433;databaseName=shop;encrypt=true", "mssql"),
        ("jdbc:sqlserver://localhost;encrypt=true;databaseName=shop", "shop"),
        ("jdbc:oracle:thin:@//oracle:1521/service", "oracle"),
        ("jdbc:oracle:thin:scott/tiger@oracle:1521:SID", "oracle"),
        ("jdbc:oracle:thin:@(DESCRIPTION=(HOST=a/b))", "database"),
        ("jdbc:h2:mem:testdb;DB_CLOSE_DELAY=-1", "testdb"),
        ("jdbc:h2:file:./data/shop", "shop"),
        ("jdbc:tc:postgresql:15:///shop", "shop"),
        ("jdbc:sqlite:shop.db", "shop-db"),
        ("jdbc:h2:mem:", "database"),
        ("${DB_URL}", "database"),
        ("jdbc:postgresql://${DB_HOST:orders-db}/${DB_NAME}", "database"),
        ("jdbc:postgresql://${DB_HOST:orders-db}/${DB_NAME:x}", "orders-db"),
    ];
    for (url, name) in names {
        let text = format!("spring.datasource:\n  url: '{url}'\n  username: sa\n");
        let (callee, _, comments) = only(&text);
        assert_eq!(callee, name, "{url}");
        let secrets = ["secret", "tiger"];
        assert!(
            !comments.iter().any(|it| secrets.iter().any(|word| it.contains(word))),
            "{comments:?}"
        );
    }
    // What is bound to the pool itself counts.
    let own =
        "spring.datasource: { url: \"jdbc:h2:mem:a\", hikari: { jdbc-url: \"jdbc:h2:mem:b\" } }\n";
    let (callee, _, comments) = only(own);
    let lost = "spring.datasource.url: jdbc:h2:mem:a".to_owned();
    assert!(callee == "b" && comments.contains(&lost), "{comments:?}");
    // A placeholder that has no value leaves no key.
    assert_eq!(only("spring.datasource.url: ${DB_URL}\n").0, "database");
}

#[test]
fn a_placeholder_takes_its_default_or_is_not_carried_over() {
    let (_, pool, comments) = only(&hikari("maximum-pool-size: \"${DB_POOL:20}\""));
    let is_assumed = |it: &String| it.contains("which is 20 if `DB_POOL` is not set");
    assert!(pool.contains("\"max\":20") && comments.iter().any(is_assumed), "{comments:?}");
    let (_, pool, comments) = only(&hikari("maximum-pool-size: \"${DB_POOL}\""));
    let is_lost = |it: &String| it.contains("but `DB_POOL` is not set here");
    assert!(pool.contains("\"max\":10") && comments.iter().any(is_lost), "{comments:?}");
    let properties = "spring.datasource.url=jdbc:mysql://${DB_HOST:db}/shop
spring.datasource.hikari.maximum-pool-size=${DB_POOL:20}
spring.datasource.hikari.connection-timeout=2000
";
    let imported = import("resilience4j", "application.properties", properties);
    let pool = imported.calls[0].settings[0].1.to_string();
    assert_eq!(pool, r#"{"max":20,"max wait":"2s"}"#);
}

#[test]
fn values_with_which_the_libraries_do_not_start_are_errors() {
    let whole = "it must be a whole number from";
    for (key, value, range) in [
        ("maximum-pool-size", "0", "from 1 to 2147483647"),
        ("maximumPoolSize", "many", "from 1 to 2147483647"),
        ("minimum-idle", "-1", "from 0 to 2147483647"),
        ("connection-timeout", "249", "at least 250ms"),
        ("connection-timeout", "30s", whole),
        ("validation-timeout", "249", "from 250"),
        ("idle-timeout", "-1", "from 0"),
        ("idle-timeout", "10m", whole),
        ("max-lifetime", "30m", whole),
        ("keepalive-time", "2m", whole),
        ("initialization-fail-timeout", "1s", whole),
        ("leak-detection-threshold", "20s", whole),
    ] {
        assert_error("resilience4j", &hikari(&format!("{key}: {value}")), value, range);
    }
    for (key, value, range) in [
        ("max-size", "0", "from 1 to 2147483647"),
        ("initial-size", "-1", "from 0 to 2147483647"),
        ("min-idle", "-1", "from 0 to 2147483647"),
        ("acquire-retry", "-1", "from 0 to 2147483647"),
        ("max-acquire-time", "soon", "which is no duration"),
        ("max-create-connection-time", "1m30s", "which is no duration"),
        ("max-idle-time", "1.5s", "which is no duration"),
        ("max-life-time", "5min", "which is no duration"),
        ("max-validation-time", "1 s", "which is no duration"),
        ("validation-depth", "DEEP", "one of LOCAL, REMOTE"),
    ] {
        let rest = if key == "max-size" { ", initial-size: 0" } else { "" };
        assert_error("resilience4j", &r2dbc(&format!("{key}: {value}{rest}")), value, range);
    }
    // Spring Boot starts with ten connections, and r2dbc-pool refuses more than there may be.
    assert_error("resilience4j", &r2dbc("max-size: 5"), "5", "`initial-size` or `min-idle` 10");
    assert_error("resilience4j", &r2dbc("max-size: 10, min-idle: 11"), "10", "`min-idle` 11");
}

#[test]
fn what_is_no_data_source_of_hikari_is_a_comment() {
    let retry = "resilience4j.retry.instances.ledger.maxAttempts: 2\n";
    for other in [
        "spring.datasource: { url: \"jdbc:h2:mem:x\", type: org.apache.commons.dbcp2.BasicDataSource }",
        "spring.datasource: { jndi-name: java:/shop, hikari: { maximum-pool-size: 5 } }",
        "spring.datasource: { reporting: { url: \"jdbc:h2:mem:x\" } }",
        "spring.r2dbc: { url: \"r2dbc:h2://x\", pool: { enabled: false } }",
    ] {
        let imported = read(&format!("{retry}{other}\n"));
        let callees: Vec<&str> = imported.calls.iter().map(|call| call.callee.as_str()).collect();
        assert_eq!((callees, imported.problems.len()), (vec!["ledger"], 0), "{other}");
        assert!(!imported.remarks.is_empty(), "{other}");
    }
}

#[test]
fn guards_around_a_database_have_its_pool_inside() {
    let text = format!("{}resilience4j.retry.instances.db.maxAttempts: 2\n", hikari(""));
    let imported = read(&text);
    let guards: Vec<&str> = imported.calls[0].guards.iter().map(|(name, _)| *name).collect();
    assert_eq!((imported.calls.len(), guards), (1, vec!["retry", "pool"]));
    sound("guards", &imported);
}

const SCENARIO: &str = "run: { duration: 60s }
workloads: { web: { to: orders, users: 30 } }
services: { orders: { threads: 50, handle: [ { query: db } ] } }
databases: { db: { connections: 100, query: 500ms } }
calls:
  orders -> db: { timeout: 2s }
";

/// Thirty users who do not think keep five connections busy: each gives two answers a second, and the others wait for
/// 30 / (5 × 2 / s) less their own query (Little's law).
#[test]
fn an_import_into_a_scenario_limits_the_queries_of_its_database() {
    let text = hikari("maximum-pool-size: 5, connection-timeout: 60000");
    let merged = merge_into(SCENARIO, &read(&text), "orders").expect("YAML");
    let problems = load_text(&merged, &[]).problems;
    assert_eq!(problems, [], "{merged}");
    let finished = run_text(&merged, &[]);
    let calls = call(&finished, "orders -> db");
    assert!((calls.latency.mean - 3.0).abs() < 0.1, "{}", calls.latency.mean);
    let answers = ended(&finished, "orders -> db", "ok") as f64 / 60.0;
    assert!((answers - 10.0).abs() < 0.2, "{answers}");
    // Without the database there are errors, and nothing is written.
    let without = SCENARIO.replace("databases: { db:", "databases: { other:");
    let without = merge_into(&without, &read(&text), "orders").expect("YAML");
    assert!(load_text(&without, &[]).blueprint.is_none());
}

fn with_pool(pool: &str) -> String {
    format!(
        "workloads: {{ web: {{ to: app, arrivals: poisson 10/s }} }}
services: {{ app: {{ handle: [ {{ query: database }} ] }} }}
databases: {{ database: {{ connections: 50, query: 2ms }} }}
calls:
  app -> database: {{ pool: {{ {pool} }} }}
"
    )
}

#[test]
fn a_pool_goes_out_as_a_data_source_and_comes_back() {
    for pool in ["max: 7, max wait: 3s", "max: 7, idle: 2", "max: 7, idle: 0, max wait: 250ms"] {
        let text = with_pool(pool);
        let (before, after, exported) = there_and_back(&text, "resilience4j", "application.yml");
        assert_eq!(before.edges[Id::new(1)].guards, after.edges[Id::new(1)].guards, "{exported}");
        assert_eq!(exported, written("resilience4j", &after));
    }
}

#[test]
fn what_a_data_source_cannot_say_is_a_comment() {
    let remarks = |text: &str, format: &str| {
        let documents = export(format, &blueprint(text));
        let texts = documents.into_iter().flat_map(|it| it.remarks).map(|it| it.text);
        texts.collect::<Vec<_>>().join("\n")
    };
    let spring = |pool: &str| remarks(&with_pool(pool), "resilience4j");
    assert_eq!(spring("max: 7, max wait: 3s"), "set `spring.datasource.url` to `database`");
    for (pool, expected) in [
        ("max: 7, queue: 3", "not 3"),
        ("max: 7, max wait: 10ms", "250 is used, not 10ms"),
        ("max: 7, max wait: 300500us", "301 is used"),
        ("max: 7, idle: 2", "beyond 2 idle ones"),
    ] {
        assert!(spring(pool).contains(expected), "{pool}: {}", spring(pool));
    }
    // A second data source, and connections to a service, are bulkheads.
    let second = with_pool("max: 7")
        .replace("{ query: database }", "{ query: database }, { query: other }")
        .replace("databases: {", "databases: { other: { query: 1ms },")
        + "  app -> other: { pool: { max: 3 } }\n";
    let exported = written("resilience4j", &blueprint(&second));
    assert!(
        exported.contains("maxConcurrentCalls: 3") && exported.contains("make another in code"),
        "{exported}"
    );
    let service = with_pool("max: 7")
        .replace("query: database", "call: database")
        .replace("databases: { database: { connections: 50, query: 2ms } }\n", "")
        .replace("services: {", "services: { database: { handle: [ { work: 2ms } ] },");
    let exported = written("resilience4j", &blueprint(&service));
    assert!(
        exported.contains("maxConcurrentCalls: 7") && !exported.contains("hikari"),
        "{exported}"
    );
    for format in ["envoy", "istio", "polly", "gobreaker"] {
        let said = remarks(&with_pool("max: 7, idle: 2"), format);
        assert!(said.contains("up to 2 connections of the pool stay open"), "{format}: {said}");
    }
}

#[test]
fn an_export_speaks_of_links_and_of_readiness() {
    let text = "workloads: { web: { to: app, arrivals: poisson 10/s } }
services:
  app: { handle: [ { call: stock } ] }
  stock: { instances: 2, operations: { get: [ { work: 1ms } ] }, readiness: { call: self.get } }
links: { wan: { rate: 1000/s } }
calls: { app -> stock: { timeout: 1s, link: wan } }
";
    let text = text.replace("call: stock", "call: stock.get");
    for format in ["resilience4j", "envoy", "istio", "polly", "gobreaker"] {
        let exported = written(format, &blueprint(&text));
        assert!(exported.contains("the link `wan`"), "{format}: {exported}");
        let is_for_proxies = ["envoy", "istio"].contains(&format);
        assert_eq!(exported.contains("the callee's `readiness`"), is_for_proxies, "{exported}");
    }
}

#[test]
fn what_is_printed_without_a_scenario_is_a_part() {
    let section = render(&read(&hikari("maximum-pool-size: 5, minimum-idle: 2")), "orders");
    let last = section.lines().last().expect("a line");
    assert_eq!(last, "    pool: { max: 5, idle: 2, max wait: 30s }", "{section}");
}
