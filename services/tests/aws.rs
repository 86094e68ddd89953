//! DynamoDB and S3 pass the suites of their ports, and Lambda calls a function: `ministack`, an emulator, which the variable `MINISTACK_BIN`
//! names. Without it nothing of this is run, and the tests are listed as ignored.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports by panicking, its helpers too"
)]

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use guru_core::ports::{Blob as _, Condition, Error, ErrorKind, KeyValue as _, ListQuery};
use guru_services::{Answer, Local, LocalBlob, Services, suite};
use libtest_mimic::{Arguments, Trial};

/// The variable that names the emulator.
const PROGRAM: &str = "MINISTACK_BIN";

/// An emulated account, which ends with this.
struct Account {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Account {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(std::env::var_os(PROGRAM).unwrap())
            .current_dir(folder.path())
            .env("GATEWAY_PORT", port.to_string())
            .env("BIND_HOST", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "ministack does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            _folder: folder,
        }
    }

    fn store(&self, setting: &str, name: &str) -> Local {
        let value = format!("{setting}region=eu-central-1&endpoint={}", self.url);
        open(&value, name)
    }

    fn blobs(&self, setting: &str, name: &str) -> LocalBlob {
        let value = format!("{setting}region=eu-central-1&endpoint={}", self.url);
        blobs(&value, name)
    }
}

/// Blobs by a setting.
fn blobs(value: &str, name: &str) -> LocalBlob {
    let services = Services::read([("GURU_BLOBS".into(), value.into())]).unwrap();
    LocalBlob::new(services.blobs(name))
}

fn open(value: &str, name: &str) -> Local {
    let services = Services::read([("GURU_STORES".into(), value.into())]).unwrap();
    Local::new(services.open(name))
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let is_here = std::env::var_os(PROGRAM).is_some();
    let account = Arc::new(std::sync::LazyLock::<Account>::new(Account::start));
    let trial = |name: &str, test: fn(&Account)| {
        let account = Arc::clone(&account);
        let trial = Trial::test(name, move || {
            test(&account);
            Ok(())
        });
        trial.with_ignored_flag(!is_here)
    };
    let trials = vec![
        trial("dynamodb_passes", passes),
        trial("stores_of_a_table_share_nothing", share_nothing),
        trial("a_table_that_there_is_not_is_said_by_kind", no_table),
        trial("a_server_that_there_is_not_is_said_by_kind", no_server),
        trial("a_cursor_of_another_list_is_refused", cursor),
        trial("s3_passes", s3_passes),
        trial("stores_of_a_bucket_share_nothing", share_no_blobs),
        trial("a_bucket_that_there_is_not_is_said_by_kind", no_bucket),
        trial("a_function_answers", function),
    ];
    // Credentials are the environment's, of which a test has none of its own.
    assert!(
        !is_here || std::env::var_os("AWS_ACCESS_KEY_ID").is_some(),
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, to anything"
    );
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(account);
    conclusion.exit_code()
}

fn passes(account: &Account) {
    let store = account.store("dynamodb://suite?create&", "links");
    block_on(suite::atomic(&store, "suite", tokio::time::sleep));
}

fn share_nothing(account: &Account) {
    let store = |name: &str| account.store("dynamodb://shared?create&", name);
    block_on(async {
        store("a").set("key", "1".into(), None).await.unwrap();
        assert_eq!(store("a").get("key").await.unwrap(), Some("1".into()));
        assert_eq!(store("b").get("key").await.unwrap(), None);
    });
}

fn no_table(account: &Account) {
    let error = block_on(account.store("dynamodb://none?", "a").get("key")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("none"), "{error}");
}

fn no_server(_: &Account) {
    let value = "dynamodb://none?region=eu-central-1&endpoint=http://127.0.0.1:1";
    let error = block_on(open(value, "a").get("key")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
}

fn cursor(account: &Account) {
    let store = account.store("dynamodb://cursor?create&", "a");
    block_on(async {
        store.set("a/1", "1".into(), None).await.unwrap();
        let query = ListQuery::new("a/").with_cursor(Some("z".into()));
        // AWS refuses it, the emulator finds nothing behind it.
        match store.list(query).await {
            Ok(page) => assert_eq!(page.keys, Vec::<String>::new()),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidKey, "{error}"),
        }
    });
}

fn s3_passes(account: &Account) {
    let store = account.blobs("s3://suite?create&", "files");
    block_on(suite::blob(&store, "suite"));
}

fn share_no_blobs(account: &Account) {
    let store = |name: &str| account.blobs("s3://shared?create&", name);
    let put = |name: &str| {
        let store = store(name);
        store.put("key", "text/plain", "1".into(), Condition::None)
    };
    block_on(async {
        put("a").await.unwrap();
        put("ab").await.unwrap();
        let page = store("a").list(ListQuery::new("")).await.unwrap();
        assert_eq!(page.blobs.len(), 1, "{page:?}");
        assert_eq!(store("b").head("key").await.unwrap(), None);
    });
}

