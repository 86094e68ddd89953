//! What a function does wrong costs its own request. It must not know how the host keeps its limits.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

mod asking;
mod support;

use std::time::Duration;

use asking::{Origin, RawResponse, ask, ask_as, begun, host, limits, stalled, stream};
use guru_host::{Caller, Host, Limits};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Each fault and the status that it is answered with. What waits for nothing that its host could bring
/// is found out at once by the component's own runtime, which crashes on it.
const FAULTS: [(&str, u16, &str); 5] = [
    ("/panic", 500, "internal server error"),
    ("/memory", 500, "internal server error"),
    ("/stack", 500, "internal server error"),
    ("/wait", 500, "internal server error"),
    ("/loop", 504, "gateway timeout"),
];

/// The server's runtime, and the bootstrap's.
fn runtimes() -> [Runtime; 2] {
    [Builder::new_multi_thread(), Builder::new_current_thread()]
        .map(|mut builder| builder.enable_all().build().unwrap())
}

fn brief() -> Limits {
    Limits {
        time: Duration::from_millis(500),
        ..limits()
    }
}

fn is_lost(answer: &RawResponse, status: u16, text: &str, id: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        body,
        json!({"status": "error", "error": text, "request_id": id})
    );
}

#[test]
fn a_fault_costs_its_own_request_and_leaves_nothing_behind() {
    let host = host(brief());
    for runtime in runtimes() {
        runtime.block_on(async {
            for (path, status, text) in FAULTS {
                let answer = ask(&host, "GET", path, "id-1").await;
                is_lost(&answer, status, text, "id-1");
                let next = ask(&host, "GET", "/count", "id-2").await;
                assert_eq!((next.status, &*next.body), (200, "0"), "after {path}");
            }
        });
    }
}

#[test]
fn the_answer_to_head_has_no_body_whatever_went_wrong() {
    let host = host(brief());
    let [runtime, _] = runtimes();
    for (path, status, _) in FAULTS {
        let answer = runtime.block_on(ask(&host, "HEAD", path, "id"));
        assert_eq!((answer.status, &*answer.body), (status, ""), "{path}");
    }
}

async fn at_once(host: &Host) {
    let mut all = JoinSet::new();
    for number in 0..24 {
        let host = host.clone();
        let fault = FAULTS
            .get(number / 2 % FAULTS.len())
            .map(|(path, ..)| *path);
        let path = fault.filter(|_| number % 2 == 0).unwrap_or("/ok");
        all.spawn(async move { (path, ask(&host, "GET", path, "id").await) });
    }
    while let Some(answered) = all.join_next().await {
        let (path, answer) = answered.unwrap();
        let fault = FAULTS.iter().find(|(fault, ..)| *fault == path);
        let status = fault.map_or(200, |(_, status, _)| *status);
        assert_eq!(answer.status, status, "{path}: {answer:?}");
    }
}

/// More requests than instances, so that some wait for room; a loop on the only thread keeps none of
/// them from it.
#[test]
fn faults_do_not_touch_what_is_served_beside_them() {
    let host = host(Limits {
        time: Duration::from_secs(3),
        instances: 16,
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(at_once(&host));
    }
}

#[test]
fn without_room_in_time_a_request_is_turned_away() {
    let host = host(Limits {
        instances: 1,
        time: Duration::from_secs(2),
        ..limits()
    });
    let [runtime, _] = runtimes();
    runtime.block_on(async {
        let other = host.clone();
        let waiting = tokio::spawn(async move { ask(&other, "GET", "/loop", "id-1").await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        let caller = Caller {
            request_id: "id-2".into(),
            client_ip: None,
            deadline: Some(Instant::now() + Duration::from_millis(100)),
        };
        let turned_away = ask_as(&host, "GET", "/ok", caller).await;
        is_lost(&turned_away, 503, "service unavailable", "id-2");
        is_lost(&waiting.await.unwrap(), 504, "gateway timeout", "id-1");
        assert_eq!(ask(&host, "GET", "/ok", "id-3").await.status, 200);
    });
}

#[test]
fn the_invocation_s_deadline_counts_when_it_is_sooner() {
    let host = host(Limits {
        time: Duration::from_secs(3600),
        ..limits()
    });
    for runtime in runtimes() {
        let answer = runtime.block_on(async {
            let caller = Caller {
                request_id: "id".into(),
                client_ip: None,
                deadline: Some(Instant::now() + Duration::from_millis(200)),
            };
            ask_as(&host, "GET", "/loop", caller).await
        });
        is_lost(&answer, 504, "gateway timeout", "id");
    }
}

#[test]
fn a_client_that_leaves_takes_its_instance_along() {
    let host = host(Limits {
        instances: 1,
        time: Duration::from_secs(3600),
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            let other = host.clone();
            let left = tokio::spawn(async move { ask(&other, "GET", "/loop", "id-1").await });
            tokio::time::sleep(Duration::from_millis(100)).await;
            left.abort();
            assert!(left.await.unwrap_err().is_cancelled());
            assert_eq!(ask(&host, "GET", "/ok", "id-2").await.status, 200);
        });
    }
}

/// Nothing of a client's that does not send on holds the place of one that has its answer.
#[test]
fn a_body_that_stalls_is_not_waited_for_once_the_answer_was_read() {
    let host = host(Limits {
        instances: 1,
        time: Duration::from_secs(3600),
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            let answer = stalled(&host, "/ok").await;
            assert_eq!((answer.status, &*answer.body), (200, "ok"));
            let idle = tokio::time::timeout(Duration::from_secs(5), host.idle());
            assert!(idle.await.is_ok(), "it holds its place");
        });
    }
}

/// A stream that never ends costs a place for as long as somebody reads, and not longer.
#[test]
fn a_client_that_leaves_an_endless_stream_frees_its_place() {
    let host = host(Limits {
        instances: 1,
        time: Duration::from_secs(3600),
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            let mut body = begun(&host, "/stream/never").await;
            for _ in 0..1000 {
                assert!(body.frame().await.unwrap().is_ok());
            }
            drop(body);
            let next = tokio::time::timeout(Duration::from_secs(1), ask(&host, "GET", "/ok", "id"));
            assert_eq!(next.await.unwrap().status, 200);
        });
    }
}

