//! The papers of a meeting: the course by day, goals by term, who does what.

mod requests;

use std::ops::Range;
use std::sync::LazyLock;

use record::template::FieldSpec;
use record::{Grounded, Kept, RowBuilder};
use regex::Regex;

use super::section::whole_section;
use super::{Filled, Outcome, fill_day, sheet, without};
use crate::scene::{Scene, Sentence};
use crate::vocabulary::WORDS;
use crate::words::{clauses, ends_with_any, find_any, has_any, lead_of, starts_with_any, trim, trim_end_of};

/// Days and events, under the heading of the course.
pub(super) fn course(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    for sentence in scene.under(&spec.headings) {
        let dates = scene.dates(sentence.range.clone());
        for (i, (day, annotation)) in dates.iter().enumerate() {
            let end = dates.get(i + 1).map_or(sentence.range.end, |(_, next)| next.range.start);
            let event = trim(text, annotation.range.end..end);
            let event = event.start + lead_of(&text[event.clone()], &["に、", "に", "は、", "は"])..event.end;
            if event.is_empty() {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            fill_day(&mut row, "date", *day, annotation)?;
            row.copy("event", trim(text, event))?;
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// Goals under the heading of their term, or behind its words.
pub(super) fn goals(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let pieces = scene.sentences.iter().flat_map(|s| by_term(text, s, &spec.cues));
    for sentence in &pieces.collect::<Vec<_>>() {
        let heading = sentence.heading.as_ref().filter(|h| spec.headings.contains(h));
        let cue = find_any(text, sentence.full.clone(), &spec.cues);
        if (heading.is_none() && cue.is_none()) || is_task_behind_goal(scene, sentence) {
            continue;
        }
        let said = sentence.head.clone().filter(|_| heading.is_some()).unwrap_or(sentence.full.clone());
        let term = ["短期", "中期", "長期"]
            .into_iter()
            .filter_map(|term| Some((term, find_any(text, said.clone(), &[term])?)))
            .min_by_key(|(_, at)| at.start);
        let start = cue.map_or(sentence.range.start, |c| c.end).max(sentence.range.start);
        let start = start + lead_of(&text[start..sentence.range.end], &["は、", "は", "、", "として"]);
        let goal = behind_limit(scene, without_deadline(scene, trim(text, start..sentence.range.end)));
        if goal.is_empty()
            || ["未定", "なし", "特になし"].contains(&&text[goal.clone()])
            || without(scene, sentence).is_some()
        {
            continue;
        }
        let mut row = RowBuilder::new(scene.doc, spec);
        if let Some((term, words)) = term {
            row.choose("term", term, words)?;
        }
        day(scene, &mut row, &sentence.range)?;
        row.copy("goal", goal)?;
        rows.push(row);
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// 「長期目標、…。保健師は月2回訪問します。」: a later sentence under a goal in which somebody undertakes a task.
fn is_task_behind_goal(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let under = sentence.heading.as_deref().is_some_and(|h| h.ends_with("目標"));
    let later = sentence
        .head
        .as_ref()
        .is_some_and(|head| head.start < sentence.full.start && head.end < sentence.full.start);
    let first = clauses(scene.text(), sentence.range.clone()).into_iter().next();
    under
        && later
        && first.is_some_and(|clause| bearer(scene, &clause, false).is_some())
        && (scene.is_undertaking(sentence) || is_agreed(scene, sentence))
}

/// 「短期目標は…、中期目標は…」: a sentence for each term.
fn by_term(text: &str, sentence: &Sentence, cues: &[String]) -> Vec<Sentence> {
    let mut ends: Vec<usize> = clauses(text, sentence.range.clone())
        .into_iter()
        .filter(|c| c.start > sentence.range.start && starts_with_any(&text[c.clone()], cues))
        .map(|c| c.start)
        .collect();
    ends.push(sentence.range.end);
    let mut pieces = Vec::new();
    let mut start = sentence.range.start;
    for (i, end) in ends.into_iter().enumerate() {
        let mut piece = sentence.clone();
        piece.range = start..end;
        if i > 0 {
            piece.full = piece.range.clone();
            piece.heading = None;
            piece.head = None;
        }
        pieces.push(piece);
        start = end;
    }
    pieces
}

fn day(
    scene: &Scene<'_>,
    row: &mut RowBuilder<'_>,
    range: &Range<usize>,
) -> Result<(), record::GroundingError> {
    let vague = ["今月中", "来月中", "今週中", "年度内", "年内", "3か月以内", "半年以内", "1か月以内"];
    if let Some((day, annotation)) = scene.dates(range.clone()).into_iter().next() {
        return fill_day(row, "by", day, annotation);
    }
    let within = || {
        clauses(scene.text(), range.clone()).into_iter().find_map(|clause| {
            let clause = trim(scene.text(), clause);
            let bare = scene.text()[clause.clone()]
                .find(['は', 'が'])
                .map_or(clause.start, |at| clause.start + at + 'は'.len_utf8());
            [clause.start, bare].into_iter().find_map(|from| {
                let found = WITHIN.as_ref()?.find(scene.text().get(from..clause.end)?)?;
                Some(from + found.start()..from + found.end())
            })
        })
    };
    match within().or_else(|| find_any(scene.text(), range.clone(), &vague)) {
        Some(words) => row.keep("by", Kept::Words, words),
        None => Ok(()),
    }
}

/// Within so many bytes behind the heading a sentence may still assign a task.
const REACH: usize = 600;

/// Who does what by when: 「保育園は登園時の見守り、保健センターは家庭訪問を月1回」.
pub(super) fn roles(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let mut rows = Vec::new();
    let headed: Vec<_> = scene.under(&spec.headings).collect();
    let under_heading = !headed.is_empty();
    let told: Vec<&Sentence> = if headed.is_empty() {
        let undertaken = |s: &&Sentence| {
            scene.is_plan(s)
                || (s.heading.is_none() && (scene.is_undertaking(s) || is_agreed(scene, s)))
                || (s.heading.is_none() && !requests::requests(scene, s).is_empty())
                || is_task_behind_goal(scene, s)
                || (is_policy(s) && is_assigned(scene, s))
        };
        let own: Vec<&Sentence> = scene.sentences.iter().filter(undertaken).collect();
        with_next(scene, &own)
    } else {
        // 「役割分担は、…。乳児院は、…に付き添う。」: more of them behind a heading of one sentence.
        let from = headed.last().map_or(0, |s| s.full.end);
        let more = scene.headless().filter(|s| s.full.start >= from && s.full.start <= from + REACH);
        let more = more.filter(|s| {
            let first = clauses(text, s.range.clone()).into_iter().next();
            scene.is_undertaking(s) && first.is_some_and(|clause| bearer(scene, &clause, false).is_some())
        });
        let more: Vec<&Sentence> = more.collect();
        headed.into_iter().chain(more).collect()
    };
    for sentence in told {
        let asked = requests::requests(scene, sentence);
        if !asked.is_empty() {
            for request in asked {
                let mut row = RowBuilder::new(scene.doc, spec);
                row.copy("agency", request.who)?;
                day(scene, &mut row, &request.whole)?;
                row.copy("task", request.task)?;
                rows.push(row);
            }
            continue;
        }
        let mut starts: Vec<(Range<usize>, usize)> = Vec::new();
        for clause in clauses(text, sentence.range.clone()) {
            // 「乳児院は、担当職員が付き添う」: within a task that has not begun nobody else takes one.
            let begun =
                starts.last().is_none_or(|(_, from)| !trim(text, *from..clause.start.max(*from)).is_empty());
            starts.extend(bearer(scene, &clause, under_heading).filter(|_| begun));
        }
        for (i, (who, from)) in starts.iter().enumerate() {
            let end = starts.get(i + 1).map_or(sentence.range.end, |(next, _)| next.start);
            let task = without_day(scene, without_deadline(scene, trim(text, *from..end)));
            let task = lead_of_time(text, task);
            let task = trim_end_of(text, task, &WORDS.meeting.task_endings);
            if task.is_empty() {
                continue;
            }
            let mut row = RowBuilder::new(scene.doc, spec);
            row.copy("agency", who.clone())?;
            day(scene, &mut row, &(who.start..end))?;
            row.copy("task", task)?;
            rows.push(row);
        }
    }
    Ok(Grounded::rows(rows).map(Outcome::Stated))
}

/// The sentences and those directly behind them that go on with the next bearer and a noun: 「保健師は月1回の訪問。」
fn with_next<'s>(scene: &'s Scene<'_>, told: &[&'s Sentence]) -> Vec<&'s Sentence> {
    let text = scene.text();
    let mut all: Vec<&Sentence> = Vec::new();
    let mut goes_on = false;
    for sentence in &scene.sentences {
        let first = clauses(text, sentence.range.clone()).into_iter().next();
        let borne = first.is_some_and(|clause| bearer(scene, &clause, false).is_some());
        let own = told.iter().any(|s| s.range.start == sentence.range.start);
        let noun = !ends_with_any(&text[trim(text, sentence.range.clone())], &WORDS.meeting.no_task);
        let next = goes_on
            && borne
            && noun
            && sentence.heading.is_none()
            && !text[sentence.range.clone()].contains('「');
        if own || next {
            all.push(sentence);
        }
        goes_on = (own && borne) || next;
    }
    all
}

/// 「11月30日までに外泊を行う」: the goal behind its limit; 「1月中に外泊する」 keeps its time.
fn behind_limit(scene: &Scene<'_>, goal: Range<usize>) -> Range<usize> {
    let text = scene.text();
    let day = scene.dates(goal.clone()).into_iter().next().filter(|(_, a)| a.range.start == goal.start);
    let vague = || WITHIN.as_ref().and_then(|r| r.find(&text[goal.clone()])).map(|m| goal.start + m.end());
    let Some(end) = day.map(|(_, a)| a.range.end).or_else(vague) else { return goal };
    // An expression for a vague time may hold its まで.
    let end = end - if text[..end].ends_with("まで") { "まで".len() } else { 0 };
    let skip = lead_of(&text[end..goal.end], &["までには、", "までに、", "までには", "までに", "まで、"]);
    if skip == 0 { goal } else { trim(text, end + skip..goal.end) }
}

/// The task without the day in front of it: the deadline is no part of it.
fn without_day(scene: &Scene<'_>, task: Range<usize>) -> Range<usize> {
    let text = scene.text();
    let first = scene.dates(task.clone()).into_iter().next().filter(|(_, a)| a.range.start == task.start);
    let Some((_, annotation)) = first else { return task };
    let after = annotation.range.end;
    let skip = lead_of(&text[after..task.end], &WORDS.meeting.behind_deadline);
    trim(text, after + skip..task.end)
}

/// 「家庭訪問、期限は1月31日」「預け先を探す、12月20日まで」: the task without the clause of its deadline.
fn without_deadline(scene: &Scene<'_>, task: Range<usize>) -> Range<usize> {
    let text = scene.text();
    let all = clauses(text, task.clone());
    let Some(last) = all.last().filter(|_| all.len() > 1).map(|c| trim(text, c.clone())) else { return task };
    let dated = scene.dates(last.clone()).first().is_some_and(|(_, a)| {
        let before = text[last.start..a.range.start].trim_end_matches(['は', 'が', 'を']);
        let behind = text[a.range.end..last.end].trim_end_matches("です");
        (before.is_empty() || TERMS.contains(&before))
            && ["", "まで", "までに", "を目途に", "を期限に", "をめどに", "頃", "ごろ"].contains(&behind)
    });
    let vague = VAGUE.as_ref().is_some_and(|r| r.is_match(text[last.clone()].trim_end_matches("です")));
    if dated || vague { trim(text, task.start..last.start) } else { task }
}

/// 「今月中に会う」「委託後2週間以内に訪問」: the task without the words for its time, which are kept beside it.
fn lead_of_time(text: &str, task: Range<usize>) -> Range<usize> {
    let Some(found) = WITHIN.as_ref().and_then(|r| r.find(&text[task.clone()])) else { return task };
    let behind = task.start + found.end();
    let after = ["までには", "までに", "には", "に", "、"]
        .iter()
        .find_map(|p| text[behind..task.end].strip_prefix(p));
    after
        .filter(|rest| !rest.is_empty())
        .map_or(task.clone(), |rest| trim(text, task.end - rest.len()..task.end))
}

/// Words of a deadline that name no bearer.
const TERMS: &[&str] = &["期限", "期日", "締切", "締め切り", "めど", "目途", "時期", "実施時期"];

/// A clause of nothing but a vague time: 「9月中」「今月末まで」.
static VAGUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:期限|時期|めど)[は、]?未定$|^(?:期限は|時期は)?(?:\d+月|今月|来月|今週|来週|年度|年|学期)(?:中|内|末|上旬|中旬|下旬|初め|頃)(?:まで|までに|に|を目途に)?$").ok()
});

