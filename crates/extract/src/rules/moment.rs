//! Moments that belong to an event, and the deadlines that are calculated from them (language.md pass 10).

use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use record::template::{FieldSpec, FieldType};
use record::{ClockTime, Entity, Flag, Grounded, Missing, NormalForm};

use super::{Filled, Outcome, contact, without};
use crate::scene::{Scene, Sentence};
use crate::words::{find_all, find_any, has_any, starts_with_any, trim};

/// A sentence that sets a limit tells no moment of an event: 「48時間以内に返事をもらう約束」.
const LIMITS: &[&str] = &["以内", "期限", "までに", "予定", "約束"];
/// Days from the first day of custody to the last on which its warrant may be requested (the first day counts).
const COURT_DAYS: i64 = 6;
/// Months of custody (児童福祉法33条3項); the first day counts.
const CUSTODY_MONTHS: i64 = 2;
/// Hours within which a child is seen (48時間ルール), where the template sets none.
const DEFAULT_HOURS: u16 = 48;

/// When something happened, as far as it was said.
#[derive(Clone, Debug, Default)]
pub(super) struct Moment {
    pub(super) day: Option<Date>,
    pub(super) time: Option<ClockTime>,
    /// The words of the day and of the time.
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) flags: Vec<Flag>,
}

impl Moment {
    /// The certain moment, or what it lacks.
    fn exact(&self) -> Result<DateTime, Missing> {
        let day = self.day.ok_or(Missing::Day)?;
        let time = self.time.ok_or(Missing::Time)?;
        if !time.certain {
            return Err(Missing::HalfOfDay);
        }
        let hour = i8::try_from(time.hour).map_err(|_| Missing::Time)?;
        let minute = i8::try_from(time.minute).map_err(|_| Missing::Time)?;
        Ok(day.at(hour, minute, 0, 0))
    }

    /// The value of a field of type `date` or `datetime`.
    fn grounded(&self, scene: &Scene<'_>, spec: &FieldSpec) -> Option<Outcome> {
        if self.ranges.is_empty() {
            return None;
        }
        let grounded = match (self.day, spec.kind) {
            (Some(day), FieldType::Date) => Grounded::normal(scene.doc, &self.ranges, &NormalForm::Date(day)),
            (Some(day), _) => {
                Grounded::normal(scene.doc, &self.ranges, &NormalForm::Datetime(day, self.time))
            }
            (None, _) => Grounded::words(scene.doc, &self.ranges),
        };
        Some(Outcome::Stated(grounded.with_flags(self.flags.iter().copied())))
    }
}

/// The moment nearest to `cue`: the day and the time said last before it in the sentence, else the first behind it. A time
/// alone belongs to the last day said before.
pub(super) fn near(scene: &Scene<'_>, sentence: &Sentence, cue: &Range<usize>) -> Option<Moment> {
    let dates = scene.dates(sentence.full.clone());
    let times = scene.times(sentence.full.clone());
    let before = |range: &Range<usize>| range.end <= cue.start;
    let day = dates.iter().rfind(|(_, a)| before(&a.range)).or(dates.first());
    let time = times.iter().rfind(|(_, _, a)| before(&a.range)).or(times.first());
    // A time in front of another day belongs to that day's event.
    let time = time.filter(|(_, _, t)| {
        day.is_none_or(|(_, d)| {
            // 「今朝9時」: the day's word is part of the time.
            (t.range.start >= d.range.end || (d.range.start <= t.range.start && d.range.end < t.range.end))
                && !dates
                    .iter()
                    .any(|(_, other)| d.range.end <= other.range.start && other.range.end <= t.range.start)
        })
    });
    if day.is_none() && time.is_none() {
        return None;
    }
    let mut moment = Moment::default();
    if let Some((day, words)) = day {
        moment.day = *day;
        moment.ranges.push(words.range.clone());
        moment.flags.extend(words.flags.iter().copied());
    } else {
        let mut said = scene.dates(0..sentence.full.start);
        said.retain(|(day, _)| day.is_some());
        // A day of the past that was told since (「先週の金曜にも」) is not the day of what follows.
        let today = said.iter().rposition(|(day, _)| *day == scene.doc.anchor());
        let said = match today {
            Some(at) => said.into_iter().nth(at),
            None => said.into_iter().next_back(),
        };
        if let Some((day, words)) = said {
            moment.day = day;
            moment.ranges.push(words.range.clone());
        }
    }
    if let Some((start, _, words)) = time {
        moment.time = Some(*start);
        match moment.ranges.last_mut() {
            Some(last)
                if words.range.start.saturating_sub(last.end) <= 12 && last.end <= words.range.start =>
            {
                last.end = words.range.end;
            }
            _ => moment.ranges.push(words.range.clone()),
        }
        moment.flags.extend(words.flags.iter().copied());
    }
    Some(moment)
}

