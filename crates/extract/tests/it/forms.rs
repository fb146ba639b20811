//! The shipped forms against the tables of the form catalogue: ids, types, who fills, what is needed, choices, columns.

use std::fmt::Write;

use record::template::{FieldSpec, Fill, Required, Template, shipped_templates};
use record::{Document, Field, Grounded, GroundingError, Origin, Reason, Segment, Transcript};

/// The lists of which the catalogue gives the id; choices of other fields are written out.
const LISTED: &[&str] = &[
    "abuse_type",
    "consultation_kind",
    "custody_ground",
    "main_abuser",
    "reception_method",
    "relation",
    "route",
    "school_status",
    "sex",
    "source_basis",
    "urgency_rank",
];

/// One line a field: need, who fills it, id, type, code list, sealed, choices; an indented line a table's columns.
/// 「K/P」: the catalogue leaves open which.
const CATALOGUE: &[(&str, &str)] = &[
    (
        "intake",
        "\
◎ P juri_at datetime
◎ P listener person
◎ P method enum reception_method
◎ P child.name person
◎ P child.birth date
○ P child.age number
◎ P child.sex enum sex
◎ P child.addr text
○ P child.school enum+detail school_status
◎ P child.now enum+detail = 家庭 / 病院 / 学校・園 / その他
◎ P guardian rows
◎ P abuse.who enum+detail main_abuser
○ P abuse.since date_range
○ P abuse.freq text
◎ P abuse.how text
◎ L abuse.type_main enum abuse_type
△ L abuse.type_sub multi abuse_type
◎ P source.basis enum+detail source_basis
○ P source.consent enum = 承知 / 拒否 / 知らせていない
◎ P main_complaint text
○ P child.state text
◎ P family.sib bool3
○ P family.sib_rows rows
○ P family.members rows
◎ P family.dv bool3+detail
○ P env text
○ P wish text
◎ P history bool3+detail
◎ P reporter.name person sealed
◎ P reporter.addr text sealed
◎ P reporter.phone text sealed
◎ P reporter.relation text sealed
◎ P reporter.route enum route sealed
○ L reporter.intent enum sealed = 子どもの保護 / 調査 / 相談
○ P reporter.coop enum sealed = 諾 / 否
◎ L response enum+detail = 要 / 否
△ H decision text
  guardian: name:text relation:enum age:number occupation:text addr:text phone:text
  family.sib_rows: name:text relation:enum age:number school:text living:enum
  family.members: name:text relation:enum age:number occupation:text living:enum
",
    ),
    (
        "visit",
        "\
◎ P at datetime_range
◎ P place enum+detail = 家庭 / 所内 / 学校 / 園 / 病院 / 施設 / 警察 / 電話
◎ P form enum = 家庭訪問 / 来所面接 / 学校訪問 / 同行訪問 / 電話
◎ P subject rows
◎ P staff rows
◎ P purpose text
◎ P talk text
◎ P obs.child text
○ P obs.parent text
△ P obs.home text
◎ P injury rows
○ P explain rows
○ P notice text
◎ P wish.child quote
◎ P wish.parent quote
○ P agree rows
○ P assess text
◎ P next rows
△ P check_sv rows
  subject: name:text relation:enum org:text met:enum
  staff: name:text title:enum org:text
  injury: part:enum side:enum kind:enum colour:multi size:text size_cm:number count:number shape:enum age:enum found_at:date found_by:text photo:text explanation:text
  explain: speaker:enum words:quote about:text said_at:date
  agree: who:text what:text by:date
  next: who:text what:text by:date
  check_sv: item:text to:text
",
    ),
    (
        "progress",
        "\
△ C no number
◎ P date date
○ P time time_range
◎ P means enum = 電話 / 訪問 / 来所 / 会議 / 文書 / メール / FAX / オンライン
○ P dir enum = 架電 / 受電 / 訪問 / 来所
◎ P partner person
○ P result multi = 通話 / 不通 / 不在 / 留守電 / 折返し待ち / 着信拒否 / 面会できた / 面会拒否 / 訪問連絡票投函
◎ P body text
△ P opinion text
△ P next rows
◎ P by person
△ H approve text
  next: who:text what:text by:date
",
    ),
    (
        "safety-check",
        "\
◎ K/P recv datetime
◎ C due datetime
◎ P done datetime
◎ C elapsed number
◎ P how enum = 児相職員の直接目視 / 市区町村職員の目視 / 所属機関(園・学校)による目視 / 警察 / 医療機関 / 未確認
◎ P who rows
◎ P where enum+detail = 家庭 / 園 / 学校 / 病院 / 所 / その他
○ P alone bool3
○ P body enum+detail = 実施 / 一部 / 未実施
◎ P injury bool3
◎ P injury_rows rows
○ P cond text
○ P face text
○ P said quote
◎ P sib rows
○ P attitude enum+detail = 応じる / 拒否 / 威嚇 / 不在 / 居留守の疑い
△ P fail text
△ L plan multi = 再訪問 / 関係機関照会 / 警察援助要請 / 出頭要求 / 立入調査 / 臨検・捜索
◎ H judge text
  who: name:text title:enum org:text
  injury_rows: part:enum side:enum kind:enum colour:multi size:text size_cm:number count:number shape:enum age:enum found_at:date found_by:text photo:text explanation:text
  sib: name:text age:number confirmed:bool3 note:text
",
    ),
    (
        "urgency",
        "\
○ K head.child person
○ P head.date date
△ Q q1.evidence rows
— H q1.mark enum = はい / いいえ / 不明
△ Q q2.evidence rows
— H q2.mark enum = はい / いいえ / 不明
△ Q q3.evidence rows
— H q3.mark enum = はい / いいえ / 不明
△ Q q4.evidence rows
— H q4.mark enum = はい / いいえ / 不明
△ Q q5.evidence rows
— H q5.mark enum = はい / いいえ / 不明
△ Q q6.evidence rows
— H q6.mark enum = はい / いいえ / 不明
△ Q q7.evidence rows
— H q7.mark enum = はい / いいえ / 不明
△ Q q8.evidence rows
— H q8.mark enum = はい / いいえ / 不明
— H rank enum urgency_rank
— H decision text
  q1.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q2.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q3.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q4.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q5.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q6.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q7.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
  q8.evidence: item:enum words:quote speaker:enum said_at:date polarity:enum
",
    ),
    (
        "face-sheet",
        "\
◎ H case_no text
◎ K accepted date
◎ P worker rows
◎ P name person
◎ P kana text
◎ P sex enum sex
◎ P birth date
◎ C/P age number
△ P nationality text
△ P language text
△ P interpreter bool3+detail
○ P addr text
○ P registry.resident text
○ P registry.domicile text
○ P tel text
○ P school enum+detail school_status
△ P certs rows
△ P insurance text
◎ P custody rows
◎ P family rows
○ P kin rows
◎ K/P main text
◎ L kind enum consultation_kind
◎ K route enum route sealed
○ P birth_hist text
○ P illness text
◎ P past rows
○ P home text
○ P agencies rows
△ C geno text
△ K progress text
△ L close.date date
△ L close.reason enum+detail = 主訴解消 / 転出・ケース移管 / 施設入所・里親委託 / 他機関へ引継ぎ / 年齢到達 / その他
  worker: role:enum name:text
  certs: kind:enum grade:text since:date
  custody: name:text relation:enum role:enum basis:text
  family: name:text relation:enum birth:date age:number occupation:text health:text living:enum note:text
  kin: name:text relation:enum place:text phone:text support:text
  past: kind:enum at:date agency:text result:text
  agencies: agency:text person:text role:text contact:text
",
    ),
    (
        "conference",
        "\
◎ K head.case_no text
◎ K head.child person
◎ K head.worker text
◎ P head.date date
◎ P reason text
◎ K kind enum consultation_kind
◎ K route enum route sealed
◎ K main text
◎ K family rows
◎ K geno text
◎ K course rows
○ P dx.social text
○ P dx.psych text
○ P dx.med text
○ P dx.behav text
○ P dx.other text
◎ H total text
◎ P wish.child quote
◎ P wish.parent quote
◎ L plan text
○ L goal rows
○ P roles rows
○ P review date
◎ H decision text
△ H decision_note text
  course: date:date event:text
  goal: term:enum goal:text by:date
  roles: agency:text task:text by:date
",
    ),
    (
        "temporary-custody",
        "\
◎ P start datetime
◎ P place enum+detail = 一時保護所 / 委託(乳児院) / 委託(児童養護施設) / 委託(里親) / 委託(医療機関) / 委託(警察)
◎ P consent rows
◎ H ground multi custody_ground
△ Q ground_evidence rows
◎ P need rows
◎ P child_view quote
○ P parent_view rows
◎ P notice rows
◎ C court_due date
◎ C limit date
◎ P health text
○ P items rows
○ L contact enum+detail = 制限なし / 一部制限 / 全部制限 / 未定
  consent: who:enum answer:enum at:datetime words:quote
  ground_evidence: item:enum words:quote speaker:enum said_at:date
  need: fact:text date:date material:text
  parent_view: who:enum words:quote at:datetime how:text
  notice: to:enum at:datetime method:text content:text
  items: item:text count:number note:text
",
    ),
    (
        "injury",
        "\
○ K child.name person
○ P checked_at datetime
○ P checked_by person
◎ P injury rows
— H consistency text
  injury: part:enum side:enum kind:enum colour:multi size:text size_cm:number count:number shape:enum age:enum found_at:date found_by:text photo:text explanation:text
",
    ),
    (
        "phone-consultation",
        "\
◎ P at datetime
◎ P listener person
○ P caller.name person sealed_when
○ P caller.relation enum+detail relation
○ P caller.age number
○ P caller.contact text sealed_when
○ P child.name person
○ P child.age number
○ P child.sex enum sex
○ P child.school enum+detail school_status
◎ L kind enum consultation_kind
◎ P content text
◎ P advice text
◎ L disposition enum = 1回で終了 / 継続 / 他機関紹介 / 通告として受理
◎ L urgent bool3
△ P handover.to text
△ P handover.at datetime
○ P/C duration number
",
    ),
];

