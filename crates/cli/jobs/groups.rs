//! Which recordings make a job, and what its results are called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use store::Recordings;

use crate::args::BatchArgs;
use crate::failure::Failure;

/// Endings of recordings in a directory; what is named by itself may have any.
pub(crate) const ENDINGS: &[&str] =
    &["wav", "mp3", "m4a", "mp4", "aac", "flac", "ogg", "oga", "opus", "webm", "mkv"];

/// Recordings of one visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Where they are, in order.
    pub(crate) places: Vec<String>,
    /// Name of the results without ending, with the directories below the one that was named.
    pub(crate) stem: PathBuf,
    /// When the first was made, as the manifest says.
    pub(crate) recorded_at: Option<String>,
}

impl Group {
    /// Its name for people.
    pub(crate) fn label(&self) -> String {
        let first = self.places.first().map(|place| file_name(place)).unwrap_or_default();
        match self.places.len() {
            0 | 1 => first,
            n => format!("{first} +{}", n - 1),
        }
    }
}

/// The last part of a path or an address.
pub(crate) fn file_name(place: &str) -> String {
    place.rsplit(['/', std::path::MAIN_SEPARATOR]).next().unwrap_or(place).to_owned()
}

/// The groups that the arguments name, in order.
pub(crate) fn groups(args: &BatchArgs, recordings: &Recordings) -> Result<Vec<Group>, Failure> {
    let mut groups = match &args.manifest {
        Some(manifest) => from_manifest(manifest)?,
        None => Vec::new(),
    };
    for input in &args.inputs {
        groups.extend(under(input, recordings)?);
    }
    if args.group_by_name {
        groups = joined_by_name(groups);
    }
    Ok(groups)
}

/// Gives a group a name that no other has.
pub(crate) fn named(group: Group, taken: &mut BTreeSet<PathBuf>) -> Group {
    let stem = free_name(&group, taken);
    taken.insert(stem.clone());
    Group { stem, ..group }
}

/// A recording, or each recording in a directory.
fn under(input: &str, recordings: &Recordings) -> Result<Vec<Group>, Failure> {
    let single = |place: String, stem: PathBuf| Group { places: vec![place], stem, recorded_at: None };
    let remote = Recordings::is_remote(input);
    if remote && !input.ends_with('/') {
        return Ok(vec![single(input.to_owned(), without_ending(&file_name(input)))]);
    }
    if !remote && !Path::new(input).is_dir() {
        let path = std::path::absolute(input).map_err(|e| Failure::io(Path::new(input), &e))?;
        std::fs::metadata(&path).map_err(|e| Failure::io(Path::new(input), &e))?;
        let place = path.to_string_lossy().into_owned();
        return Ok(vec![single(place, without_ending(&file_name(input)))]);
    }
    let root = if remote {
        PathBuf::from(input)
    } else {
        Path::new(input).canonicalize().map_err(|e| Failure::io(Path::new(input), &e))?
    };
    let found = recordings.list(input, ENDINGS)?;
    let named = found.into_iter().map(|place| {
        let below =
            Path::new(&place).strip_prefix(&root).map_or_else(|_| file_name(&place).into(), Path::to_owned);
        let stem = without_ending(&below.to_string_lossy());
        single(place, stem)
    });
    Ok(named.collect())
}

