//! The words that the rules look for: `data/vocabulary.toml`, a type for each of its tables.

use std::sync::LazyLock;

use serde::Deserialize;

const SOURCE: &str = include_str!("../data/vocabulary.toml");

/// The words of all rules.
pub(crate) static WORDS: LazyLock<Vocabulary> = LazyLock::new(|| toml::from_str(SOURCE).unwrap_or_default());

/// A list, in the order of the file.
pub(crate) type Words = Vec<&'static str>;

/// Types whose fields are the keys of a table; what each list holds, its comment in the file says.
macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident { $($list:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
        pub(crate) struct $table {
            $(pub(crate) $list: $kind,)*
        }
    )*};
}

tables! {
    /// The tables of the file.
    Vocabulary {
        plan: Plan,
        wish: Wish,
        items: Items,
        split: Split,
        people: People,
        identity: Identity,
        abuse: Abuse,
        account: Account,
        actions: Actions,
        belongings: Belongings,
        call: Call,
        child: Child,
        choice: Choice,
        contact: Contact,
        consents: Consents,
        needs: Needs,
        views: Views,
        notices: Notices,
        entry: Entry,
        diagnosis: Diagnosis,
        evidence: Evidence,
        siblings: Siblings,
        family: Family,
        household: Household,
        injury: Injury,
        finder: Finder,
        item: Item,
        meeting: Meeting,
        reporter: Reporter,
        safety: Safety,
        section: Section,
        agencies: Agencies,
        authority: Authority,
        past_contacts: PastContacts,
        source: Source,
        speech: Speech,
        staff: Staff,
        steps: Steps,
        topic: Topic,
    }

    /// Sentences of what staff will do.
    Plan {
        endings: Words,
        certain: Words,
        to_come: Words,
        states: Words,
    }

    /// Sentences of somebody's wish.
    Wish {
        marks: Words,
        words: Words,
        asked: Words,
        behind: Words,
    }

    /// Where a section ends at the topic of another field.
    Items {
        topical: Words,
    }

    /// Where a sentence without a full stop ends.
    Split {
        carried: Words,
        plain: Words,
        open: Words,
        described: Words,
        openings: Words,
    }

    /// People and their names.
    People {
        no_person: Words,
        no_names: Words,
        given: Words,
        no_given: Words,
    }

    /// What may tell who the reporter is.
    Identity {
        near: Words,
    }

    /// Acts, their times and frequency.
    Abuse {
        acts: Words,
        frequencies: Words,
        elsewhere: Words,
        goes_on: Words,
        only_when: Words,
    }

    /// What was done and how the child is.
    Account {
        other_lines: Words,
        conditions: Words,
        child_alone: Words,
    }

    /// Next actions and agreements.
    Actions {
        vague_deadlines: Words,
        leads: Words,
        officials: Words,
        no_actors: Words,
        promises: Words,
    }

    /// What the child brought.
    Belongings {
        endings: Words,
        counters: Words,
    }

    /// A consultation by telephone.
    Call {
        standing: Words,
        lines: Words,
        other_fields: Words,
        handover_leads: Words,
    }

    /// The child of a report.
    Child {
        others: Words,
        other_sections: Words,
        tail: Words,
        topics: Words,
        next_items: Words,
        attends: Words,
        school_items: Words,
    }

    /// Choices that are spoken.
    Choice {
        received: Words,
    }

    /// Who was met.
    Contact {
        professions: Words,
        met_with: Words,
        met: Words,
    }

    /// Who agreed to the custody.
    Consents {
        refused: Words,
        open: Words,
        given: Words,
    }

    /// Why custody is needed.
    Needs {
        sources: Words,
        heard: Words,
        materials: Words,
        announcements: Words,
        no_need: Words,
    }

    /// What each parent holds.
    Views {
        words: Words,
        ways: Words,
    }

    /// What was told of the custody.
    Notices {
        told: Words,
        verbs: Words,
        matters: Words,
    }

    /// An entry of the course record.
    Entry {
        orgs: Words,
        offices: Words,
        reports: Words,
        news: Words,
        letters: Words,
        particles: Words,
        recorder_leads: Words,
        head_words: Words,
    }

    /// What tells a diagnosis.
    Diagnosis {
        views: Words,
        judged: Words,
    }
    /// Candidates of the urgency items.
    Evidence {
        leads: Words,
        questions: Words,
        unable: Words,
        conditions: Words,
    }

    /// Brothers and sisters.
    Siblings {
        labels: Words,
        there: Words,
    }

    /// What the tables of the family share.
    Family {
        occupations: Words,
        no_occupation: Words,
        endings: Words,
        no_names: Words,
    }

    /// The people of the household.
    Household {
        leads: Words,
        help: Words,
        health: Words,
        schools: Words,
    }

    /// Injuries.
    Injury {
        gone: Words,
        compared: Words,
    }

    /// By whom an injury was found.
    Finder {
        people: Words,
    }

    /// Items of one line.
    Item {
        endings: Words,
    }

    /// A case conference.
    Meeting {
        behind_deadline: Words,
        task_endings: Words,
        no_task: Words,
        staff: Words,
        people: Words,
    }

    /// The reporter.
    Reporter {
        reception: Words,
        anonymous: Words,
        refuses: Words,
        agrees: Words,
    }

    /// The safety check.
    Safety {
        seen: Words,
        police: Words,
        hospital: Words,
        school: Words,
        town: Words,
        office: Words,
        absent: Words,
        not_alone: Words,
        not_done: Words,
        partly: Words,
        done: Words,
        sibling_seen: Words,
        sibling_unseen: Words,
    }

    /// Sections of free text.
    Section {
        looked: Words,
        manners: Words,
        told: Words,
        contact: Words,
    }

    /// The organisations that are involved.
    Agencies {
        ends: Words,
        role_endings: Words,
        posts: Words,
    }

    /// Who holds parental authority.
    Authority {
        grounds: Words,
    }

    /// Earlier consultations, reports and custodies.
    PastContacts {
        results: Words,
    }

    /// Whether the guardians know of the report.
    Source {
        untold: Words,
        refused: Words,
        known: Words,
        subjects: Words,
    }

    /// What people said.
    Speech {
        causes: Words,
        injuries: Words,
        heard: Words,
        feelings: Words,
        others: Words,
    }

    /// Who was there for the office.
    Staff {
        leads: Words,
        came: Words,
        professions: Words,
        joints: Words,
        took: Words,
        taken: Words,
        did: Words,
        no_colleagues: Words,
        no_names: Words,
    }

    /// Steps that are planned.
    Steps {
        endings: Words,
    }

    /// Whom the items of a form are told of.
    Topic {
        called: Words,
        items: Words,
        topics: Words,
        others: Words,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_vocabulary_fits_its_type() {
        toml::from_str::<Vocabulary>(SOURCE).unwrap();
        for (table, lists) in &toml::from_str::<toml::Table>(SOURCE).unwrap() {
            for (list, words) in lists.as_table().unwrap() {
                let words: Vec<&str> =
                    words.as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
                assert!(
                    !words.is_empty() && words.iter().all(|w| !w.is_empty()),
                    "[{table}] {list}: an empty word"
                );
                let mut known = BTreeSet::new();
                let again = words.iter().find(|w| !known.insert(**w));
                assert_eq!(again, None, "[{table}] {list}: a word twice");
            }
        }
    }
}
