//! What `fields!` makes of values, in both formats of a line. It must not know where lines go.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use guru_core::ports::{Field, Level, LogLine, Record, Value};
use guru_core::{App, Context, Error, ErrorKind, Method, Request, Response, Result, Status};
use guru_core::{fields, memory, ports};
use serde_json::json;

/// An error with a source that has a source.
#[derive(Debug)]
struct Chained(&'static str, Option<Box<Self>>);

impl fmt::Display for Chained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Chained {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&**self.1.as_ref()?)
    }
}

fn chained() -> Chained {
    let disk = Chained("disk \"a\" full\n", None);
    Chained(
        "not saved",
        Some(Box::new(Chained("no room", Some(disk.into())))),
    )
}

/// The fields as JSON and as text.
fn check(fields: &[Field<'_>], json: &serde_json::Value, text: &str) {
    let record = Record::new(Level::Info, &"m", fields);
    let line = LogLine {
        time: None,
        record: &record,
    };
    let mut read: serde_json::Value = serde_json::from_str(&line.to_json()).unwrap();
    let members = read.as_object_mut().unwrap();
    assert_eq!(members.remove("level").unwrap(), "info");
    assert_eq!(members.remove("message").unwrap(), "m");
    assert_eq!(read, *json);
    let separator = if text.is_empty() { "" } else { "  " };
    assert_eq!(line.to_string(), format!("info  m{separator}{text}"));
}

#[test]
fn a_field_is_what_it_is_given() {
    let (name, count, nothing) = ("Ada", 3_u16, None::<u8>);
    let text = String::from("a\"b");
    let shared: Rc<str> = "shared".into();
    let lent: Cow<'_, str> = "lent".into();
    let took = Duration::from_millis(1500);
    let error = chained();
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(chained());
    let ours = Error::from(chained()).context("saving");
    let of_port = ports::Error::new(ports::ErrorKind::Timeout, "too late");
    let r#type = 'x';
    check(fields! {}, &json!({}), "");
    check(fields! { name }, &json!({"name": "Ada"}), "name=Ada");
    check(
        fields! { name, count, nothing, },
        &json!({"name": "Ada", "count": 3, "nothing": null}),
        "name=Ada  count=3  nothing=null",
    );
    check(
        fields! { ?name },
        &json!({"name": "\"Ada\""}),
        "name=\"Ada\"",
    );
    check(fields! { %count }, &json!({"count": "3"}), "count=3");
    check(
        fields! { ?took, %name, count },
        &json!({"took": "1.5s", "name": "Ada", "count": 3}),
        "took=1.5s  name=Ada  count=3",
    );
    check(
        fields! { took: ?took, id: %count, last: 'c' },
        &json!({"took": "1.5s", "id": "3", "last": "c"}),
        "took=1.5s  id=3  last=c",
    );
    check(
        fields! { "http.status": 404, "a b": ?Some(1), type: r#type },
        &json!({"http.status": 404, "a b": "Some(1)", "type": "x"}),
        "http.status=404  a b=Some(1)  type=x",
    );
    check(
        fields! { text, owned: text.clone(), reference: &&text, shared, lent },
        &json!({"text": "a\"b", "owned": "a\"b", "reference": "a\"b", "shared": "shared", "lent": "lent"}),
        "text=a\"b  owned=a\"b  reference=a\"b  shared=shared  lent=lent",
    );
    check(
        fields! { length: text.len(), sum: 1 + 2, is_some: !name.is_empty(), both: count == 3 && name == "Ada" },
        &json!({"length": 3, "sum": 3, "is_some": true, "both": true}),
        "length=3  sum=3  is_some=true  both=true",
    );
    check(
        fields! { a: -1_i8, b: -2_i16, c: -3_i32, d: i64::MIN, e: -5_isize },
        &json!({"a": -1, "b": -2, "c": -3, "d": i64::MIN, "e": -5}),
        "a=-1  b=-2  c=-3  d=-9223372036854775808  e=-5",
    );
    check(
        fields! { a: 1_u8, b: 2_u16, c: 3_u32, d: u64::MAX, e: 5_usize },
        &json!({"a": 1, "b": 2, "c": 3, "d": u64::MAX, "e": 5}),
        "a=1  b=2  c=3  d=18446744073709551615  e=5",
    );
    check(
        fields! { most: u128::MAX, least: i128::MIN },
        &json!({
            "most": "340282366920938463463374607431768211455",
            "least": "-170141183460469231731687303715884105728",
        }),
        "most=340282366920938463463374607431768211455  least=-170141183460469231731687303715884105728",
    );
    check(
        fields! { a: 1.5, b: 0.5_f32, nan: f64::NAN, infinite: Some(f32::INFINITY) },
        &json!({"a": 1.5, "b": 0.5, "nan": null, "infinite": null}),
        "a=1.5  b=0.5  nan=NaN  infinite=inf",
    );
    check(
        fields! { some: Some("x"), one: &Some(&1), none: None::<&String>, nested: Some(None::<f64>) },
        &json!({"some": "x", "one": 1, "none": null, "nested": null}),
        "some=x  one=1  none=null  nested=null",
    );
    check(
        fields! { status: Status::NOT_FOUND, method: Method::PUT, value: Value::from(&7) },
        &json!({"status": 404, "method": "PUT", "value": 7}),
        "status=404  method=PUT  value=7",
    );
    check(
        fields! { made: format_args!("{name}\n"), also: %format_args!("{count}\t") },
        &json!({"made": "Ada\n", "also": "3\t"}),
        "made=Ada\\n  also=3\\t",
    );
    check(
        fields! { error },
        &json!({"error": "not saved: no room: disk \"a\" full\n"}),
        "error=not saved: no room: disk \"a\" full\\n",
    );
    check(
        fields! { lent: &error, boxed, inner: *boxed, source: error.source() },
        &json!({
            "lent": "not saved: no room: disk \"a\" full\n",
            "boxed": "not saved: no room: disk \"a\" full\n",
            "inner": "not saved: no room: disk \"a\" full\n",
            "source": "no room: disk \"a\" full\n",
        }),
        "lent=not saved: no room: disk \"a\" full\\n  boxed=not saved: no room: disk \"a\" full\\n  inner=not saved: no room: disk \"a\" full\\n  source=no room: disk \"a\" full\\n",
    );
    check(
        fields! { failed: Err::<u8, _>(fmt::Error).err(), lent: Some(&fmt::Error), fine: Ok::<_, fmt::Error>(1).err() },
        &json!({
            "failed": "an error occurred when formatting an argument",
            "lent": "an error occurred when formatting an argument",
            "fine": null,
        }),
        "failed=an error occurred when formatting an argument  lent=an error occurred when formatting an argument  fine=null",
    );
    check(
        fields! { ours, port: of_port, kind: ?ours.kind() },
        &json!({
            "ours": "saving: not saved: no room: disk \"a\" full\n",
            "port": "too late",
            "kind": "Internal",
        }),
        "ours=saving: not saved: no room: disk \"a\" full\\n  port=too late  kind=Internal",
    );
    check(
        fields! { level: 1, message: "mine", request_id: %2 },
        &json!({"field.level": 1, "field.message": "mine", "field.request_id": "2"}),
        "level=1  message=mine  request_id=2",
    );
}

#[test]
fn names_stay_in_their_order() {
    let fields = fields! { z: 1, a: 2, "m": 3 };
    assert_eq!(fields.map(|(name, _)| name), ["z", "a", "m"]);
    assert_eq!(format!("{fields:?}"), r#"[("z", 1), ("a", 2), ("m", 3)]"#);
}

/// In a function that does not know the types.
#[test]
fn generic_code_says_what_it_has() {
    fn of<E: std::error::Error, T: ports::ToValue>(error: &E, value: T) -> String {
        format!("{:?}", fields! { error, value })
    }
    assert_eq!(
        of(&chained(), Some(1)),
        "[(\"error\", not saved: no room: disk \"a\" full\n), (\"value\", 1)]"
    );
}

#[test]
fn fields_allocate_nothing() {
    let (error, text, took) = (chained(), String::from("text"), Duration::ZERO);
    let allocated = allocation_counter::measure(|| {
        let fields = fields! { error, text, ?took, %text, number: 1.5, none: None::<u8> };
        assert_eq!(fields.len(), 6);
    });
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn a_log_in_memory_keeps_fields_as_text() {
    async fn handler(cx: Context, req: Request) -> Result<Response> {
        let name: String = req.param("name")?;
        let failed = Error::new(ErrorKind::Conflict, "taken");
        cx.log().warn(
            format_args!("hello {name}"),
            fields! { name, nobody: None::<&str>, failed, took: ?Duration::ZERO },
        );
        Ok(Response::text("ok"))
    }
    let client = memory::Client::new(App::new().get("/{name}", handler)).unwrap();
    client.get("/Ada").assert_status(200);
    let entry = client.log().take().remove(0);
    let fields = entry.fields.iter().map(|(name, value)| (&**name, &**value));
    assert_eq!(
        fields.collect::<Vec<_>>(),
        [
            ("name", "Ada"),
            ("nobody", "null"),
            ("failed", "taken"),
            ("took", "0ns")
        ]
    );
    assert_eq!(entry.message, "hello Ada");
}

/// One that logs while it is written, and then fails.
struct Talkative(Context);

impl fmt::Display for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.log().info("inner", &[]);
        f.write_str("so far")?;
        Err(fmt::Error)
    }
}

#[test]
fn what_is_logged_may_log_and_may_fail() {
    let handler = async |cx: Context, _req: Request| {
        let talkative = Talkative(cx.clone());
        cx.log().info("outer", fields! { %talkative, next: 1 });
        Ok::<_, Error>(Response::text("ok"))
    };
    let client = memory::Client::new(App::new().get("/", handler)).unwrap();
    client.get("/").assert_status(200);
    let entries = client.log().take();
    let messages: Vec<_> = entries.iter().map(|entry| &*entry.message).collect();
    assert_eq!(messages, ["inner", "outer"]);
    let of_outer = [
        ("talkative".into(), "so far".into()),
        ("next".into(), "1".into()),
    ];
    assert_eq!(entries[1].fields, of_outer);
}
