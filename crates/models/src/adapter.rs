//! Adapters: low-rank additions to the matrices of a model, a few megabytes that make other weights of it.
//!
//! A matrix `W` (outputs × inputs) becomes `W + up · down`, with `up` outputs × rank and `down` rank × inputs (Hu et al.,
//! "`LoRA`: Low-Rank Adaptation of Large Language Models", 2021). An adapter is a safetensors file with `<matrix>.up` and
//! `<matrix>.down` in half precision under whisper.cpp's names; `models/adapter` trains them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use candle_core::{DType, Device, Tensor};
use safetensors::{SafeTensors, tensor::TensorView};

use crate::{
    Result,
    error::{Error, Problem},
    whisper::{WeightSource, Whisper},
};

/// The adapters that are part of the program.
const SHIPPED: &[(&str, &[u8])] =
    &[("base-dictation", include_bytes!("../../../models/base-dictation.safetensors"))];

/// What is added to one matrix.
#[derive(Clone, Debug)]
struct Pair {
    outputs: usize,
    inputs: usize,
    /// Outputs × rank.
    up: Vec<f32>,
    /// Rank × inputs.
    down: Vec<f32>,
}

/// Low-rank additions to some matrices of a model.
#[derive(Clone, Debug)]
pub(crate) struct Adapter {
    /// File or name, for messages.
    path: PathBuf,
    pairs: BTreeMap<String, Pair>,
}

impl Adapter {
    /// The adapter of the program with this name; the error lists the names.
    pub(crate) fn shipped(name: &str) -> Result<Self> {
        let Some((_, bytes)) = SHIPPED.iter().find(|(known, _)| *known == name) else {
            let known = SHIPPED.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            return Err(Problem::Unknown { what: "adapter", name: name.to_owned(), known }.into());
        };
        Self::parse(Path::new(name), bytes)
    }

    /// Reads the bytes of a safetensors file. Every matrix needs both halves, of one rank, in f16 or f32. `path` is for
    /// messages.
    pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let bad = |reason: String| Error::format(path, reason);
        let file = SafeTensors::deserialize(bytes).map_err(|e| bad(e.to_string()))?;
        let mut pairs = BTreeMap::new();
        for name in file.names() {
            let Some(matrix) = name.strip_suffix(".up") else {
                let other =
                    name.strip_suffix(".down").is_some_and(|m| file.tensor(&format!("{m}.up")).is_ok());
                if other {
                    continue;
                }
                return Err(bad(format!("{name} is not half of a pair")));
            };
            let half = |part: &str| {
                let view =
                    file.tensor(&format!("{matrix}.{part}")).map_err(|e| bad(format!("{matrix}: {e}")))?;
                let &[rows, columns] = view.shape() else {
                    return Err(bad(format!("{matrix}.{part} is no matrix")));
                };
                Ok((rows, columns, floats(&view).map_err(|e| bad(format!("{matrix}.{part}: {e}")))?))
            };
            let (outputs, rank, up) = half("up")?;
            let (down_rank, inputs, down) = half("down")?;
            if rank != down_rank || rank == 0 {
                return Err(bad(format!("{matrix}: ranks {rank} and {down_rank}")));
            }
            pairs.insert(matrix.to_owned(), Pair { outputs, inputs, up, down });
        }
        Ok(Self { path: path.to_owned(), pairs })
    }

    /// The model with these additions. Every addition must belong to a matrix of it.
    pub(crate) fn onto(self, mut whisper: Whisper) -> Result<Whisper> {
        let plan = crate::whisper::plan(&whisper.dims);
        for (name, pair) in &self.pairs {
            if !plan.iter().any(|spec| spec.name == *name && spec.shape == [pair.outputs, pair.inputs]) {
                let reason = format_args!("the model has no {name} of {} × {}", pair.outputs, pair.inputs);
                return Err(Error::format(&self.path, reason));
            }
        }
        whisper.weights = Box::new(Adapted { weights: whisper.weights, adapter: self });
        Ok(whisper)
    }
}

fn floats(view: &TensorView<'_>) -> candle_core::Result<Vec<f32>> {
    let dtype = match view.dtype() {
        safetensors::Dtype::F16 => DType::F16,
        safetensors::Dtype::F32 => DType::F32,
        other => candle_core::bail!("stored as {other:?}"),
    };
    Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)?
        .to_dtype(DType::F32)?
        .flatten_all()?
        .to_vec1()
}

impl Pair {
    /// Adds `up · down` to the rows of a matrix. Additions and multiplications stand in one order and are not fused, so
    /// that every machine gets the same bits.
    fn add_to(&self, matrix: &mut [f32]) {
        let rank = self.up.len() / self.outputs;
        let mut sum = vec![0.0; self.inputs];
        for (row, up) in matrix.chunks_exact_mut(self.inputs).zip(self.up.chunks_exact(rank)) {
            sum.fill(0.0);
            for (factor, down) in up.iter().zip(self.down.chunks_exact(self.inputs)) {
                sum.iter_mut().zip(down).for_each(|(sum, down)| *sum += factor * down);
            }
            row.iter_mut().zip(&sum).for_each(|(weight, sum)| *weight += sum);
        }
    }
}

