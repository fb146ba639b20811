//! One self-contained page: the form, its evidence, the transcript and the sound.
//!
//! ```text
//! page.html   head, policy, style; the form; what to check; the transcript; the player
//! audio       <script type="application/octet-stream" data-audio="0">base64 …</script>, in pieces
//! page.js     joins the pieces to a Blob per recording and plays spans of it
//! ```
//!
//! The page asks nothing of any network: its policy (CSP) allows only this style and this script, by their hashes, and
//! sound from Blobs. The sound stands at the end and in pieces, so that the form is shown before it is read and no string in
//! the browser grows with the recording. Without a script the page is the same, less the sound.

mod audio;
mod view;

use std::io::Write;

use askama::Template as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use record::Record;
use record::template::Template;
use sha2::{Digest, Sha256};

use super::{RecordExporter, RecordOptions, check_template};
use crate::{Error, Result};
use view::{Body, View};

const STYLE: &str = include_str!("../../../templates/page.css");
const SCRIPT: &str = include_str!("../../../templates/page.js");

/// The page; Japanese whatever the options say, as it is the office's form.
pub(super) struct Html;

#[derive(askama::Template)]
#[template(path = "page.html")]
struct Page<'r> {
    style: &'static str,
    style_hash: String,
    script_hash: String,
    view: View<'r>,
}

impl RecordExporter for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn export(
        &self,
        record: &Record,
        template: &Template,
        options: &RecordOptions,
        out: &mut dyn Write,
    ) -> Result<()> {
        check_template(record, template)?;
        audio::check(record, &options.audio)?;
        let page = Page {
            style: STYLE,
            style_hash: hash(STYLE),
            script_hash: hash(SCRIPT),
            view: View::new(record, template, &options.audio),
        };
        page.write_into(out).map_err(Error::write)?;
        for (number, source) in options.audio.iter().enumerate() {
            audio::embed(number, source, out)?;
        }
        write!(out, "<script>{SCRIPT}</script>\n</body>\n</html>\n").map_err(Error::write)
    }
}

/// A hash source of a content security policy.
fn hash(inline: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(inline)))
}