fn no_bucket(account: &Account) {
    let store = account.blobs("s3://none-there?", "a");
    let put = store.put("key", "text/plain", "1".into(), Condition::None);
    let error = block_on(put).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("none-there"), "{error}");
    let store = blobs(
        "s3://none-there?region=eu-central-1&endpoint=http://127.0.0.1:1",
        "a",
    );
    let error = block_on(store.head("key")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
}

/// A function that is none of ours, in Python: it answers with what it got.
const CALLED: &str = "\
import base64
def handler(event, context):
    path = event['rawPath']
    if path == '/fails':
        raise Exception('as told')
    if path == '/odd':
        return {'statusCode': 99}
    if path == '/plain':
        return ['no status']
    body = base64.b64decode(event.get('body') or '')
    headers = {'content-type': 'application/octet-stream', 'x-method': event['requestContext']['http']['method'],
               'x-query': event['rawQueryString'], 'x-mine': event['headers'].get('x-mine', '')}
    return {'statusCode': 418, 'headers': headers, 'cookies': ['a=1', 'b=2'], 'isBase64Encoded': True,
            'body': base64.b64encode(body[::-1]).decode()}
";

/// Makes the function, by AWS's own command line, which is installed beside the emulator.
fn make_function(account: &Account, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let zip = folder.path().join("function.zip");
    let mut archive = zip::ZipWriter::new(std::fs::File::create(&zip).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("called.py", options).unwrap();
    std::io::Write::write_all(&mut archive, CALLED.as_bytes()).unwrap();
    archive.finish().unwrap();
    let program = std::env::var_os(PROGRAM).unwrap();
    let aws = std::path::Path::new(&program).with_file_name("aws");
    let made = Command::new(aws)
        .args(["--endpoint-url", &account.url, "--region", "eu-central-1"])
        .args(["lambda", "create-function", "--function-name", name])
        .args(["--runtime", "python3.12", "--handler", "called.handler"])
        .args(["--role", "arn:aws:iam::000000000000:role/any"])
        .arg("--zip-file")
        .arg(format!("fileb://{}", zip.display()))
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

fn function(account: &Account) {
    make_function(account, "called");
    let place = format!("region=eu-central-1&endpoint={}", account.url);
    let services = |setting: &str| {
        Services::read([("GURU_FUNCTIONS".into(), setting.into())])
            .unwrap()
            .function("called")
    };
    let ask = |place: &str, target: &str, body: &[u8]| {
        let body = http_body_util::Full::new(bytes::Bytes::copy_from_slice(body));
        let body = http_body_util::BodyExt::map_err(body, |never| match never {});
        let request = http::Request::builder()
            .method("PUT")
            .uri(format!("http://called{target}"))
            .header("x-mine", "yes")
            .body(http_body_util::BodyExt::boxed_unsync(body))
            .unwrap();
        let function = services(&format!("called={place}"));
        block_on(async {
            let client = guru_client::Client::new();
            match function.send(client, request).await? {
                Answer::Whole(answer) => Ok::<_, Error>(answer),
                Answer::Coming(_) => panic!("Lambda's answers are whole"),
            }
        })
    };
    let arn = format!("lambda://arn:aws:lambda:eu-central-1:000000000000:function:called?{place}");
    for setting in [format!("lambda://called?{place}"), arn] {
        let answer = ask(&setting, "/a%2Fb?x=1&x=%20", b"\0\xffabc").unwrap();
        assert_eq!(answer.status().as_u16(), 418);
        for (name, wanted) in [
            ("x-method", "PUT"),
            ("x-query", "x=1&x=%20"),
            ("x-mine", "yes"),
        ] {
            assert_eq!(answer.headers()[name], wanted);
        }
        assert_eq!(answer.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(&answer.body()[..], b"cba\xff\0");
    }
    let here = format!("lambda://called?{place}");
    let answer = ask(&here, "/plain", b"").unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(&answer.body()[..], br#"["no status"]"#);
    for (setting, target, kind) in [
        (&here, "/fails", ErrorKind::Broken),
        (&here, "/odd", ErrorKind::Broken),
        (&format!("lambda://nobody?{place}"), "/", ErrorKind::Connect),
        (
            &"lambda://called?region=eu-central-1&endpoint=http://127.0.0.1:1".to_owned(),
            "/",
            ErrorKind::Connect,
        ),
    ] {
        let error = ask(setting, target, b"").unwrap_err();
        assert_eq!(error.kind(), kind, "{setting} {target} {error}");
    }
    // As text it would do; of a type that nobody knows it is in base64.
    let error = ask(&here, "/", &vec![b'x'; 5_000_000]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}
