//! The engine with floating-point weights held against candle's Whisper, with the same weights and audio.
//!
//! candle computes GELU by its approximation with tanh and keeps no cache; the reference, and this engine, by the error
//! function. So candle's own model ([`candle_transformers`]) is what [`Oracle`] is checked against, with that
//! approximation; and [`Oracle`] with the error function is what the engine is checked against.

use std::collections::HashMap;
use std::io::{BufReader, Cursor};
use std::path::Path;
use std::sync::Arc;

use candle_core::quantized::{GgmlDType, ggml_file::qtensor_from_ggml};
use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::whisper::{self, Config};
use kernels::{Isa, Precision, Threads};

use super::decoder::{Decoder, Memory, Sound, Step};
use super::encoder::Encoder;
use super::rules::Rules;
use super::{Shared, weights};
use crate::Control;
use crate::ggml::{Header, ModelFile};

type Candle<T> = candle_core::Result<T>;

/// The model's file.
fn model() -> Vec<u8> {
    let directory = std::env::var_os("KIKITORI_MODELS").expect("KIKITORI_MODELS: run `make test`");
    std::fs::read(Path::new(&directory).join("ggml-base-dictation-q8_0.bin")).expect("run `make models`")
}

/// 5.7 s of speech.
fn speech() -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/visit.wav");
    let mut reader = hound::WavReader::open(path).unwrap();
    reader.samples::<i16>().map(|sample| f32::from(sample.unwrap()) / 32_768.0).collect()
}

/// The file's weights under Hugging Face's names, read and unpacked by candle.
fn tensors(file: &[u8]) -> HashMap<String, Tensor> {
    let mut file = ModelFile::open(BufReader::new(Cursor::new(file))).unwrap();
    let mut tensors = HashMap::new();
    while let Some(head) = file.next_tensor().unwrap() {
        let bytes = file.weights().unwrap();
        let mut shape: Vec<usize> = head.dims.iter().rev().copied().collect();
        if head.name.starts_with("encoder.conv") && head.name.ends_with("bias") {
            shape.retain(|size| *size != 1);
        }
        let tensor = match head.kind {
            0 => Tensor::from_raw_buffer(&bytes, DType::F32, &shape, &Device::Cpu),
            1 => Tensor::from_raw_buffer(&bytes, DType::F16, &shape, &Device::Cpu),
            8 => qtensor_from_ggml(GgmlDType::Q8_0, &bytes, shape, &Device::Cpu)
                .and_then(|tensor| tensor.dequantize(&Device::Cpu)),
            kind => panic!("a type that this model has not: {kind}"),
        };
        let [name, _] = layout::hugging_face::tensor_names(&head.name).unwrap();
        tensors.insert(name, tensor.and_then(|tensor| tensor.to_dtype(DType::F32)).unwrap());
    }
    tensors
}

/// Whisper (`whisper/model.py`) in candle's operations, without a cache.
struct Oracle {
    tensors: HashMap<String, Tensor>,
    header: Header,
    gelu: fn(&Tensor) -> Candle<Tensor>,
}

impl Oracle {
    fn get(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }

