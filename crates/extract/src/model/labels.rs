//! What the tagger can say: closed lists of sections, of span kinds and of parties. The hash of the lists is in the weights' header.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// Every label, in the order of the network's outputs.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in the weights' header and in the training data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

labels! {
    /// What a sentence is about.
    Section {
        /// Remarks, greetings, words to the recorder.
        Other = "その他",
        /// What was seen of the child.
        Child = "本児の様子",
        /// What was seen of the parents.
        Parent = "保護者の様子",
        /// What was seen of the home.
        Home = "家庭内の様子",
        /// What people said.
        Talk = "聴取内容",
        /// Who was reached, and who was not.
        Contact = "連絡結果",
        /// The worker's view, marked as such.
        View = "所見",
        /// What staff will do.
        Next = "今後の対応",
        /// Who did the work.
        Staff = "対応者",
        /// Why they went.
        Purpose = "目的",
        /// When and where.
        Occasion = "実施日時",
        /// What the child wants.
        ChildWish = "本児の意向",
        /// What the parents want.
        ParentWish = "保護者の意向",
        /// What staff told the family.
        Notice = "告知内容",
        /// What both sides agreed on.
        Agreement = "約束",
        /// Injuries seen, or their absence.
        Injury = "傷・あざ",
        /// What is reported to have happened to the child.
        Report = "通告内容",
        /// Who reports.
        Reporter = "通告者",
        /// Who belongs to the family.
        Family = "家族構成",
        /// Name, birth, address and school of the child.
        Identity = "基本情報",
        /// Earlier reports and consultations.
        History = "相談歴",
        /// Health, medicine, allergies.
        Health = "健康",
        /// Birth and development.
        Upbringing = "生育歴",
        /// School, day care, neighbourhood.
        School = "所属の状況",
        /// Work, money, supporters.
        Living = "生活状況",
        /// What staff advised.
        Advice = "助言内容",
        /// What a caller asks about.
        Question = "相談内容",
        /// Why the child was taken into care.
        Need = "必要性",
        /// Which agency does what.
        Roles = "役割分担",
    }
}

impl Section {
    /// Canonical headings under which such a sentence would stand, the best first: the first one that a field of the form
    /// lists decides. Empty: the rules alone fill such fields.
    #[must_use]
    pub fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Other | Self::Identity | Self::Reporter => &[],
            Self::Child => &["本児の様子", "内容"],
            Self::Parent => &["保護者の様子", "内容"],
            Self::Home => &["家庭内の様子", "居住環境", "内容"],
            Self::Talk => &["聴取内容", "相談内容", "通告内容", "内容"],
            Self::View => &["所見"],
            Self::Next => &["今後の対応"],
            Self::Staff => &["対応者"],
            Self::Purpose => &["目的"],
            Self::Occasion => &["実施日時"],
            Self::ChildWish => &["本児の意向", "内容"],
            Self::ParentWish => &["保護者の意向", "内容"],
            Self::Notice => &["告知内容", "助言内容", "内容"],
            Self::Agreement => &["約束", "内容"],
            Self::Injury => &["傷・あざ", "内容"],
            Self::Report => &["通告内容", "聴取内容", "内容"],
            Self::Contact | Self::Family => &["聴取内容", "内容"],
            Self::History => &["相談歴", "聴取内容", "内容"],
            Self::Health => &["健康", "既往歴", "聴取内容", "内容"],
            Self::Upbringing => &["生育歴", "聴取内容", "本児の様子", "内容"],
            Self::School => &["所属の状況", "聴取内容", "内容"],
            Self::Living => &["経済状況", "聴取内容", "居住環境", "内容"],
            Self::Advice => &["助言内容", "告知内容", "内容"],
            Self::Question => &["相談内容", "聴取内容", "内容"],
            Self::Need => &["一時保護の必要性"],
            Self::Roles => &["役割分担"],
        }
    }
}

labels! {
    /// What a stretch of characters names.
    SpanKind {
        /// A name of a person.
        Person = "person",
        /// A relative, or a profession in the place of a name.
        Relation = "relation",
        /// An agency, a school, a hospital.
        Organisation = "organisation",
        /// Where something happened.
        Place = "place",
        /// A part of an address.
        Address = "address",
        /// A date, a time, a frequency, a duration.
        Time = "time",
        /// A part of the body.
        BodyPart = "body_part",
        /// A kind of injury.
        Injury = "injury",
        /// A size in words.
        Size = "size",
        /// A colour.
        Colour = "colour",
        /// What somebody did or will do.
        Action = "action",
        /// Somebody's words.
        Quote = "quote",
        /// Words that negate.
        Polarity = "polarity",
        /// Words that hedge.
        Certainty = "certainty",
        /// How a name is read.
        Kana = "kana",
        /// How old somebody is.
        Age = "age",
        /// A telephone number.
        Phone = "phone",
        /// What somebody lives by.
        Occupation = "occupation",
    }
}

labels! {
    /// Of whom a fact is told.
    Party {
        /// 本児.
        Child = "child",
        /// Who reports, asks or is spoken with: 通告者, 相談者, the other side of a contact.
        Caller = "caller",
        /// Relatives and the household, unless they call.
        Family = "family",
        /// Staff of the centre.
        Staff = "staff",
        /// Anybody else.
        Other = "other",
    }
}

/// Classes of the party head: nobody, then each party.
pub(crate) const PARTY_CLASSES: usize = 1 + Party::ALL.len();

/// Classes of the tag head: outside, then begin and inside of each kind.
pub(crate) const TAG_CLASSES: usize = 1 + 2 * SpanKind::ALL.len();

/// The class of a character inside a span.
#[cfg(any(test, feature = "train"))]
pub(crate) fn tag_class(kind: SpanKind, begins: bool) -> u32 {
    1 + 2 * kind as u32 + u32::from(!begins)
}

/// The class of a character in words about a party.
#[cfg(feature = "train")]
pub(crate) fn party_class(party: Party) -> u32 {
    1 + party as u32
}

/// The kind of a class, and whether a span begins there. `None` outside spans.
pub(crate) fn tag_of(class: usize) -> Option<(SpanKind, bool)> {
    let index = class.checked_sub(1)?;
    Some((*SpanKind::ALL.get(index / 2)?, index % 2 == 0))
}

/// SHA-256 over the names of all labels in their order, lower-case hexadecimal.
pub(crate) fn label_hash() -> String {
    let mut hash = Sha256::new();
    let names = Section::ALL.iter().map(|s| s.name()).chain(SpanKind::ALL.iter().map(|k| k.name()));
    for name in names.chain(Party::ALL.iter().map(|p| p.name())) {
        hash.update(name.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_leads_back_to_its_kind() {
        assert_eq!(tag_of(0), None);
        for kind in SpanKind::ALL {
            assert_eq!(tag_of(tag_class(*kind, true) as usize), Some((*kind, true)));
            assert_eq!(tag_of(tag_class(*kind, false) as usize), Some((*kind, false)));
        }
        assert_eq!(tag_of(TAG_CLASSES), None);
    }
}