/// The moment of the event that the field's cues name, the more telling cue first; under the field's heading, its words.
fn of_event(scene: &Scene<'_>, spec: &FieldSpec) -> Option<Moment> {
    let text = scene.text();
    for sentence in scene.under(&spec.headings) {
        if let Some(moment) = near(scene, sentence, &(sentence.full.end..sentence.full.end)) {
            return Some(moment);
        }
    }
    for cue in &spec.cues {
        for (i, sentence) in scene.sentences.iter().enumerate() {
            // 「一時保護したことを伝えた」 is about the telling.
            let told = |at: &Range<usize>| starts_with_any(&text[at.end..], &["こと", "旨", "理由"]);
            let Some(word) =
                find_all(text, sentence.full.clone(), cue).find(|at| !scene.is_quoted(at.start) && !told(at))
            else {
                continue;
            };
            // What came earlier is no event of this record: 「相談歴ですが、昨年9月に通告を受け、…」.
            let earlier = ["相談歴", "通告歴"];
            if sentence.heading.as_deref().is_some_and(|h| earlier.contains(&h))
                || has_any(text, sentence.full.start..word.start, &earlier)
            {
                continue;
            }
            // A handover may be to come.
            let to_come = spec.id.starts_with("handover");
            if (!to_come && scene.is_plan(sentence))
                || has_any(text, sentence.full.clone(), LIMITS)
                || scene.is_negated(word.clone())
            {
                continue;
            }
            if let Some(moment) = near(scene, sentence, &word) {
                return Some(moment);
            }
            // 「6月3日10時15分。通告受理。」
            let header =
                i.checked_sub(1).and_then(|i| scene.sentences.get(i)).filter(|s| is_header(scene, s));
            if let Some(moment) = header.and_then(|s| near(scene, s, &(s.full.end..s.full.end))) {
                return Some(moment);
            }
        }
    }
    None
}

/// A sentence of a day and a time and nothing else.
fn is_header(scene: &Scene<'_>, sentence: &Sentence) -> bool {
    let range = sentence.range.clone();
    let moments = scene
        .doc
        .annotations_in(range.clone())
        .filter(|a| matches!(a.entity, Entity::Date(_) | Entity::Time(_) | Entity::TimeRange(..)));
    let said: usize = moments.map(|a| a.range.len()).sum();
    said > 0 && trim(scene.text(), range).len() <= said + "、に".len()
}

/// The day and the time of the event that the cues name.
pub(super) fn about(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = of_event(scene, spec).and_then(|m| m.grounded(scene, spec)) {
        return Ok(Some(outcome));
    }
    Ok(scene.under(&spec.headings).find_map(|s| without(scene, s)))
}

/// When the report was accepted: at its own words, else the moment of the dictation's opening where it is an acceptance.
pub(super) fn received_at(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    about(scene, spec)
}

/// When the child was seen: at the words for it.
pub(super) fn confirmed_at(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    about(scene, spec)
}