fn forms() -> Vec<Template> {
    shipped_templates(extract::rule_names()).unwrap()
}

fn described(template: &Template, expected: &str) -> String {
    let mut lines = String::new();
    for field in &template.fields {
        let need = match (field.required, field.fill) {
            (Required::Must, _) => "◎",
            (Required::Usual, _) => "○",
            // The catalogue writes no need for what only a person decides.
            (Required::IfApplicable, Fill::Human) if expected.contains(&format!("— H {} ", field.id)) => {
                "—"
            }
            (Required::IfApplicable, _) => "△",
        };
        let fill = field.fill.name();
        let open = [format!("{fill}/"), format!("/{fill}")].into_iter().find_map(|part| {
            let line = expected.lines().find(|l| l.contains(&format!(" {} ", field.id)))?;
            let letters = line.split(' ').nth(1)?;
            letters.contains(&part).then(|| letters.to_owned())
        });
        write!(lines, "{need} {} {} {}", open.as_deref().unwrap_or(fill), field.id, field.kind.name())
            .unwrap();
        if field.detail {
            lines.push_str("+detail");
        }
        let list = LISTED.iter().find(|id| is_list(template, field, id));
        if let Some(id) = list {
            write!(lines, " {id}").unwrap();
        }
        if field.sealed {
            lines.push_str(" sealed");
        }
        if !field.sealed_when.is_empty() {
            lines.push_str(" sealed_when");
        }
        let written = expected.lines().any(|l| l.contains(&format!(" {} ", field.id)) && l.contains(" = "));
        if written {
            let mut labels: Vec<&str> = field.choices.iter().map(|c| c.label.as_str()).collect();
            // A list with details ends with an implicit その他.
            let implied = format!("{} / その他", labels[..labels.len() - 1].join(" / "));
            if field.detail && !expected.contains(&implied) {
                labels.pop();
            }
            write!(lines, " = {}", labels.join(" / ")).unwrap();
        }
        lines.push('\n');
    }
    for field in template.fields.iter().filter(|f| expected.contains(&format!("\n  {}: ", f.id))) {
        let columns: Vec<_> = field.columns.iter().map(|c| format!("{}:{}", c.id, c.kind.name())).collect();
        writeln!(lines, "  {}: {}", field.id, columns.join(" ")).unwrap();
    }
    lines
}