/// A source whose matrices get an adapter's additions as they are read.
struct Adapted {
    weights: Box<dyn WeightSource>,
    adapter: Adapter,
}

impl WeightSource for Adapted {
    fn tensor(&mut self, name: &str) -> Result<Tensor> {
        let tensor = self.weights.tensor(name)?;
        let Some(pair) = self.adapter.pairs.get(name) else { return Ok(tensor) };
        let added = || {
            let mut matrix: Vec<f32> = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
            pair.add_to(&mut matrix);
            Tensor::from_vec(matrix, (pair.outputs, pair.inputs), &Device::Cpu)
        };
        added().map_err(|e| Error::format(&self.adapter.path, format_args!("{name}: {e}")))
    }
}

#[cfg(test)]
mod tests {
    use safetensors::{Dtype, serialize};

    use super::*;
    use crate::{
        ErrorKind,
        whisper::{Dims, TensorSpec, conformance, plan},
    };

    const MATRIX: &str = "decoder.blocks.0.attn.query.weight";
    const N: usize = 4;

    fn dims() -> Dims {
        Dims {
            vocab: 3,
            audio_ctx: 2,
            state: N,
            audio_head: 1,
            audio_layer: 1,
            text_ctx: 2,
            text_head: 1,
            text_layer: 1,
            mels: 1,
        }
    }

    /// Every weight is a quarter.
    struct Quarters;

    impl WeightSource for Quarters {
        fn tensor(&mut self, name: &str) -> Result<Tensor> {
            let spec = plan(&dims()).into_iter().find(|spec| spec.name == name);
            let spec = spec.ok_or_else(|| Error::format(Path::new("quarters"), name))?;
            Ok(Tensor::full(0.25_f32, spec.shape, &Device::Cpu).unwrap())
        }
    }

    fn whisper() -> Whisper {
        Whisper { dims: dims(), vocab: Vec::new(), weights: Box::new(Quarters) }
    }

    fn file(tensors: &[(&str, [usize; 2], &[f32])]) -> Vec<u8> {
        let bytes: Vec<Vec<u8>> =
            tensors.iter().map(|(_, _, v)| v.iter().flat_map(|x| x.to_le_bytes()).collect()).collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            ((*name).to_owned(), TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap())
        });
        serialize(views, None).unwrap()
    }

    fn parse(tensors: &[(&str, [usize; 2], &[f32])]) -> Result<Adapter> {
        Adapter::parse(Path::new("a"), &file(tensors))
    }

    /// Rank 1: row i, column j gets i · j.
    fn products() -> Adapter {
        let steps = [0.0, 1.0, 2.0, 3.0];
        let name = |part: &str| format!("{MATRIX}.{part}");
        parse(&[(&name("up"), [N, 1], &steps), (&name("down"), [1, N], &steps)]).unwrap()
    }

    #[test]
    fn a_matrix_gets_the_product_of_its_pair_and_the_others_stay() {
        let expected = |spec: &TensorSpec| -> Vec<f32> {
            let added = |i: usize| if spec.name == MATRIX { (i / N * (i % N)) as f32 } else { 0.0 };
            (0..spec.elements()).map(|i| 0.25 + added(i)).collect()
        };
        conformance(&mut products().onto(whisper()).unwrap(), &expected);
    }

    #[test]
    fn an_adapter_of_another_model_is_refused() {
        let mut wide = products();
        wide.pairs.get_mut(MATRIX).unwrap().outputs = 2 * N;
        let error = wide.onto(whisper()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let base = Adapter::shipped("base-dictation").unwrap();
        assert_eq!(base.onto(whisper()).err().unwrap().kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn half_a_pair_or_two_ranks_are_refused() {
        for tensors in [
            &[("m.up", [2, 1], &[0.0; 2][..])][..],
            &[("m.down", [1, 2], &[0.0; 2])],
            &[("m", [1, 2], &[0.0; 2])],
            &[("m.up", [2, 1], &[0.0; 2]), ("m.down", [2, 1], &[0.0; 2])],
        ] {
            assert_eq!(parse(tensors).unwrap_err().kind(), ErrorKind::Unsupported);
        }
        assert!(Adapter::parse(Path::new("a"), b"no adapter").is_err());
    }

    #[test]
    fn an_unknown_adapter_is_answered_with_the_known_ones() {
        let error = Adapter::shipped("none").unwrap_err();
        assert!(error.to_string().contains("base-dictation"), "{error}");
    }
}