/// The day that the cues name, of a plan too (「次回見直しは9月3日」).
pub(super) fn day_about(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let text = scene.text();
    let headed = scene.under(&spec.headings);
    let cued = scene.sentences.iter().filter(|s| has_any(text, s.full.clone(), &spec.cues));
    for sentence in headed.chain(cued) {
        let cue = find_any(text, sentence.full.clone(), &spec.cues)
            .unwrap_or(sentence.full.start..sentence.full.start);
        let dates = scene.dates(sentence.full.clone());
        // 「見直しは9月3日」 more than 「9月3日、見直しを」.
        let behind = dates.iter().find(|(_, a)| cue.end <= a.range.start).or(dates.last());
        if let Some((day, words)) = behind {
            let ranges = std::slice::from_ref(&words.range);
            let grounded = match day {
                Some(day) => Grounded::normal(scene.doc, ranges, &NormalForm::Date(*day)),
                None => Grounded::words(scene.doc, ranges),
            };
            return Ok(Some(Outcome::Stated(grounded.with_flags(words.flags.iter().copied()))));
        }
        // 「3か月後に見直し」: words that fix no day.
        if let Some(words) = later(text, &sentence.full) {
            let words = Grounded::words(scene.doc, &[words]).with_flags([Flag::Uncertain]);
            return Ok(Some(Outcome::Stated(words)));
        }
        if let Some(outcome) = without(scene, sentence) {
            return Ok(Some(outcome));
        }
    }
    Ok(None)
}

/// 「3か月後」, 「半年後」
fn later(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let after = find_any(text, range.clone(), &["か月後", "ヶ月後", "週間後", "年後", "半年後"])?;
    let digits = text[range.start..after.start].chars().rev().take_while(char::is_ascii_digit).count();
    Some(after.start - digits..after.end)
}

/// The day of the meeting: at its words, else the first day said.
pub(super) fn meeting_day(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = about(scene, spec)? {
        return Ok(Some(outcome));
    }
    // A meeting to come: 「今回の会議は、3月4日に行います」.
    let text = scene.text();
    let planned = scene.headless().find_map(|s| {
        let cue = find_any(text, s.full.clone(), &spec.cues).filter(|at| !scene.is_quoted(at.start))?;
        let held =
            has_any(text, cue.end..s.full.end, &["行い", "行う", "開き", "開く", "開催", "です", "予定"]);
        near(scene, s, &cue).filter(|m| held && m.day.is_some())
    });
    if let Some(outcome) = planned.and_then(|m| m.grounded(scene, spec)) {
        return Ok(Some(outcome));
    }
    // A meeting to come: 「6月10日の援助方針会議に出します」.
    let text = scene.text();
    for sentence in &scene.sentences {
        if let Some(cue) =
            find_any(text, sentence.full.clone(), &spec.cues).filter(|c| !scene.is_quoted(c.start))
            && let Some(outcome) = near(scene, sentence, &cue).and_then(|m| m.grounded(scene, spec))
        {
            return Ok(Some(outcome));
        }
    }
    contact::occasion(scene, spec)
}

/// The day on which the sheet was written: only where the dictation says so, or opens with a day.
pub(super) fn written_on(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    if let Some(outcome) = about(scene, spec)? {
        return Ok(Some(outcome));
    }
    let opening = scene.sentences.first().filter(|s| s.heading.is_none() && is_header(scene, s));
    let moment = opening.and_then(|s| near(scene, s, &(s.full.end..s.full.end)));
    Ok(moment.and_then(|m| m.grounded(scene, spec)))
}

/// The day of the end of the case, where its words say one.
pub(super) fn closed_on(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    about(scene, spec)
}

/// The moment of the template's field that `rule` fills.
fn input(scene: &Scene<'_>, rule: &str) -> Option<Moment> {
    of_event(scene, scene.field(rule)?)
}