/// A time that fixes no day, at the start of a task.
static WITHIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?:[一-龠ぁ-ん]{0,6}(?:後|から))?(?:\d+|半)(?:か月|ヶ月|週間|日|年)(?:以内|後)|^(?:\d+月|今月|来月|今週|来週|年度|年|月|学期)(?:中|内|末)|^(?:夏休み|冬休み|春休み|連休|年度末|年末|年明け|学期末|[1-3]学期末|卒業|進級|就学|入学|退院|来春|今春|今秋|来秋|来年度|今年度|新学期|次回の?(?:面接|会議|見直し))(?:前|後|明け|中)?(?:まで)|^速やか|^早急|^直ち").ok()
});

/// The proposed policy, without the sentences behind it that assign a task with its deadline: those are roles.
pub(super) fn policy(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let headed: Vec<&Sentence> = scene.under(&spec.headings).collect();
    let own = headed.into_iter().enumerate().filter(|(i, s)| *i == 0 || !is_assigned(scene, s));
    Ok(whole_section(scene, own.map(|(_, s)| s).collect()))
}

/// 「学校は面談を毎週設けることになっています」: what was arranged.
fn is_agreed(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    const AGREED: &[&str] = &[
        "ことになっています",
        "ことになっている",
        "ことになりました",
        "ことになった",
        "こととなっています",
        "ことにしています",
        "てもらいます",
        "ていただきます",
        "をお願いしています",
        "をお願いしました",
    ];
    let words = scene.words(&trim(scene.text(), sentence.range.clone()));
    ends_with_any(words, AGREED) && scene.quotes(sentence.range.clone()).is_empty()
}

