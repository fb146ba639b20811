use std::io::Cursor;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

/// Dimensions small enough to write a whole file.
const SMALL: Header = Header {
    n_vocab: 51_865,
    n_audio_ctx: 64,
    n_audio_state: 64,
    n_audio_head: 2,
    n_audio_layer: 1,
    n_text_ctx: 64,
    n_text_state: 64,
    n_text_head: 2,
    n_text_layer: 1,
    n_mels: 80,
    ftype: 1,
};

/// A file with that header, two words, and all its weights in two f16 tensors, whose bytes are zero.
fn file(header: &Header) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut put = |numbers: &[u32]| bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    put(&[
        MAGIC,
        header.n_vocab,
        header.n_audio_ctx,
        header.n_audio_state,
        header.n_audio_head,
        header.n_audio_layer,
    ]);
    put(&[
        header.n_text_ctx,
        header.n_text_state,
        header.n_text_head,
        header.n_text_layer,
        header.n_mels,
        header.ftype,
    ]);
    put(&[header.n_mels, N_BINS]);
    put(&vec![0; (header.n_mels * N_BINS) as usize]);
    put(&[2, 1]);
    bytes.push(b'a');
    bytes.extend([1, 0, 0, 0, b'b']);
    let weights = header.parameters() as u32;
    for (name, count) in [("first", 100), ("other", weights - 100)] {
        let numbers = [1, name.len() as u32, 1, count];
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes.extend(name.bytes());
        bytes.resize(bytes.len() + 2 * count as usize, 0);
    }
    bytes
}

/// [`SMALL`]'s file, written once: it has 7 MB.
static FILE: LazyLock<Vec<u8>> = LazyLock::new(|| file(&SMALL));

fn verdict(bytes: &[u8]) -> Result<Header, String> {
    inspect(Cursor::new(bytes)).map(|contents| contents.header).map_err(|error| error.to_string())
}

#[test]
fn a_whole_file_gives_its_header() {
    assert_eq!(verdict(&FILE), Ok(SMALL));
}

#[test]
fn the_count_of_weights_is_that_of_openai_base() {
    // 72,593,920 weights were counted in the converted OpenAI base model.
    let base = Header {
        n_vocab: 51_865,
        n_audio_ctx: 1500,
        n_audio_state: 512,
        n_audio_head: 8,
        n_audio_layer: 6,
        n_text_ctx: 448,
        n_text_state: 512,
        n_text_head: 8,
        n_text_layer: 6,
        n_mels: 80,
        ftype: 2007,
    };
    assert_eq!(base.parameters(), 72_593_920);
}

#[test]
fn other_files_are_refused_by_their_first_bytes() {
    let magic = "the file does not start with the ggml magic number";
    for bytes in [b"".as_slice(), b"ggm", b"GGUF\0\0\0\0", b"\x89PNG\r\n\x1a\n", &[0; 4096]] {
        assert_eq!(verdict(bytes), Err(magic.to_owned()));
    }
}

#[test]
fn huge_numbers_in_the_header_are_refused() {
    let cases: [(usize, u32, &str); 7] = [
        (1, u32::MAX, "a dimension in the header is not plausible: n_vocab = 4294967295"),
        (3, 1 << 30, "a dimension in the header is not plausible: n_audio_state = 1073741824"),
        (4, 0, "a dimension in the header is not plausible: n_audio_head = 0"),
        (5, 1 << 20, "a dimension in the header is not plausible: n_audio_layer = 1048576"),
        (10, 81, "a dimension in the header is not plausible: n_mels = 81"),
        (11, 99, "a dimension in the header is not plausible: ftype = 99"),
        (13, 1 << 31, "a dimension in the header is not plausible: filter_bins = 2147483648"),
    ];
    for (position, value, expected) in cases {
        let mut bytes = FILE.clone();
        bytes[4 * position..4 * position + 4].copy_from_slice(&value.to_le_bytes());
        assert_eq!(verdict(&bytes), Err(expected.to_owned()));
    }
}

#[test]
fn a_tensor_of_64_dimensions_is_refused() {
    let mut bytes = FILE.clone();
    let at = bytes.windows(5).position(|name| name == b"first").unwrap() - 16;
    bytes[at..at + 4].copy_from_slice(&64_u32.to_le_bytes());
    assert_eq!(verdict(&bytes), Err("a tensor is not plausible: tensor 0".to_owned()));
}

#[test]
fn a_tensor_that_comes_twice_is_refused() {
    let mut bytes = FILE.clone();
    let at = bytes.windows(5).position(|name| name == b"other").unwrap();
    bytes[at..at + 5].copy_from_slice(b"first");
    assert_eq!(verdict(&bytes), Err("a tensor is not plausible: tensor 1".to_owned()));
}

#[test]
fn a_vocabulary_beyond_the_header_is_refused() {
    let mut bytes = FILE.clone();
    let at = 4 * (14 + (SMALL.n_mels * N_BINS) as usize);
    bytes[at..at + 4].copy_from_slice(&60_001_u32.to_le_bytes());
    assert_eq!(verdict(&bytes), Err("the vocabulary does not fit the header: entry 60001".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_file_cut_anywhere_is_refused(share in 0.0_f64..1.0) {
        let bytes = &*FILE;
        let cut = (bytes.len() as f64 * share) as usize;
        prop_assert!(verdict(&bytes[..cut]).is_err());
    }

    #[test]
    fn any_change_of_a_header_is_survived(at in 0_usize..66_000, value in any::<[u8; 4]>()) {
        let mut bytes = FILE[..100_000].to_vec();
        bytes[at..at + 4].copy_from_slice(&value);
        let _ = verdict(&bytes);
    }

    #[test]
    fn any_bytes_after_the_magic_number_are_survived(tail in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let mut bytes = MAGIC.to_le_bytes().to_vec();
        bytes.extend(tail);
        prop_assert!(verdict(&bytes).is_err());
    }
}
