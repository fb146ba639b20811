//! The weights' file: safetensors whose header says which code can read it.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use safetensors::{Dtype, SafeTensors};

use super::labels::label_hash;
use super::net::{Net, shapes};
use crate::Error;

/// Version of the network's shape and of its input.
pub const FORMAT: &str = "kikitori.tagger/1";
/// Key of [`FORMAT`] in the header.
pub const FORMAT_KEY: &str = "format";
/// Key of the label hash in the header.
pub const LABELS_KEY: &str = "labels_sha256";

/// Builds the network from the bytes of a weights' file.
pub(super) fn load(bytes: &[u8]) -> Result<Net, Error> {
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|e| Error::weights("not a weights' file", Some(e.into())))?;
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
    Net::new(&VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu)).map_err(Error::tensor)
}