fn computed(
    scene: &Scene<'_>,
    ranges: &[Range<usize>],
    form: Result<NormalForm, Missing>,
) -> Option<Outcome> {
    if ranges.is_empty() {
        return None;
    }
    let flag = matches!(form, Err(Missing::HalfOfDay)).then_some(Flag::AmbiguousTime);
    let form = form.unwrap_or_else(NormalForm::Incalculable);
    Some(Outcome::Stated(Grounded::computed(scene.doc, ranges, &form).with_flags(flag)))
}

/// Acceptance + the template's hours. A time whose half of the day is open gives no deadline.
pub(super) fn check_deadline(scene: &Scene<'_>, spec: &FieldSpec) -> Filled {
    let Some(received) = input(scene, "received_at") else { return Ok(None) };
    let hours = i64::from(spec.hours.unwrap_or(DEFAULT_HOURS));
    let due = received.exact().and_then(|at| at.checked_add(hours.hours()).map_err(|_| Missing::Day));
    let form = due.map(|due| NormalForm::Datetime(due.date(), clock_time(due)));
    let overdue = due.is_ok_and(|due| is_overdue(scene, due));
    let outcome = computed(scene, &received.ranges, form);
    Ok(outcome.map(|outcome| flagged(outcome, overdue.then_some(Flag::Overdue))))
}

/// The child was seen after the deadline, or was not seen and the deadline had passed on the day of the recording.
fn is_overdue(scene: &Scene<'_>, due: DateTime) -> bool {
    match input(scene, "confirmed_at").map(|m| m.exact()) {
        Some(Ok(seen)) => seen > due,
        Some(Err(_)) => false,
        None => scene.doc.anchor().is_some_and(|day| day > due.date()),
    }
}

fn clock_time(at: DateTime) -> Option<ClockTime> {
    let hour = u8::try_from(at.hour()).ok()?;
    let minute = u8::try_from(at.minute()).ok()?;
    Some(ClockTime { hour, minute, certain: true, next_day: false })
}

fn flagged(outcome: Outcome, flag: Option<Flag>) -> Outcome {
    match outcome {
        Outcome::Stated(grounded) => Outcome::Stated(grounded.with_flags(flag)),
        other => other,
    }
}

/// Minutes from the acceptance to the moment at which the child was seen.
pub(super) fn elapsed(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    let (Some(from), Some(to)) = (input(scene, "received_at"), input(scene, "confirmed_at")) else {
        return Ok(None);
    };
    let ranges: Vec<_> = from.ranges.iter().chain(&to.ranges).cloned().collect();
    let minutes = from.exact().and_then(|start| {
        let minutes = to.exact()?.duration_since(start).as_mins();
        if minutes < 0 { Err(Missing::Order) } else { Ok(minutes) }
    });
    let disorder = (minutes == Err(Missing::Order)).then_some(Flag::Contradiction);
    let outcome = computed(scene, &ranges, minutes.map(NormalForm::Minutes));
    Ok(outcome.map(|outcome| flagged(outcome, disorder)))
}

/// The last day on which the warrant may be requested: seven days, the first one counted (要確認: holidays).
pub(super) fn court_deadline(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    Ok(from_start(scene, |day| day.checked_add(COURT_DAYS.days())))
}

/// The day on which custody began, where it was said.
pub(super) fn custody_start(scene: &Scene<'_>) -> Option<Date> {
    input(scene, "moment_about").and_then(|m| m.day)
}

/// The last day of two months, the first one counted.
pub(super) fn custody_limit(scene: &Scene<'_>, _spec: &FieldSpec) -> Filled {
    Ok(from_start(scene, |day| day.checked_add(CUSTODY_MONTHS.months())?.checked_sub(1.day())))
}

fn from_start(scene: &Scene<'_>, count: impl Fn(Date) -> Result<Date, jiff::Error>) -> Option<Outcome> {
    let start = input(scene, "moment_about")?;
    let last = start.day.ok_or(Missing::Day).and_then(|day| count(day).map_err(|_| Missing::Day));
    computed(scene, &start.ranges, last.map(NormalForm::Date))
}