    fn linear(&self, name: &str, x: &Tensor) -> Candle<Tensor> {
        let y = x.matmul(&self.get(&format!("{name}.weight")).t()?)?;
        match self.tensors.get(&format!("{name}.bias")) {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }

    fn norm(&self, name: &str, x: &Tensor) -> Candle<Tensor> {
        let (weight, bias) = (self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        candle_nn::ops::layer_norm_slow(x, weight, bias, 1e-5)
    }

    /// Attention of `x` to `over`, each position to those up to itself where it is `causal`.
    fn attend(&self, name: &str, x: &Tensor, over: &Tensor, causal: bool) -> Candle<Tensor> {
        let (rows, width) = x.dims2()?;
        let heads = self.header.n_text_head as usize;
        let split = |part: &str, x: &Tensor| {
            let y = self.linear(&format!("{name}.{part}"), x)?;
            y.reshape((x.dim(0)?, heads, width / heads))?.transpose(0, 1)?.contiguous()
        };
        let query = split("q_proj", x)?;
        let (key, value) = (split("k_proj", over)?, split("v_proj", over)?);
        let scale = ((width / heads) as f64).powf(-0.5);
        let mut scores = (query.matmul(&key.transpose(1, 2)?.contiguous()?)? * scale)?;
        if causal {
            let hidden = |(i, j): (usize, usize)| if j > i { f32::NEG_INFINITY } else { 0.0 };
            let mask: Vec<f32> = (0..rows).flat_map(|i| (0..rows).map(move |j| (i, j))).map(hidden).collect();
            scores = scores.broadcast_add(&Tensor::from_vec(mask, (rows, rows), &Device::Cpu)?)?;
        }
        let found = candle_nn::ops::softmax(&scores, D::Minus1)?.matmul(&value)?;
        self.linear(&format!("{name}.out_proj"), &found.transpose(0, 1)?.reshape((rows, width))?)
    }

    fn layer(&self, name: &str, mut x: Tensor, sound: Option<&Tensor>) -> Candle<Tensor> {
        let normed = self.norm(&format!("{name}.self_attn_layer_norm"), &x)?;
        x = (&x + self.attend(&format!("{name}.self_attn"), &normed, &normed, sound.is_some())?)?;
        if let Some(sound) = sound {
            let normed = self.norm(&format!("{name}.encoder_attn_layer_norm"), &x)?;
            x = (&x + self.attend(&format!("{name}.encoder_attn"), &normed, sound, false)?)?;
        }
        let normed = self.norm(&format!("{name}.final_layer_norm"), &x)?;
        let inner = (self.gelu)(&self.linear(&format!("{name}.fc1"), &normed)?)?;
        &x + self.linear(&format!("{name}.fc2"), &inner)?
    }

    /// `[bands][frames]` into `[positions][width]`.
    fn encode(&self, spectrogram: &Tensor) -> Candle<Tensor> {
        let convolve = |name: &str, x: &Tensor, stride: usize| {
            let weight = self.get(&format!("model.encoder.{name}.weight"));
            let bias = self.get(&format!("model.encoder.{name}.bias")).reshape((1, (), 1))?;
            (self.gelu)(&x.conv1d(weight, 1, stride, 1, 1)?.broadcast_add(&bias)?)
        };
        let x = convolve("conv1", &spectrogram.unsqueeze(0)?, 1)?;
        let x = convolve("conv2", &x, 2)?.squeeze(0)?.t()?.contiguous()?;
        let mut x = (x + self.get("model.encoder.embed_positions.weight"))?;
        for layer in 0..self.header.n_audio_layer {
            x = self.layer(&format!("model.encoder.layers.{layer}"), x, None)?;
        }
        self.norm("model.encoder.layer_norm", &x)
    }

    /// Logits after each of the tokens.
    fn decode(&self, sound: &Tensor, tokens: &[i32]) -> Candle<Tensor> {
        let numbers = Tensor::from_iter(tokens.iter().map(|token| *token as u32), &Device::Cpu)?;
        let embedding = self.get("model.decoder.embed_tokens.weight");
        let positions = self.get("model.decoder.embed_positions.weight").narrow(0, 0, tokens.len())?;
        let mut x = (embedding.index_select(&numbers, 0)? + positions)?;
        for layer in 0..self.header.n_text_layer {
            x = self.layer(&format!("model.decoder.layers.{layer}"), x, Some(sound))?;
        }
        self.norm("model.decoder.layer_norm", &x)?.matmul(&embedding.t()?)
    }
}

fn candles_own(oracle: &Oracle) -> Candle<whisper::model::Whisper> {
    let header = oracle.header;
    let config = Config {
        num_mel_bins: header.n_mels as usize,
        max_source_positions: header.n_audio_ctx as usize,
        d_model: header.n_audio_state as usize,
        encoder_attention_heads: header.n_audio_head as usize,
        encoder_layers: header.n_audio_layer as usize,
        vocab_size: header.n_vocab as usize,
        max_target_positions: header.n_text_ctx as usize,
        decoder_attention_heads: header.n_text_head as usize,
        decoder_layers: header.n_text_layer as usize,
        suppress_tokens: Vec::new(),
    };
    let source = VarBuilder::from_tensors(oracle.tensors.clone(), DType::F32, &Device::Cpu);
    whisper::model::Whisper::load(&source, config)
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().and_then(|tensor| tensor.to_vec1()).unwrap()
}

/// The largest difference.
fn furthest(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn most_probable(logits: &[f32]) -> i32 {
    let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(token, _)| token as i32)
}

#[test]
fn the_exact_engine_computes_what_candle_does() {
    let file = model();
    let loaded = weights::load(Cursor::new(&file), Isa::best(), Precision::Float).unwrap();
    let shared = Shared::new(loaded, false).unwrap();
    let (header, tokens) = (shared.weights.header, &shared.tokens);
    let spectrogram = shared.mel.compute(&speech(), 2 * header.n_audio_ctx as usize);
    let threads = Threads::new(2).unwrap();

    // What the engine hears and writes, with the logits of every step.
    let mut work = Encoder::default();
    let encoded = threads
        .enter(|| work.encode(&shared.weights, &spectrogram, &threads, &Control::new()).unwrap().to_vec());
    let rules = Rules {
        tokens: Arc::clone(tokens),
        timestamps: true,
        suppress_non_speech: true,
        bias: None,
        isa: Isa::best(),
    };
    let opening = vec![tokens.start, tokens.language("ja").unwrap(), tokens.transcribe];
    let mut written: Vec<i32> = Vec::new();
    let mut steps: Vec<Vec<f32>> = Vec::new();
    threads.enter(|| {
        let sound = Sound::new(&shared.weights, &encoded, &threads, None).unwrap();
        let mut memory = Memory::new(&shared.weights);
        let mut decoder = Decoder::default();
        let mut unseen = opening.clone();
        while written.last() != Some(&tokens.end) && written.len() < 100 {
            let step = Step { sound: &sound, memory: &mut memory, tokens: &unseen };
            let mut logits = decoder.step(&shared.weights, &mut [step], &[], &threads).logits.to_vec();
            steps.push(logits.clone());
            rules.apply(&written, &mut logits);
            unseen = vec![most_probable(&logits)];
            written.push(unseen[0]);
        }
    });
    assert!(written.len() > 15 && written.last() == Some(&tokens.end), "{written:?}");

    // What the oracle hears and, token by token behind what the engine wrote, would write.
    let shape = (header.n_mels as usize, spectrogram.frames);
    let frames = Tensor::from_vec(spectrogram.values, shape, &Device::Cpu).unwrap();
    let mut oracle = Oracle { tensors: tensors(&file), header, gelu: Tensor::gelu_erf };
    let sound = oracle.encode(&frames).unwrap();
    let expected = numbers(&sound);
    let apart = furthest(&encoded, &expected);
    let largest = expected.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    assert!(apart < ENCODER * largest, "encoder: {apart} of {largest}");
    println!("encoder: {apart} of {largest}");
    let seen = [&opening[..], &written[..written.len() - 1]].concat();
    let logits: Vec<Vec<f32>> = oracle.decode(&sound, &seen).unwrap().to_vec2().unwrap();
    let mut most = 0.0_f32;
    let after_opening = logits.into_iter().skip(opening.len() - 1);
    for (at, (step, mut expected)) in steps.iter().zip(after_opening).enumerate() {
        most = most.max(furthest(step, &expected));
        rules.apply(&written[..at], &mut expected);
        assert_eq!(most_probable(&expected), written[at], "token {at}");
    }
    println!("logits: {most}");
    assert!(most < LOGITS, "logits: {most}");

    // The oracle is candle's model but for GELU, and the positions that candle computes anew.
    oracle.gelu = Tensor::gelu;
    let positions = sinusoids(header.n_audio_ctx as usize, header.n_audio_state as usize).unwrap();
    oracle.tensors.insert("model.encoder.embed_positions.weight".into(), positions);
    let mut own = candles_own(&oracle).unwrap();
    let theirs = own.encoder.forward(&frames.unsqueeze(0).unwrap(), true).unwrap();
    let ours = oracle.encode(&frames).unwrap();
    let apart = furthest(&numbers(&theirs), &numbers(&ours));
    println!("candle's encoder: {apart}; GELU: {}", furthest(&numbers(&ours), &expected));
    assert!(apart < ENCODER * largest, "candle's encoder: {apart}");
    let numbered = Tensor::from_iter(seen.iter().map(|token| *token as u32), &Device::Cpu).unwrap();
    let hidden = own.decoder.forward(&numbered.unsqueeze(0).unwrap(), &theirs, true).unwrap();
    let theirs = own.decoder.final_linear(&hidden).unwrap();
    let ours = oracle.decode(&ours, &seen).unwrap();
    let apart = furthest(&numbers(&theirs), &numbers(&ours));
    println!("candle's logits: {apart}");
    assert!(apart < LOGITS, "candle's logits: {apart}");
}

/// The positions as candle computes them (`candle_transformers`, `whisper/model.rs`).
fn sinusoids(length: usize, channels: usize) -> Candle<Tensor> {
    let increment = 10_000_f32.ln() / (channels / 2 - 1) as f32;
    let inverse: Vec<f32> = (0..channels / 2).map(|i| (i as f32 * -increment).exp()).collect();
    let inverse = Tensor::new(inverse.as_slice(), &Device::Cpu)?.unsqueeze(0)?;
    let times = Tensor::arange(0, length as u32, &Device::Cpu)?.to_dtype(DType::F32)?.unsqueeze(1)?;
    let scaled = times.broadcast_mul(&inverse)?;
    Tensor::cat(&[scaled.sin()?, scaled.cos()?], 1)
}

/// How far the encoder's output may be from the oracle's, as a share of the largest number: 0.001 of 24 was seen.
const ENCODER: f32 = 1e-4;
/// How far logits may be from the oracle's: 0.0001 was seen.
const LOGITS: f32 = 1e-3;
