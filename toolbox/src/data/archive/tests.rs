//! Which lines are taken, and what is a whole export.

use super::*;

#[test]
fn a_line_says_what_a_key_has() {
    for (text, kind, is_right) in [
        (r#"{"key":"a","text":"grüß"}"#, Kind::Values, true),
        (r#"{"key":"a","base64":"/w=="}"#, Kind::Versions, true),
        (r#"{"key":"a","base64":"?"}"#, Kind::Values, false),
        (r#"{"key":"a","text":"b"}"#, Kind::Blob, false),
        (
            r#"{"key":"a","content_type":"b/c","file":"../a"}"#,
            Kind::Blob,
            false,
        ),
        (
            r#"{"key":"a","content_type":"b/c","file":"/etc/passwd"}"#,
            Kind::Blob,
            false,
        ),
        (r#"{"key":".","text":"b"}"#, Kind::Values, false),
        (r#"{"key":"","text":"b"}"#, Kind::Values, false),
        (
            r#"{"key":"a","content_type":"ü","file":"there"}"#,
            Kind::Blob,
            false,
        ),
        (
            r#"{"key":"a","content_type":"b/c","file":"out"}"#,
            Kind::Blob,
            false,
        ),
        (
            r#"{"key":"a","content_type":"b/c","file":"none"}"#,
            Kind::Blob,
            false,
        ),
        (
            r#"{"key":"a","content_type":"b/c","file":"there"}"#,
            Kind::Blob,
            true,
        ),
        (
            r#"{"key":"a","content_type":"b/c","file":"there"}"#,
            Kind::Values,
            false,
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("there"), "x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("out")).unwrap();
        let line: Line = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&line).unwrap(), text);
        assert_eq!(
            check(&line, kind, folder.path()).is_ok(),
            is_right,
            "{text}"
        );
    }
    for wrong in [r#"{"text":"a"}"#, r#"{"key":"a","value":"b"}"#, "[]", ""] {
        assert!(serde_json::from_str::<Line>(wrong).is_err(), "{wrong}");
    }
    for wrong in [
        r#"{"key":"a"}"#,
        r#"{"key":"a","text":"b","base64":""}"#,
        r#"{"key":"a","file":"b"}"#,
    ] {
        let line: Line = serde_json::from_str(wrong).unwrap();
        assert!(line.content().is_err(), "{wrong}");
    }
}

#[test]
fn only_a_whole_export_into_a_new_folder_is_one() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("backup");
    // One that has not begun to write is not in the way.
    drop(Export::begin(&folder).unwrap());
    let export = Export::begin(&folder).unwrap();
    let again = Export::begin(&folder).err().unwrap().to_string();
    assert!(again.contains("backup.unfinished"), "{again}");
    fs::write(
        export.draft.join("a.jsonl"),
        "{\"key\":\"b\",\"text\":\"c\"}\n",
    )
    .unwrap();
    assert!(Archive::read(&export.draft).is_err());
    export.finish().unwrap();
    assert!(Export::begin(&folder).is_err());
    let archive = Archive::read(&folder).unwrap();
    let store = |name: &str| Store {
        name: name.into(),
        kind: Kind::Values,
    };
    let (a, b) = (store("a"), store("b"));
    let both = [a.clone(), b.clone()];
    assert_eq!(
        archive.choose(&both, &[]).unwrap(),
        std::slice::from_ref(&a)
    );
    assert_eq!(
        archive.choose(&both, &["a".into()]).unwrap(),
        std::slice::from_ref(&a)
    );
    assert!(archive.choose(&both, &["b".into()]).is_err());
    assert!(archive.choose(&[b], &[]).is_err());
    archive.check(&a).unwrap();
}
