//! A person, part by part out of spans.

use std::ops::Range;

use super::Grounded;
use crate::template::Choice;
use crate::{Document, Person, display};

/// Builds a person out of spans.
#[derive(Clone, Debug)]
pub struct PersonBuilder<'d> {
    doc: &'d Document,
    pub(super) person: Person,
    pub(super) grounded: Grounded,
}

impl<'d> PersonBuilder<'d> {
    /// Nobody yet.
    #[must_use]
    pub fn new(doc: &'d Document) -> Self {
        Self { doc, person: Person::default(), grounded: Grounded::default() }
    }

    /// The name as it was spoken.
    pub fn name(&mut self, range: Range<usize>) {
        self.person.name = Some(self.words(range));
    }

    /// A reporter who gave no name; `range` says so.
    pub fn anonymous(&mut self, range: Range<usize>) {
        self.words(range);
        self.person.name = Some(display::ANONYMOUS.to_owned());
    }

    /// The reading of the name.
    pub fn kana(&mut self, range: Range<usize>) {
        self.person.kana = Some(self.words(range));
    }

    /// A label of the relation list.
    pub fn relation(&mut self, choice: &Choice, trigger: Range<usize>) {
        self.words(trigger);
        self.person.relation = Some(choice.label.clone());
    }

    /// Profession or office: a label of a code list.
    pub fn role(&mut self, choice: &Choice, trigger: Range<usize>) {
        self.words(trigger);
        self.person.role = Some(choice.label.clone());
    }

    /// Profession or office in the words of the speaker.
    pub fn role_words(&mut self, range: Range<usize>) {
        self.person.role = Some(self.words(range));
    }

    /// The organisation.
    pub fn org(&mut self, range: Range<usize>) {
        self.person.org = Some(self.words(range));
    }

    /// Completed years.
    pub fn age(&mut self, years: u16, range: Range<usize>) {
        self.words(range);
        self.person.age = Some(years);
    }

    /// Whether nothing is known of the person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.person == Person::default()
    }

    fn words(&mut self, range: Range<usize>) -> String {
        self.grounded.cite(self.doc, range.clone());
        self.doc.text()[range].to_owned()
    }
}
