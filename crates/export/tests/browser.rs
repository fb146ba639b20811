//! The page in a real browser: headless Chromium, driven over its debugging pipe.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::f32::consts::TAU;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use export::{AudioSource, RecordOptions, record_by_name};
use serde_json::{Value, json};

/// Longest wait for any answer of the browser.
const PATIENCE: Duration = Duration::from_mins(1);

/// Chromium with one page open.
struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    last_id: u64,
    session: Option<String>,
    /// Everything that the page reported since it was opened.
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    fn start() -> Self {
        let chromium = find_chromium();
        let profile = tempfile::tempdir().unwrap();
        // The browser reads commands from descriptor 3 and answers on 4; both end with a NUL byte.
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$@" 3<&0 4>&1 0</dev/null 1>&2"#, "sh"])
            .arg(chromium)
            .args("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split(' '))
            .args("--disable-background-networking --disable-component-update --disable-sync".split(' '))
            .args("--disable-dev-shm-usage --autoplay-policy=no-user-gesture-required --lang=ja".split(' '))
            .args(["--remote-debugging-pipe", "--window-size=1200,900"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
            }
        });
        Self { child, commands, messages, last_id: 0, session: None, events: Vec::new(), _profile: profile }
    }

    /// Opens a page and waits until it is loaded.
    fn open(page: &Path) -> Self {
        let mut browser = Self::start();
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        browser.wait("document.readyState === 'complete' && location.protocol === 'file:'");
        browser
    }

    #[allow(clippy::needless_pass_by_value, reason = "callers pass what json! makes")]
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&command).unwrap();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        loop {
            let message =
                self.messages.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{method}: no answer: {e}"));
            if message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    fn wait(&mut self, condition: &str) {
        let start = Instant::now();
        while self.eval(condition) != true {
            assert!(start.elapsed() < PATIENCE, "never happened: {condition}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses the mouse in the middle of an element.
    fn click(&mut self, selector: &str) {
        let place = self.eval(&format!(
            "(() => {{ const e = document.querySelector({selector:?}); e.scrollIntoView({{block: 'center', behavior: 'instant'}});
               const r = e.getClientRects()[0]; return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let params =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", params);
        }
    }

    fn press_enter(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let key = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r" });
            self.call("Input.dispatchKeyEvent", key);
        }
    }

    /// Where the sound went and that it moves on from there, since [`Self::listen`].
    fn heard(&mut self) -> Heard {
        self.wait("window.heard !== null && window.heard.latency !== undefined");
        let heard = self.eval("window.heard");
        Heard {
            file: heard["file"].as_str().unwrap().parse().unwrap(),
            seconds: heard["at"].as_f64().unwrap(),
            latency_ms: heard["latency"].as_f64().unwrap(),
        }
    }

    /// Notes where the sound goes next, and how long after the key or click it plays there.
    fn listen(&mut self) {
        self.eval(
            "window.heard = null; window.acted = null;
             for (const kind of ['mousedown', 'keydown'])
               addEventListener(kind, () => { window.acted = performance.now(); }, true);
             for (const sound of document.querySelectorAll('audio')) {
               sound.onseeking = () => { window.heard ??= { file: sound.dataset.file, at: sound.currentTime }; };
               sound.onplaying = sound.onseeked = () => {
                 const here = window.heard && window.heard.file === sound.dataset.file;
                 if (here && !sound.paused && !sound.seeking) window.heard.latency ??= performance.now() - window.acted;
               };
             }",
        );
    }

    fn events(&mut self, method: &str) -> Vec<Value> {
        self.events.extend(self.messages.try_iter());
        self.events.iter().filter(|e| e["method"] == method).map(|e| e["params"].clone()).collect()
    }

    /// Nothing was asked of a network, and nothing was reported to the console or as a breach of the policy.
    fn assert_quiet(&mut self) {
        let requests = self.events("Network.requestWillBeSent");
        let foreign: Vec<&str> = requests
            .iter()
            .filter_map(|r| r["request"]["url"].as_str())
            // The browser's own audio controls have icons in data: addresses.
            .filter(|url| {
                !["file:", "blob:", "about:", "data:image/svg+xml"].iter().any(|own| url.starts_with(own))
            })
            .collect();
        assert!(foreign.is_empty(), "requests: {foreign:?}");
        let files =
            requests.iter().filter(|r| r["request"]["url"].as_str().is_some_and(|u| u.starts_with("file:")));
        assert!(files.count() <= 1, "the page is one file");
        for method in
            ["Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Audits.issueAdded"]
        {
            let reports = self.events(method);
            assert!(reports.is_empty(), "{method}: {reports:#?}");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug)]
struct Heard {
    file: usize,
    seconds: f64,
    latency_ms: f64,
}

fn find_chromium() -> PathBuf {
    if let Some(path) = std::env::var_os("KIKITORI_CHROMIUM") {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found =
        std::env::split_paths(&path).flat_map(|dir| names.map(|name| dir.join(name))).find(|p| p.is_file());
    found.expect("the browser tests need Chromium: run `make setup`, or set KIKITORI_CHROMIUM to its path")
}

/// A recording with a tone of its own.
fn write_tone(path: &Path, seconds: u32, hertz: f32) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for n in 0..seconds * spec.sample_rate {
        let wave = (n as f32 * hertz * TAU / spec.sample_rate as f32).sin();
        writer.write_sample((wave * 8_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// The page of a record with its two recordings, in a folder of its own.
fn write_page(record: &record::Record) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let recording = |name: &str, seconds, hertz| {
        let path = dir.path().join(name);
        write_tone(&path, seconds, hertz);
        AudioSource { mime: "audio/wav".to_owned(), path }
    };
    let options = RecordOptions {
        audio: vec![recording("1.wav", 20, 440.0), recording("2.wav", 16, 660.0)],
        ..RecordOptions::default()
    };
    let page = dir.path().join("record.html");
    let html = common::write_record(record_by_name("html").unwrap(), record, &options);
    std::fs::write(&page, html).unwrap();
    // The page holds its sound: the recordings are not needed beside it.
    for source in &options.audio {
        std::fs::remove_file(&source.path).unwrap();
    }
    (dir, page)
}

/// Start of the sound for a citation, in seconds.
fn lead_in(start_ms: u64) -> f64 {
    (start_ms.saturating_sub(300)) as f64 / 1000.0
}

fn assert_near(heard: &Heard, file: usize, start_ms: u64) {
    assert_eq!(heard.file, file, "{heard:?}");
    assert!((heard.seconds - lead_in(start_ms)).abs() < 0.15, "{heard:?}, expected {}", lead_in(start_ms));
}

#[test]
fn a_value_plays_its_cited_seconds() {
    let record = common::record();
    let (_dir, page) = write_page(&record);
    let mut browser = Browser::open(&page);
    browser.wait("[...document.querySelectorAll('audio')].every(a => a.readyState >= 1)");
    let number = |id: &str| record.fields.iter().position(|f| f.id == id).unwrap();

    // A click on a value of the first recording.
    browser.listen();
    browser.click(&format!("#f{} .value .piece", number("purpose")));
    let heard = browser.heard();
    assert_near(&heard, 0, 7_200);
    println!("click to sound: {:.0} ms", heard.latency_ms);

    // It stops 0.3 s after the words.
    browser.wait("[...document.querySelectorAll('audio')].every(a => a.paused)");
    let end = browser.eval("document.querySelector('audio').currentTime").as_f64().unwrap();
    assert!((8.3..8.6).contains(&end), "stopped at {end}");

    // Enter on a value of the second one.
    browser.listen();
    let selector = format!("#f{} .value .piece", number("wish.child"));
    browser.eval(&format!("document.querySelector({selector:?}).focus()"));
    browser.press_enter();
    let heard = browser.heard();
    assert_near(&heard, 1, 5_500);
    println!("Enter to sound: {:.0} ms", heard.latency_ms);
    assert_eq!(browser.eval("document.querySelector('audio[data-file=\"0\"]').paused"), true);

    // A time beside a quotation in a table, back in the first one.
    browser.listen();
    browser.click(&format!("#f{} .evidence .time", number("explain")));
    assert_near(&browser.heard(), 0, 15_200);

    // A sentence of a longer value plays its own second.
    browser.listen();
    browser.click(&format!("#f{} .value .piece:nth-of-type(2)", number("talk")));
    assert_near(&browser.heard(), 0, 16_500);

    // Escape stops.
    browser.call("Input.dispatchKeyEvent", json!({ "type": "keyDown", "key": "Escape", "code": "Escape" }));
    browser.wait("[...document.querySelectorAll('audio')].every(a => a.paused)");
    browser.assert_quiet();
}

#[test]
fn every_playable_thing_can_be_reached_and_is_large_enough() {
    let (_dir, page) = write_page(&common::record());
    let mut browser = Browser::open(&page);
    browser.wait("!document.querySelector('#player').hidden");
    let unreachable = browser.eval(
        "[...document.querySelectorAll('[data-play]')].filter(e => e.tabIndex !== 0 || e.getAttribute('role') !== 'button').length",
    );
    assert_eq!(unreachable, 0);
    // WCAG 2.5.8; targets in a line of text are exempt.
    let small = browser.eval(
        "[...document.querySelectorAll('button, select, input, a:not(.skip), .time[data-play], .said[data-play]')]
           .filter(e => { const r = e.getBoundingClientRect(); return r.width < 24 || r.height < 24; })
           .map(e => e.outerHTML.slice(0, 80))",
    );
    assert_eq!(small, json!([]));
    // Without a role, a name or a label nothing can be operated.
    let unnamed = browser.eval(
        "[...document.querySelectorAll('button, [role=button], a')].filter(e => e.textContent.trim() === '').length",
    );
    assert_eq!(unnamed, 0);
    let duplicate = browser.eval(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id); return ids.length - new Set(ids).size; })()",
    );
    assert_eq!(duplicate, 0);

    // The focused value is not behind the player (WCAG 2.4.11), and has a visible outline.
    browser.eval("document.querySelector('#next-check').focus()");
    browser.press_enter();
    browser.wait("document.activeElement.matches('tr[id]')");
    browser.wait(
        "document.activeElement.getBoundingClientRect().top < document.querySelector('#player').getBoundingClientRect().top",
    );
    browser.assert_quiet();
}

#[test]
fn the_page_fits_a_narrow_screen() {
    let (_dir, page) = write_page(&common::record());
    let mut browser = Browser::open(&page);
    // 320 CSS pixels are 1280 at 400 % (WCAG 1.4.10).
    let screen = json!({ "width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": false });
    browser.call("Emulation.setDeviceMetricsOverride", screen);
    browser.wait("innerWidth === 320");
    let wide = browser.eval("document.documentElement.scrollWidth - innerWidth").as_i64().unwrap();
    assert!(wide <= 0, "{wide} pixels too wide");
    browser.assert_quiet();
}

#[test]
fn hostile_words_run_nothing() {
    let (_dir, page) = write_page(&common::hostile());
    let mut browser = Browser::open(&page);
    browser.wait("!document.querySelector('#player').hidden");
    assert_eq!(browser.eval("document.querySelectorAll('img, iframe, object').length"), 0);
    assert!(browser.events("Page.javascriptDialogOpening").is_empty(), "a script in the words ran");
    browser.assert_quiet();
}

#[test]
fn a_page_without_sound_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("record.html");
    let html =
        common::write_record(record_by_name("html").unwrap(), &common::record(), &RecordOptions::default());
    std::fs::write(&page, html).unwrap();
    let mut browser = Browser::open(&page);
    browser.wait("!document.querySelector('#print').hidden");
    assert_eq!(browser.eval("document.querySelectorAll('audio, [role=button]').length"), 0);
    browser.assert_quiet();
}