/// Rows of a manifest; those of one group make one job.
fn from_manifest(manifest: &Path) -> Result<Vec<Group>, Failure> {
    let wrong = |why: String| {
        Failure::bad_input(
            format!("一覧表を読めません({why}): {}", manifest.display()),
            format!("cannot use the manifest ({why}): {}", manifest.display()),
        )
    };
    let text = std::fs::read_to_string(manifest).map_err(|e| Failure::io(manifest, &e))?;
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = rows.headers().map_err(|e| wrong(e.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|title| title.eq_ignore_ascii_case(name));
    let file_column = column("file").ok_or_else(|| wrong("no column `file`".to_owned()))?;
    let (group_column, moment_column) = (column("group"), column("recorded_at"));
    let base = manifest.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let base = std::path::absolute(base).map_err(|e| Failure::io(base, &e))?;
    let mut groups: Vec<(Option<String>, Group)> = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|e| wrong(e.to_string()))?;
        let cell = |column: Option<usize>| column.and_then(|c| row.get(c)).filter(|text| !text.is_empty());
        let Some(file) = cell(Some(file_column)) else { continue };
        let place = if Recordings::is_remote(file) {
            file.to_owned()
        } else {
            base.join(file).to_string_lossy().into_owned()
        };
        let (name, moment) = (cell(group_column).map(ToOwned::to_owned), cell(moment_column));
        let same = name.as_ref().and_then(|_| groups.iter_mut().find(|(known, _)| *known == name));
        if let Some((_, group)) = same {
            group.places.push(place);
            group.recorded_at = group.recorded_at.take().or(moment.map(ToOwned::to_owned));
            continue;
        }
        let stem = match &name {
            Some(name) => name.replace(['/', '\\'], "_").into(),
            None => without_ending(&file_name(file)),
        };
        groups.push((name, Group { places: vec![place], stem, recorded_at: moment.map(ToOwned::to_owned) }));
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// Groups whose names differ only in a number at the end become one, in the order of the numbers.
fn joined_by_name(groups: Vec<Group>) -> Vec<Group> {
    let mut joined: Vec<(Vec<(u64, String)>, Group)> = Vec::new();
    for group in groups {
        let (stem, number) = without_number(&group.stem);
        let places = group.places.iter().map(|place| (number, place.clone()));
        match joined.iter_mut().find(|(_, known)| number > 0 && known.stem == stem) {
            Some((numbered, _)) => numbered.extend(places),
            None => joined.push((places.collect(), Group { stem, ..group })),
        }
    }
    let in_order = |(mut numbered, group): (Vec<(u64, String)>, Group)| {
        numbered.sort();
        Group { places: numbered.into_iter().map(|(_, place)| place).collect(), ..group }
    };
    joined.into_iter().map(in_order).collect()
}

/// `訪問A-2` is the second of `訪問A`; what has no number is its own.
fn without_number(stem: &Path) -> (PathBuf, u64) {
    let text = stem.to_string_lossy();
    let name = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = text[name.len()..].parse().unwrap_or(0);
    let bare = name.trim_end_matches(['-', '_', ' ']);
    if number == 0 || bare.len() == name.len() || bare.is_empty() {
        return (stem.to_owned(), 0);
    }
    (bare.into(), number)
}

fn without_ending(name: &str) -> PathBuf {
    Path::new(name).with_extension("")
}

/// The name, or one that tells it from another group of that name: with the recording's ending, then with a number.
fn free_name(group: &Group, taken: &BTreeSet<PathBuf>) -> PathBuf {
    let with = |more: &str| PathBuf::from(format!("{}{more}", group.stem.display()));
    let ending =
        group.places.first().and_then(|place| place.rsplit_once('.')).map_or("", |(_, ending)| ending);
    let numbered = (2..).map(|n: u32| with(&format!("-{n}")));
    let names = [group.stem.clone(), with(&format!(".{ending}"))].into_iter().chain(numbered);
    names.into_iter().find(|name| !taken.contains(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(place: &str) -> Group {
        Group { places: vec![place.into()], stem: without_ending(&file_name(place)), recorded_at: None }
    }

    #[test]
    fn names_that_differ_in_a_number_are_one_visit_in_its_order() {
        let groups = ["x/訪問A-10.m4a", "x/訪問A-2.m4a", "x/B_1.wav", "x/C1.wav", "x/2.wav"].map(group);
        let joined = joined_by_name(groups.to_vec());
        let places: Vec<&[String]> = joined.iter().map(|g| &g.places[..]).collect();
        assert_eq!(places[0], ["x/訪問A-2.m4a", "x/訪問A-10.m4a"]);
        assert_eq!(joined[0].stem, Path::new("訪問A"));
        assert_eq!(joined.len(), 4, "a number that is part of the name joins nothing");
    }

    #[test]
    fn equal_names_are_told_apart() {
        let (mut taken, mut names) = (BTreeSet::new(), Vec::new());
        for place in ["a/v.wav", "b/v.m4a", "c/v.m4a"] {
            let name = free_name(&group(place), &taken);
            taken.insert(name.clone());
            names.push(name);
        }
        assert_eq!(names, ["v", "v.m4a", "v-2"].map(PathBuf::from));
    }

    #[test]
    fn a_manifest_says_what_belongs_together() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("visits.csv");
        let text = "\u{feff}file,group,recorded_at\na.m4a,訪問1,2025-06-03\nc.m4a,,\nb.m4a,訪問1,\n";
        std::fs::write(&path, text).unwrap();
        let groups = from_manifest(&path).ok().unwrap();
        let place = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].places, [place("a.m4a"), place("b.m4a")]);
        assert_eq!(
            (&groups[0].stem, groups[0].recorded_at.as_deref()),
            (&"訪問1".into(), Some("2025-06-03"))
        );
        assert_eq!(groups[1].label(), "c.m4a");
        std::fs::write(&path, "name\na.m4a\n").unwrap();
        assert!(from_manifest(&path).is_err(), "a table without the column");
    }
}
