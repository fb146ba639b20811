//! Models from files that the user has.

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::AtomicBool,
};

use tempfile::NamedTempFile;

use crate::{
    Result,
    adapter::Adapter,
    convert,
    digest::{DigestWriter, open_regular},
    error::{Error, Problem},
    format::Format,
    ggml::{self, Ggml},
    manifest::is_name,
    progress::{Meter, Progress, Stage},
    store::{Lock, Store, VerifiedModel, imported_file},
};

/// Bytes of an adapter file; one of rank 64 for a large model has half of that.
const MAX_ADAPTER: u64 = 512 << 20;

/// How a model is imported.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Name of the model in the store; by default made from the file's name. Ignored for a listed model,
    /// which keeps its own.
    pub name: Option<String>,
    /// Encoding of the matrices. Default: a ggml file is copied as it is, a directory is converted to f16.
    pub format: Option<Format>,
    /// An adapter (safetensors) whose additions the model gets. The model's weights must be f16 or f32.
    pub adapter: Option<PathBuf>,
    /// Take a model whose digest is in no list. Its structure is checked.
    pub allow_unverified: bool,
    /// Replace an imported model of the same name.
    pub force: bool,
}

impl Store {
    /// Puts a model into the store: a ggml file, a `CTranslate2` directory or a Hugging Face safetensors directory.
    ///
    /// The base model of `OpenAI` becomes the listed file, bit for bit, from each of the three. The store never holds
    /// half a model: it is written beside its place and renamed.
    pub fn import(
        &self,
        input: &Path,
        options: &ImportOptions,
        cancel: &AtomicBool,
        progress: &mut dyn Progress,
    ) -> Result<VerifiedModel> {
        let mut meter = Meter::new(progress, cancel);
        if !input.exists() {
            return Err(Problem::NoSuchFile { path: input.to_owned() }.into());
        }
        let adapter = options.adapter.as_deref().map(read_adapter).transpose()?;
        let lock = self.lock()?;
        self.sweep(&lock);
        let copy = !input.is_dir() && adapter.is_none() && {
            let ggml = Ggml::open(input)?;
            options.format.is_none_or(|format| ggml.format() == Some(format))
        };
        let (file, sha256) = if copy {
            self.copy_in(input, &lock, |done, total| meter.bytes(Stage::Verifying, done, total))?
        } else {
            self.convert_in(input, adapter, options.format.unwrap_or_default(), &lock, &mut meter)?
        };
        if let Some(model) = self.manifest().by_sha256(&sha256) {
            let path = self.install(file, &model.file, &lock)?;
            return Ok(VerifiedModel::new(path, model.name.clone(), sha256, true));
        }
        if !options.allow_unverified {
            return Err(Problem::Unverified { path: input.to_owned(), sha256 }.into());
        }
        Ggml::open(file.path())?;
        let name = self.free_name(input, options)?;
        let path = self.install(file, &imported_file(&name), &lock)?;
        Ok(VerifiedModel::new(path, name, sha256, false))
    }

    /// Converts `input`, with an adapter's additions if there is one, into a temporary file; its SHA-256 comes with it.
    pub(crate) fn convert_in(
        &self,
        input: &Path,
        adapter: Option<Adapter>,
        format: Format,
        lock: &Lock,
        meter: &mut Meter<'_>,
    ) -> Result<(NamedTempFile, String)> {
        let whisper = convert::open(input)?;
        let mut whisper = match adapter {
            Some(adapter) => adapter.onto(whisper)?,
            None => whisper,
        };
        let mut out = DigestWriter::new(self.temporary(lock)?);
        ggml::write(&mut out, &mut whisper, format, input, meter)?;
        out.flush().map_err(Error::io("write", self.dir()))?;
        Ok(out.finish())
    }

    fn free_name(&self, input: &Path, options: &ImportOptions) -> Result<String> {
        let name = options.name.clone().unwrap_or_else(|| {
            let stem = if input.is_dir() { input.file_name() } else { input.file_stem() };
            let stem = stem.unwrap_or_default().to_string_lossy();
            let stem = stem.strip_prefix("ggml-").unwrap_or(&stem).to_owned();
            match options.format {
                Some(format) if !stem.ends_with(format.name()) => format!("{stem}-{format}"),
                _ => stem,
            }
        });
        let file = imported_file(&name);
        if !is_name(&name) || self.manifest().models().iter().any(|m| m.name == name || m.file == file) {
            return Err(Problem::Name { name }.into());
        }
        let path = self.dir().join(file);
        if path.exists() && !options.force {
            return Err(Problem::Exists { path }.into());
        }
        Ok(name)
    }
}

fn read_adapter(path: &Path) -> Result<Adapter> {
    let (file, _) = open_regular(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_ADAPTER + 1).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    if bytes.len() as u64 > MAX_ADAPTER {
        return Err(Error::format(path, format_args!("more than {MAX_ADAPTER} bytes, no adapter")));
    }
    Adapter::parse(path, &bytes)
}