/// Whatever ends the instance in the middle of its stream, the client can tell that it has not all.
#[test]
fn a_stream_that_is_cut_off_never_ends_well() {
    let host = host(brief());
    for runtime in runtimes() {
        runtime.block_on(async {
            for (path, is_whole) in [
                ("/stream/well", true),
                ("/stream/panic", false),
                ("/stream/late", false),
            ] {
                let (text, ended_well) = stream(&host, path).await;
                assert_eq!((&*text, ended_well), ("a chunk", is_whole), "{path}");
            }
        });
    }
}

/// What is always in time for its client's next chunk has an end all the same, where one is set.
#[test]
fn all_of_an_answer_is_limited_where_that_is_asked_for() {
    let host = host(Limits {
        time: Duration::from_secs(3600),
        total: Some(Duration::from_secs(2)),
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            let (text, ended_well) = stream(&host, "/stream/never").await;
            assert!(text.starts_with("a chunkanother chunk"), "{}", text.len());
            assert!(!ended_well);
            let late = ask(&host, "GET", "/loop", "id").await;
            is_lost(&late, 504, "gateway timeout", "id");
        });
    }
}

#[test]
fn requests_to_other_servers_wait_for_one_another_beyond_their_limit() {
    let host = host(Limits {
        fetches: 2,
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            let origin = Origin::start(3);
            let path = format!("/fetch/7/{}", origin.port);
            let answer = ask(&host, "GET", &path, "id").await;
            assert_eq!(answer.body, "3\n".repeat(7));
            assert_eq!(origin.most(), 2);
        });
    }
}

#[test]
fn an_answer_of_another_server_breaks_off_beyond_its_limit() {
    let host = host(Limits {
        fetched: Some(100_000),
        ..limits()
    });
    for runtime in runtimes() {
        runtime.block_on(async {
            for (size, said) in [
                (100_000, "100000\n"),
                (
                    100_001,
                    "it has more than 100000 bytes, the host's limit (--fetch-limit)\n",
                ),
            ] {
                let path = format!("/fetch/1/{}", Origin::start(size).port);
                let answer = ask(&host, "GET", &path, "id").await;
                assert!(answer.body.ends_with(said), "{}", answer.body);
            }
        });
    }
}

/// An instance that has an answer in time has its own timeout cancelled, and waits for that on a stack, beside another.
#[test]
fn all_instances_can_ask_other_servers_at_once() {
    let host = host(limits());
    for runtime in runtimes() {
        runtime.block_on(async {
            let origin = Origin::start(3);
            for _ in 0..5 {
                let mut asking = JoinSet::new();
                for id in 0..limits().instances {
                    let (host, path) = (host.clone(), format!("/fetch/7/{}", origin.port));
                    asking.spawn(async move { ask(&host, "GET", &path, &id.to_string()).await });
                }
                for answer in asking.join_all().await {
                    assert_eq!((answer.status, answer.body), (200, "3\n".repeat(7)));
                }
            }
        });
    }
}
