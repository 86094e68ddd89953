//! The runner on targets that work, are missing, or fail to start.

use super::*;
use crate::driver::{Lost, NotRun, Refusal, Running};
use crate::vector::{Function, from_text};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A fake target.
#[derive(Clone, Copy)]
enum Fake {
    Absent,
    AbsentForThis,
    Broken,
    Answers(&'static str),
    /// Behind a proxy that loses this many requests.
    Loses(usize),
    /// It takes connections and says nothing, the first time or always.
    Silent(&'static AtomicUsize),
}

static STARTS: AtomicUsize = AtomicUsize::new(0);

impl Driver for Fake {
    fn name(&self) -> &str {
        "fake"
    }

    fn about(&self) -> String {
        "a target made for a test".into()
    }

    fn differences(&self) -> &[String] {
        static SAYS_NO: LazyLock<[String; 1]> = LazyLock::new(|| ["says-no".into()]);
        &*SAYS_NO
    }

    fn lost(&self) -> Option<&Lost> {
        static LOST: LazyLock<Lost> = LazyLock::new(|| Lost {
            status: 200,
            body: "lost".into(),
            evidence: "a bug made for a test".into(),
            hangs: Some("another one".into()),
        });
        Some(&LOST)
    }

    fn ready(&self) -> Result<(), NotRun> {
        match self {
            Self::Absent => Err(NotRun("install it".into())),
            _ => Ok(()),
        }
    }

    fn start(&self, _function: Function) -> Result<Running, Refusal> {
        let (lost, body) = match self {
            Self::Absent | Self::AbsentForThis => {
                return Err(Refusal::NotRun(NotRun("not this function".into())));
            }
            Self::Broken => {
                STARTS.fetch_add(1, Ordering::Relaxed);
                return Err(Refusal::Failed(anyhow::anyhow!(
                    "it fell over\n  its last output: ouch"
                )));
            }
            Self::Answers(body) => (0, *body),
            Self::Loses(count) => (*count, "yes"),
            Self::Silent(_) => (0, "yes"),
        };
        let is_silent = match self {
            Self::Silent(times) => times.fetch_sub(1, Ordering::Relaxed) > 0,
            _ => false,
        };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Endpoint::at(listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let lost = std::iter::repeat_n("lost: send it again", lost);
            let mut bodies = lost.chain(std::iter::repeat(body));
            let mut kept = Vec::new();
            for mut stream in listener.incoming().map_while(Result::ok) {
                if is_silent {
                    kept.push(stream);
                    continue;
                }
                let Some(body) = bodies.next() else { return };
                let _ = stream.read(&mut [0; 4096]);
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        Ok(Running::new(endpoint, Vec::new()))
    }
}

/// Runs two vectors, `path/yes` and `path/again`, on the target.
fn run(driver: Fake, require: &[&str], skip: Option<&str>, arguments: &[&str]) -> Run {
    let vector = |name: &str| {
        format!(
            r#"{{"name": "path/{name}", "point": 2, "why": "made for a test", "evidence": "made for a test", "exchanges": [
                {{"send": {{"method": "GET", "target": "/"}}, "expect": {{"status": 200, "text": "yes"}}}}]}}"#
        )
    };
    let log = std::env::temp_dir().join(format!("conformance-runner-{}.log", std::process::id()));
    let mut given = Arguments::from_iter(["conform"].iter().chain(arguments));
    given.logfile = Some(log.to_string_lossy().into_owned());
    let suite = Suite {
        vectors: from_text("path", &format!("[{}, {}]", vector("yes"), vector("again"))).unwrap(),
        skips: skip
            .map(|vector| Skip {
                target: "fake".into(),
                vector: vector.into(),
                reason: "it cannot".into(),
                capability: "some".into(),
            })
            .into_iter()
            .collect(),
        require: require.iter().map(|name| (*name).to_owned()).collect(),
        limit: match driver {
            Fake::Silent(_) => Duration::from_millis(300),
            _ => Duration::from_secs(5),
        },
        targets: vec![Arc::new(Target::new(Box::new(driver)))],
    };
    suite.run(&given)
}

fn verdicts(run: &Run) -> Vec<Verdict> {
    run.report
        .cases
        .iter()
        .map(|case| case.outcomes["fake"].verdict.clone())
        .collect()
}

fn succeeded(run: &Run) -> bool {
    format!("{:?}", run.code) == format!("{:?}", ExitCode::SUCCESS)
}

#[test]
fn right_and_wrong_answers_are_told_apart() {
    let right = run(Fake::Answers("yes"), &["fake"], None, &[]);
    assert_eq!(verdicts(&right), [Verdict::Passed, Verdict::Passed]);
    assert!(succeeded(&right));
    let wrong = run(Fake::Answers("no"), &[], None, &[]);
    assert_eq!(verdicts(&wrong), [Verdict::Failed, Verdict::Failed]);
    assert!(!succeeded(&wrong));
    assert!(
        wrong
            .report
            .terminal()
            .contains("expected \"yes\"\n      got      \"no\"")
    );
}

#[test]
fn what_is_not_there_is_not_run_and_never_passed() {
    for driver in [Fake::Absent, Fake::AbsentForThis] {
        let free = run(driver, &[], None, &[]);
        assert!(
            verdicts(&free)
                .iter()
                .all(|verdict| matches!(verdict, Verdict::NotRun { .. }))
        );
        assert!(succeeded(&free));
        assert!(
            !succeeded(&run(driver, &["fake"], None, &[])),
            "required, but taken for success"
        );
    }
}

#[test]
fn what_does_not_start_fails_every_case_and_tells_its_output_once() {
    let broken = run(Fake::Broken, &[], None, &[]);
    assert_eq!(verdicts(&broken), [Verdict::Failed, Verdict::Failed]);
    assert!(!succeeded(&broken));
    assert_eq!(STARTS.load(Ordering::Relaxed), 1, "one start a function");
    let page = broken.report.terminal();
    assert_eq!(
        page.matches("probe did not start: it fell over").count(),
        2,
        "{page}"
    );
    assert_eq!(page.matches("its last output: ouch").count(), 1, "{page}");
}

#[test]
fn who_answers_nobody_any_more_is_started_anew_once_and_then_not_waited_for() {
    static ONCE: AtomicUsize = AtomicUsize::new(1);
    let once = run(Fake::Silent(&ONCE), &[], None, &["--test-threads=1"]);
    assert_eq!(verdicts(&once), [Verdict::Passed, Verdict::Passed]);
    let said = "stopped to answer and was started anew, for which cases were played again, 1 in all: another one";
    assert!(once.report.terminal().contains(said));

    static ALWAYS: AtomicUsize = AtomicUsize::new(9);
    let always = run(Fake::Silent(&ALWAYS), &[], None, &["--test-threads=1"]);
    assert_eq!(verdicts(&always), [Verdict::Failed, Verdict::Failed]);
    assert_eq!(ALWAYS.load(Ordering::Relaxed), 7, "two starts");
    let page = always.report.terminal();
    for said in [
        "nobody is answered any more: GET /ok on a new connection has no whole answer",
        "not asked: since path/yes, probe answers nobody",
    ] {
        assert_eq!(page.matches(said).count(), 1, "{page}");
    }
}

#[test]
fn a_project_is_run_on_what_guru_dev_starts() {
    let project = Project {
        guru: "guru".into(),
        folder: ".".into(),
        function: "hello".into(),
    };
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets");
    let drivers = driven(&DriverConfig::all(&targets).unwrap(), Some(&project));
    let names: Vec<_> = drivers.iter().map(|driver| driver.name()).collect();
    assert!(names.contains(&"spin"), "{names:?}");
    assert!(!names.contains(&"spin-alone"), "{names:?}");
}

#[test]
fn a_skipped_case_is_not_asked() {
    let skipped = run(Fake::Answers("yes"), &["fake"], Some("path/again"), &[]);
    let Verdict::Skipped { reason, .. } = &verdicts(&skipped)[1] else {
        panic!("{:?}", verdicts(&skipped));
    };
    assert_eq!(reason, "it cannot");
    assert!(succeeded(&skipped));
}

#[test]
fn a_request_that_a_development_proxy_has_lost_is_sent_again_once_and_counted() {
    let once = run(Fake::Loses(1), &[], None, &["path/yes"]);
    assert_eq!(verdicts(&once), [Verdict::Passed]);
    let said = "fake: the vendor's development proxy lost 1 of the requests, which were sent again: a bug made for a test";
    assert!(once.report.terminal().contains(said));
    assert!(once.report.markdown().contains("lost 1 of the requests"));
    let twice = run(Fake::Loses(2), &[], None, &["path/yes"]);
    assert_eq!(verdicts(&twice), [Verdict::Failed]);
    let never = run(Fake::Answers("yes"), &[], None, &["path/yes"]);
    assert!(!never.report.terminal().contains("sent again"));
}

#[test]
fn a_filter_leaves_the_others_out_of_the_report() {
    let filtered = run(Fake::Answers("yes"), &[], None, &["again"]);
    let names: Vec<&str> = filtered
        .report
        .cases
        .iter()
        .map(|case| case.name.as_str())
        .collect();
    assert_eq!(names, ["path/again"]);
}

#[test]
fn a_documented_difference_is_demanded_where_a_target_has_it_and_only_there() {
    let text = r#"{"name": "path/x", "point": 2, "why": "made for a test", "evidence": "made for a test", "exchanges": [
        {"send": {"method": "GET", "target": "/"}, "expect": {"status": 200, "text": "yes"},
         "differs": {"says-no": {"status": 200, "text": "no"}}}]}"#;
    let vectors = from_text("path", text).unwrap();
    let asked = |answer: &'static str, differences: &[&str]| {
        let Ok(running) = Fake::Answers(answer).start(Function::Probe) else {
            panic!("it did not start")
        };
        let differences: Vec<String> = differences.iter().map(|&name| name.into()).collect();
        let terms = Terms {
            differences: &differences,
            lost: None,
        };
        let played = play(
            &vectors[0],
            &running.endpoint,
            terms,
            Duration::from_secs(5),
        );
        (played.passed(), played.difference)
    };
    assert_eq!(asked("yes", &[]), (true, None));
    assert_eq!(asked("no", &[]), (false, None));
    assert_eq!(asked("no", &["says-no"]), (true, Some("says-no".into())));
    assert!(
        !asked("yes", &["says-no"]).0,
        "a difference that has gone must be noticed"
    );
    known_differences(&vectors, &[Box::new(Fake::Absent)]).unwrap();
    let unknown = known_differences(&vectors, &[]).unwrap_err().to_string();
    assert!(
        unknown.contains("`path/x` names the difference `says-no`, which no target has"),
        "{unknown}"
    );
}