/// Whether the field's choices are those of the list (with その他 where it has details).
fn is_list(template: &Template, field: &FieldSpec, id: &str) -> bool {
    let list = template.codes.get(id).unwrap();
    field.choices.len() >= list.len() && !list.is_empty() && field.choices[..list.len()] == *list
}

#[test]
fn every_form_is_as_the_catalogue_describes_it() {
    let forms = forms();
    let ids: Vec<_> = forms.iter().map(|t| t.id.as_str()).collect();
    assert_eq!(ids, CATALOGUE.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    for (template, (id, expected)) in forms.iter().zip(CATALOGUE) {
        assert_eq!(described(template, expected), *expected, "{id}");
        assert!(template.title.ends_with("参考様式(例)"), "{id}");
    }
}

/// forms.md §13: the program has no way to fill these.
const PERSON_ONLY: &[(&str, &[&str])] = &[
    ("intake", &["decision"]),
    ("visit", &[]),
    ("progress", &["approve"]),
    ("safety-check", &["judge"]),
    (
        "urgency",
        &[
            "q1.mark", "q2.mark", "q3.mark", "q4.mark", "q5.mark", "q6.mark", "q7.mark", "q8.mark", "rank",
            "decision",
        ],
    ),
    ("face-sheet", &["case_no"]),
    ("conference", &["total", "decision", "decision_note"]),
    ("temporary-custody", &["ground"]),
    ("injury", &["consistency"]),
    ("phone-consultation", &[]),
];

#[test]
fn what_only_a_person_decides_has_no_rule_and_takes_no_value() {
    let transcript = Transcript {
        segments: vec![Segment {
            raw: "緊急度は高い".into(),
            text: "緊急度は高い".into(),
            ..Segment::default()
        }],
        edits: vec![],
    };
    let document = Document::new(&transcript, None);
    let whole = 0..document.text().len();
    let words = || Grounded::copied(&document, std::slice::from_ref(&whole));
    for (template, (id, fields)) in forms().iter().zip(PERSON_ONLY) {
        let human: Vec<_> =
            template.fields.iter().filter(|f| f.fill == Fill::Human).map(|f| f.id.as_str()).collect();
        assert_eq!((template.id.as_str(), human.as_slice()), (*id, *fields));
        for spec in template.fields.iter().filter(|f| f.fill == Fill::Human) {
            assert_eq!(spec.rule, None, "{id}.{}", spec.id);
            for origin in [Origin::Rule, Origin::Model, Origin::Computed] {
                let refused = Field::stated(spec, words(), origin);
                assert_eq!(refused, Err(GroundingError::PersonOnly(spec.id.clone())), "{id}.{}", spec.id);
            }
            let refused = Field::without_value(spec, Reason::None, None, words());
            assert_eq!(refused, Err(GroundingError::PersonOnly(spec.id.clone())), "{id}.{}", spec.id);
        }
    }
}

#[test]
fn the_gap_questions_of_the_catalogue_are_asked() {
    for (form, field, question) in [
        ("safety-check", "how", "だれが、いつ、どのように本児を直接確認しましたか。"),
        ("safety-check", "done", "だれが、いつ、どのように本児を直接確認しましたか。"),
        ("safety-check", "alone", "保護者と離れて話を聞けましたか。"),
        ("safety-check", "body", "着衣の下は確認しましたか。しなかった理由は。"),
        ("safety-check", "sib", "きょうだいの安全は確認しましたか。"),
        ("temporary-custody", "consent", "親権者それぞれの同意・不同意は。"),
        ("temporary-custody", "child_view", "子ども本人の意見は聞きましたか。"),
        ("temporary-custody", "health", "アレルギー・服薬・受診の必要はありますか。"),
        ("phone-consultation", "urgent", "今すぐの危険はありますか。"),
        ("progress", "date", "年月日(曜)が口述にありません。"),
    ] {
        let forms = forms();
        let spec = forms.iter().find(|t| t.id == form).unwrap().field(field).unwrap();
        assert_eq!(spec.question, question, "{form}.{field}");
    }
}
