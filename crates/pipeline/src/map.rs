//! From a transcript to a record.

use extract::Proposer;
use record::template::Template;
use record::{Document, RECORD_SCHEMA, Record, Source, TemplateRef, Transcript, verify};
use text::{Chain, Headings, Lexicon};

use crate::error::Cause;
use crate::{Error, RecordedAt};

/// How a transcript is mapped.
#[derive(Default)]
pub struct MapOptions<'a> {
    /// The anchor of relative dates.
    pub recorded_at: Option<RecordedAt>,
    /// The text passes, as [`Chain::from_names`] takes them; `None` for all in the default order.
    pub passes: Option<Vec<String>>,
    /// The terms of the office, in front of the program's; `None` for the program's alone.
    pub lexicon: Option<Lexicon>,
    /// What speaks beside the rules.
    pub proposers: Vec<&'a dyn Proposer>,
}

/// Runs the text passes and the field rules, and checks the record against its own laws.
///
/// Same transcript, same options: same record, whether the transcript came from audio or from a file.
pub fn map(
    mut transcript: Transcript,
    source: Source,
    template: &Template,
    options: &MapOptions<'_>,
) -> Result<Record, Error> {
    let anchor = options.recorded_at.as_ref().map(RecordedAt::date);
    let mut document = Document::new(&transcript, anchor);
    chain(options, template)?.run(&mut document).map_err(|source| Cause::Text { source })?;
    let extraction = extract::extract(&document, template, &options.proposers)
        .map_err(|source| Cause::Extract { source })?;
    document.write_back(&mut transcript);
    let record = Record {
        schema: RECORD_SCHEMA.to_owned(),
        template: TemplateRef { id: template.id.clone(), version: template.version.clone() },
        recorded_at: options.recorded_at.as_ref().map(ToString::to_string),
        source,
        fields: extraction.fields,
        gaps: extraction.gaps,
        conflicts: extraction.conflicts,
        unassigned: extraction.unassigned,
        transcript,
    };
    let violations = verify(&record, template);
    if violations.is_empty() { Ok(record) } else { Err(Cause::Unlawful { violations }.into()) }
}

/// Names of all text passes in their default order, as [`MapOptions::passes`] takes them.
#[must_use]
pub fn pass_names() -> Vec<&'static str> {
    Chain::default().names().collect()
}

/// The passes, with the template's own heading words and the office's own terms.
fn chain(options: &MapOptions<'_>, template: &Template) -> Result<Chain, Error> {
    let chain = match &options.passes {
        Some(names) => Chain::from_names(names).map_err(|source| Cause::Text { source })?,
        None => Chain::default(),
    };
    let words: Vec<String> = template.headings().map(ToOwned::to_owned).collect();
    let chain = chain.with(Headings::with(&words));
    Ok(match &options.lexicon {
        Some(lexicon) => chain.with(lexicon.clone()),
        None => chain,
    })
}
