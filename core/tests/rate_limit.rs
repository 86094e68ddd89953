//! How often somebody may ask: whom it counts, for how long, and what it leaves behind.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::net::IpAddr;
use std::time::Duration;

use guru_core::app::middleware::RateLimit;
use guru_core::ports::{ErrorKind, ListQuery};
use guru_core::{App, Atomic, Context, Method, memory};

fn counts(cx: &Context) -> Atomic {
    Atomic::new(cx, "counts", |_| unreachable!())
}

fn client(limit: RateLimit) -> memory::Client {
    memory::Client::new(App::new().with(limit).get("/", || async { "ok" })).unwrap()
}

fn ask(client: &memory::Client, address: &str) -> u16 {
    let address: IpAddr = address.parse().unwrap();
    let answer = client.request(Method::GET, "/").client_ip(address).send();
    answer.status().as_u16()
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn each_address_has_its_own_count_and_a_network_of_ipv6_has_one() {
    let client = client(RateLimit::new(counts, 1, MINUTE));
    for (address, status) in [
        ("192.0.2.1", 200),
        ("192.0.2.2", 200),
        ("192.0.2.1", 429),
        ("::ffff:192.0.2.2", 429),
        ("2001:db8::1", 200),
        ("2001:db8::2", 429),
        ("2001:db8:0:1::1", 200),
    ] {
        assert_eq!(ask(&client, address), status, "{address}");
    }
    // Nobody knows whose these are.
    client.get("/").assert_status(200);
    client.get("/").assert_status(429);
}

#[test]
fn a_window_ends_and_so_do_its_counts() {
    let client = client(RateLimit::new(counts, 1, 10 * MINUTE));
    client.clock().advance(Duration::from_secs(601));
    assert_eq!(ask(&client, "192.0.2.1"), 200);
    let answer = client
        .request(Method::GET, "/")
        .client_ip([192, 0, 2, 1])
        .send();
    assert_eq!(answer.assert_status(429).header("retry-after"), Some("599"));
    let store = client.store("counts");
    let keys = || client.block_on(keys(&store));
    assert_eq!(keys().len(), 1);
    assert!(!keys()[0].contains("192"), "{:?}", keys());
    client.clock().advance(Duration::from_secs(599));
    assert_eq!(ask(&client, "192.0.2.1"), 200);
    client.clock().advance(20 * MINUTE);
    assert_eq!(keys().len(), 0);
}

async fn keys(store: &memory::KeyValue) -> Vec<String> {
    let page = guru_core::ports::KeyValue::list(store, ListQuery::new("")).await;
    page.unwrap().keys
}

#[test]
fn somebody_else_is_counted_where_it_is_said() {
    let by_key = |_: &Context, req: &guru_core::Request| {
        let key = req.headers().get_str("x-key")?;
        Some(key.to_owned())
    };
    let limit = RateLimit::new(counts, 1, MINUTE).by(by_key);
    let app = App::new()
        .group("/a", |group| {
            group.with(limit.clone()).get("/", || async { "a" })
        })
        .group("/b", |group| {
            group.with(limit.clone()).get("/", || async { "b" })
        })
        .group("/c", |group| {
            group.with(limit.named("c")).get("/", || async { "c" })
        });
    let client = memory::Client::new(app).unwrap();
    let ask = |path, key| {
        client
            .request(Method::GET, path)
            .header("x-key", key)
            .send()
    };
    ask("/a", "1").assert_status(200);
    ask("/b", "1").assert_status(429);
    ask("/b", "2").assert_status(200);
    ask("/c", "1").assert_status(200);
    for _ in 0..3 {
        client.get("/a").assert_status(200);
    }
}

#[test]
fn a_store_that_does_not_answer_limits_nobody_unless_it_is_to() {
    let client = client(RateLimit::new(counts, 1, MINUTE));
    client.store("counts").fails_once(ErrorKind::Unavailable);
    assert_eq!(ask(&client, "192.0.2.1"), 200);
    let log = client.log().take();
    let is_told = |line: &memory::Entry| line.message.contains("nobody is limited");
    assert!(log.iter().any(is_told));
    let client = self::client(RateLimit::new(counts, 1, MINUTE).strict());
    client.store("counts").fails_once(ErrorKind::Unavailable);
    assert_eq!(ask(&client, "192.0.2.1"), 503);
}

/// What they would cost is what a flood is about.
#[test]
fn whoever_is_over_the_limit_costs_no_call() {
    let client = client(RateLimit::new(counts, 2, MINUTE));
    for status in [200, 200] {
        assert_eq!(ask(&client, "192.0.2.1"), status);
    }
    client.store("counts").fails_once(ErrorKind::Unavailable);
    for _ in 0..3 {
        assert_eq!(ask(&client, "192.0.2.1"), 429);
    }
    // It is there for the next one still.
    assert_eq!(ask(&client, "192.0.2.2"), 200);
    assert_eq!(client.log().take().len(), 1);
}

#[test]
fn limits_of_different_numbers_and_kinds_have_counts_of_their_own() {
    let named = |_: &Context, req: &guru_core::Request| {
        let name = req.headers().get_str("x-name")?;
        Some(name.to_owned())
    };
    let app = App::new()
        .with(RateLimit::new(counts, 10, MINUTE))
        .group("/login", |group| {
            let by_name = RateLimit::new(counts, 10, MINUTE).by(named);
            let by_address = RateLimit::new(counts, 5, MINUTE);
            group
                .with(by_name)
                .with(by_address)
                .get("/", || async { "ok" })
        });
    let client = memory::Client::new(app).unwrap();
    let login = |name: &str| {
        let call = client
            .request(Method::GET, "/login")
            .client_ip([192, 0, 2, 1]);
        call.header("x-name", name).send()
    };
    for _ in 0..5 {
        login("192.0.2.1").assert_status(200);
    }
    login("Ada").assert_status(429);
}
