//! The forms: ours, and the office's own in front of them.

use std::fs;
use std::path::{Path, PathBuf};

use record::template::{CodeLists, Template, parse_codes, parse_template, shipped_codes, shipped_templates};

use crate::failure::Failure;
use crate::places;

/// Name of a file of code lists in an office's directory.
const CODES: &str = "codes.toml";

/// A form and where it comes from.
pub(crate) struct Form {
    pub(crate) template: Template,
    /// The office's file; `None` for a form that comes with the program.
    pub(crate) file: Option<PathBuf>,
}

/// A form file of the office that cannot be used.
pub(crate) struct Wrong {
    pub(crate) path: PathBuf,
    pub(crate) why: Failure,
}

/// Our forms, and those of the office, which replace ours of the same id. Files that are wrong come beside them: one
/// mistake must not keep an office from its other forms.
pub(crate) fn all(dir: Option<&Path>) -> Result<(Vec<Form>, Vec<Wrong>), Failure> {
    let mut forms: Vec<Form> = shipped_templates(extract::rule_names())?
        .into_iter()
        .map(|template| Form { template, file: None })
        .collect();
    let codes = codes(dir)?;
    let mut wrong = Vec::new();
    for path in files(dir)? {
        match read(&path, &codes) {
            Ok(template) => match forms.iter_mut().find(|f| f.template.id == template.id) {
                Some(ours) => *ours = Form { template, file: Some(path) },
                None => forms.push(Form { template, file: Some(path) }),
            },
            Err(why) => wrong.push(Wrong { path, why }),
        }
    }
    Ok((forms, wrong))
}

/// The form with this id. A wrong file of that name is not passed over for ours.
pub(crate) fn by_id(id: &str, dir: Option<&Path>) -> Result<Template, Failure> {
    let (forms, wrong) = all(dir)?;
    if let Some(named) = wrong.into_iter().find(|w| w.path.file_stem().is_some_and(|stem| stem == id)) {
        return Err(named.why);
    }
    let known = forms.iter().map(|f| f.template.id.as_str()).collect::<Vec<_>>().join(", ");
    forms.into_iter().find(|f| f.template.id == id).map(|f| f.template).ok_or_else(|| {
        Failure::usage(format!("様式がありません: {id}"), format!("no such form: {id}"))
            .with_hint(format!("使える様式: {known}"), format!("known forms: {known}"))
    })
}

/// Reads and checks one form file.
pub(crate) fn read(path: &Path, codes: &CodeLists) -> Result<Template, Failure> {
    let source = fs::read_to_string(path).map_err(|e| Failure::io(path, &e))?;
    Ok(parse_template(&source, &path.to_string_lossy(), codes, extract::rule_names())?)
}

/// Our code lists, and the office's in front of them.
pub(crate) fn codes(dir: Option<&Path>) -> Result<CodeLists, Failure> {
    let mut codes = shipped_codes()?;
    let path = directory(dir)?.join(CODES);
    if path.is_file() {
        let source = fs::read_to_string(&path).map_err(|e| Failure::io(&path, &e))?;
        codes.extend(parse_codes(&source, &path.to_string_lossy())?);
    }
    Ok(codes)
}

/// The office's form files by name. A directory that was named must exist; the usual one need not.
pub(crate) fn files(dir: Option<&Path>) -> Result<Vec<PathBuf>, Failure> {
    let directory = directory(dir)?;
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && dir.is_none() => return Ok(Vec::new()),
        Err(e) => return Err(Failure::io(&directory, &e)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| Failure::io(&directory, &e))?.path();
        let is_form =
            path.extension().is_some_and(|e| e == "toml") && path.file_name().is_some_and(|n| n != CODES);
        if is_form {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn directory(dir: Option<&Path>) -> Result<PathBuf, Failure> {
    dir.map_or_else(places::templates, |dir| Ok(dir.to_owned()))
}