fn is_policy(sentence: &Sentence) -> bool {
    sentence.heading.as_deref() == Some("援助方針案")
}

/// 「児童家庭支援センターが、6月12日までに日程を組む」: somebody, by a day.
fn is_assigned(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let first = clauses(scene.text(), sentence.range.clone()).into_iter().next();
    first.is_some_and(|clause| bearer(scene, &clause, false).is_some())
        && !scene.dates(sentence.range.clone()).is_empty()
        && has_any(scene.text(), sentence.range.clone(), &["までに"])
}

/// 「保育園は」, 「担当が」 at the start of a clause: the words, and where the task begins. Under the heading of the roles
/// whoever stands there bears one.
fn bearer(scene: &Scene<'_>, clause: &Range<usize>, under_heading: bool) -> Option<(Range<usize>, usize)> {
    let text = scene.text();
    let clause = trim(text, clause.clone());
    let said = ["は", "が"]
        .iter()
        .filter_map(|p| text[clause.clone()].find(p).map(|at| (at, *p)))
        .min_by_key(|(at, _)| *at);
    // 「施設、面会の調整」: the bearer alone in front of the comma.
    let alone = || {
        let whole = under_heading
            && text[clause.end..].starts_with('、')
            && (sheet::agency_in(text, &clause).is_some()
                || ends_with_any(&text[clause.clone()], &WORDS.meeting.staff));
        whole.then_some((clause.len(), "、"))
    };
    let (at, particle) = said.or_else(alone)?;
    let who = clause.start..clause.start + at;
    let named = under_heading || is_bearer(text, &who);
    let short = (1..=16).contains(&text[who.clone()].chars().count());
    (named && short && !TERMS.contains(&&text[who.clone()]))
        .then(|| (who, clause.start + at + particle.len()))
}

/// Whether the words end in an organisation or a profession, or in the name of one who has it: 「児童福祉司の三浦」, not 「乳児院の措置」.
fn is_bearer(text: &str, who: &Range<usize>) -> bool {
    let words = text[who.clone()].trim_end_matches("さん").trim_end_matches('側');
    let whole = who.start..who.start + words.len();
    let organisation = |range: &Range<usize>| {
        sheet::agency_in(text, range).is_some_and(|a| a.end == range.end)
            || ends_with_any(&text[range.clone()], &WORDS.agencies.ends)
    };
    let titled = |words: &str| ends_with_any(words, &WORDS.meeting.staff);
    let named = words.rfind('の').is_some_and(|at| {
        let title = &words[..at];
        titled(title) && ends_with_any(title, &WORDS.meeting.people)
    });
    let direct = WORDS.meeting.people.iter().any(|title| {
        words.find(title).is_some_and(|at| (1..=3).contains(&words[at + title.len()..].chars().count()))
    });
    organisation(&whole) || titled(words) || named || direct
}
