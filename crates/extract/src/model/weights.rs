//! The weights' file: safetensors whose header says which code can read it.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use safetensors::{Dtype, SafeTensors};

use super::labels::label_hash;
use super::net::{Net, shapes};
use super::words::WordVectors;
use crate::Error;

/// Version of the network's shape and of its input.
pub(crate) const FORMAT: &str = "kikitori.tagger/3";
/// Key of [`FORMAT`] in the header.
pub(crate) const FORMAT_KEY: &str = "format";
/// Key of the label hash in the header.
pub(crate) const LABELS_KEY: &str = "labels_sha256";

/// Builds the network from the bytes of a weights' file.
pub(super) fn load(bytes: &[u8]) -> Result<Net, Error> {
    let (_, header) = SafeTensors::read_metadata(bytes)
        .map_err(|e| Error::weights("not a weights' file", Some(e.into())))?;
    let said = |key: &str| {
        let value = header.metadata().as_ref().and_then(|m| m.get(key)).map(String::as_str);
        value.unwrap_or("nothing").to_owned()
    };
    let expected = [(FORMAT_KEY, FORMAT.to_owned()), (LABELS_KEY, label_hash())];
    for (key, want) in expected {
        let found = said(key);
        if found != want {
            let what = format!("the weights are for other code: {key} is {found}, needed is {want}");
            return Err(Error::weights(&what, None));
        }
    }
    let file =
        SafeTensors::deserialize(bytes).map_err(|e| Error::weights("damaged weights", Some(e.into())))?;
    let mut tensors = HashMap::new();
    for (name, shape) in shapes() {
        let view =
            file.tensor(&name).map_err(|e| Error::weights(&format!("no tensor {name}"), Some(e.into())))?;
        if view.shape() != shape || view.dtype() != Dtype::F16 {
            let what = format!("tensor {name} is {:?} of {:?}", view.shape(), view.dtype());
            return Err(Error::weights(&what, None));
        }
        let tensor = Tensor::from_raw_buffer(view.data(), DType::F16, &shape, &Device::Cpu)
            .and_then(|t| t.to_dtype(DType::F32))
            .map_err(Error::tensor)?;
        if !tensor.sum_all().and_then(|sum| sum.to_scalar::<f32>()).is_ok_and(f32::is_finite) {
            return Err(Error::weights(&format!("tensor {name} holds no numbers"), None));
        }
        tensors.insert(name, tensor);
    }
    let words = WordVectors::shipped()?;
    Net::new(&VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu), words).map_err(Error::tensor)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::HashMap;

    use record::{Explain, Lang};
    use safetensors::tensor::TensorView;

    use super::*;
    use crate::ErrorKind;

    /// A weights' file with a change to its header, its shapes or one number.
    fn file(header: &[(&str, &str)], width: usize, first: f32) -> Vec<u8> {
        let bytes: HashMap<String, (Vec<usize>, Vec<u8>)> = shapes()
            .into_iter()
            .map(|(name, mut shape)| {
                shape[0] = shape[0] * width / 2;
                let mut bytes = vec![0; shape.iter().product::<usize>() * 2];
                // The upper byte of an infinite half.
                bytes[1] = if first.is_finite() { 0 } else { 0x7c };
                (name, (shape, bytes))
            })
            .collect();
        let views = bytes.iter().map(|(name, (shape, bytes))| {
            (Cow::from(name), TensorView::new(Dtype::F16, shape.clone(), bytes).unwrap())
        });
        let header = header.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        safetensors::serialize(views, Some(header)).unwrap()
    }

    fn refused(bytes: &[u8]) -> String {
        let error = load(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Weights);
        assert!(error.explain(Lang::Ja).contains("重み"));
        assert!(error.hint(Lang::En).unwrap().contains("--no-model-pass"));
        error.to_string()
    }

    #[test]
    fn weights_of_this_code_load() {
        let hash = label_hash();
        assert!(load(&file(&[(FORMAT_KEY, FORMAT), (LABELS_KEY, &hash)], 2, 0.0)).is_ok());
    }

    #[test]
    fn weights_for_other_labels_are_refused_by_name() {
        let message = refused(&file(&[(FORMAT_KEY, FORMAT), (LABELS_KEY, "00ff")], 2, 0.0));
        assert!(message.contains("labels_sha256 is 00ff"), "{message}");
    }

    #[test]
    fn weights_of_another_version_are_refused_by_name() {
        let hash = label_hash();
        let message = refused(&file(&[(FORMAT_KEY, "kikitori.tagger/0"), (LABELS_KEY, &hash)], 2, 0.0));
        assert!(message.contains("kikitori.tagger/0"), "{message}");
        assert!(refused(&file(&[], 2, 0.0)).contains("format is nothing"));
    }

    #[test]
    fn weights_of_another_shape_or_without_numbers_are_refused() {
        let hash = label_hash();
        let header = [(FORMAT_KEY, FORMAT), (LABELS_KEY, hash.as_str())];
        assert!(refused(&file(&header, 4, 0.0)).contains("tensor embed.char is"));
        assert!(refused(&file(&header, 2, f32::INFINITY)).contains("holds no numbers"));
    }

    #[test]
    fn no_file_a_cut_file_and_another_file_are_refused() {
        let hash = label_hash();
        let whole = file(&[(FORMAT_KEY, FORMAT), (LABELS_KEY, &hash)], 2, 0.0);
        for bytes in [&[][..], &whole[..whole.len() - 1], &whole[..40], b"{\"a\": 1}, not weights"] {
            refused(bytes);
        }
    }
}
