//! Speech models: which ones are known, where they come from, and how they get into whisper.cpp's file format.
//!
//! * [`Manifest`]: the list of known files with digest, licence, published accuracy and sources (`models/models.toml`).
//! * [`Store`]: the model directory: list, path, verify, resolve, import, pull.
//! * [`open`] and [`convert`]: `CTranslate2` and Hugging Face (safetensors) directories to ggml files.
//! * Adapters: small additions that make other weights of a model (`models/adapter`).
//! * [`Ggml`]: whisper.cpp's files, checked from end to end.
//!
//! Nothing but [`Store::pull`] uses the network. A model is loaded only when its SHA-256 is in the manifest or the user
//! insists; [`Store::resolve`] is the gate.
mod adapter;
mod convert;
mod ct2;
mod digest;
mod error;
mod explain;
mod format;
mod ggml;
mod hf;
mod import;
mod manifest;
mod progress;
mod pull;
mod seal;
mod store;
mod vocab;
mod whisper;

pub use convert::{convert, open};
pub use error::{Error, ErrorKind, Result, SourceFailure};
pub use format::Format;
pub use ggml::Ggml;
pub use import::ImportOptions;
pub use layout::mel;
pub use manifest::{Bundle, ErrorRate, Family, Manifest, Model, Package, Source};
pub use progress::{Event, Progress, Stage};
pub use pull::PullOptions;
pub use store::{Entry, State, Store, VerifiedModel};
pub use whisper::{Dims, Storage, TensorSpec, WeightSource, Whisper, conformance, plan};
