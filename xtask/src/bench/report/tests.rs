//! The report of a made-up run.

use super::*;

fn report() -> Report {
    let ours = Series::new("guru on workerd", vec![9000.0, 9500.0, 9200.0]).unwrap();
    let theirs = Series::new("Hono & <others>", vec![10_000.0, 9000.0, 9800.0]).unwrap();
    let ratio = Ratio::new(&ours, &theirs).unwrap();
    let bar = Verdict::new(0.95, true, &ratio, Better::Higher);
    Report {
        when: "2026-11-25T00:00:00Z".into(),
        settings: Settings {
            is_quick: true,
            rounds: 3,
            seconds: 1,
            connections: 64,
        },
        machine: BTreeMap::from([("CPU".into(), "one".into())]),
        versions: BTreeMap::from([("rustc".into(), "1.95.0".into())]),
        comparisons: vec![Comparison {
            group: Group::Workerd,
            measure: "throughput".into(),
            rate: None,
            unit: Unit::PerSecond,
            better: Better::Higher,
            ours,
            theirs,
            ratio,
            bar: Some(bar),
        }],
        not_run: vec![Absent {
            name: "guru in spin up".into(),
            why: "spin is not on PATH".into(),
        }],
        failed: Vec::new(),
    }
}

#[test]
fn a_bar_is_met_on_the_side_that_is_better() {
    let ratio = |ours, theirs| {
        let ours = Series::new("ours", vec![ours]).unwrap();
        Ratio::new(&ours, &Series::new("theirs", vec![theirs]).unwrap()).unwrap()
    };
    let cases = [
        (0.95, Better::Higher, 96.0, true),
        (0.95, Better::Higher, 95.0, true),
        (0.95, Better::Higher, 94.0, false),
        (1.1, Better::Lower, 105.0, true),
        (1.1, Better::Lower, 111.0, false),
    ];
    for (at, better, ours, want) in cases {
        let verdict = Verdict::new(at, false, &ratio(ours, 100.0), better);
        assert_eq!(verdict.is_met, want, "{ours} {at} {better:?}");
    }
}

#[test]
fn what_is_written_is_read_and_shown_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    report().write(&first).unwrap();
    let read = Report::read(&first.join("report.json")).unwrap();
    assert_eq!(read, report());
    read.write(&second).unwrap();
    for name in ["report.json", "report.md", "index.html"] {
        let text = |folder: &Path| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(text(&first), text(&second), "{name}");
    }
}

#[test]
fn markdown_has_the_bars_the_numbers_and_what_is_missing() {
    let text = markdown::text(&report());
    for part in [
        "A quick run",
        "| ✗ | guru on workerd | Hono & <others> | throughput | 0.94 | 0.90 to 1.06 | ≥ 0.95 | missed (the cost of portability) |",
        "## Cloudflare's workerd",
        "| throughput | guru on workerd | 9\u{2009}200 /s | 9\u{2009}000 /s to 9\u{2009}500 /s |",
        "- CPU: one",
        "- not run: guru in spin up: spin is not on PATH",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("## Failed"));
}

#[test]
fn the_page_is_whole_and_escaped() {
    let text = page::text(&report()).unwrap();
    for part in [
        "Hono &amp; &lt;others&gt;",
        "<svg ",
        "class=\"missed\"",
        "not run: <strong>guru in spin up</strong>",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(!text.contains("<others>"));
    // The style defines every colour that a plot uses.
    for (at, _) in text.match_indices("\"#") {
        let colour = &text[at..at + 9];
        assert!(
            text.contains(&format!("[fill={colour}]"))
                || text.contains(&format!("[stroke={colour}]")),
            "{colour}"
        );
    }
}

#[test]
fn the_summary_is_a_line_each() {
    let text = report().summary();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("throughput: guru on workerd / Hono & <others>"));
}
