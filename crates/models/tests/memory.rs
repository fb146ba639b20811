//! A small file that promises gigabytes must not cost gigabytes. Alone in its binary: it reads the process's own peak.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]
#![cfg(target_os = "linux")]

mod common;

use std::fs;

use common::{ct2_bytes, write_ct2};

fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmPeak:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn promised_sizes_are_not_allocated() {
    let dir = tempfile::tempdir().unwrap();
    write_ct2(dir.path());
    let (good, fields) = ct2_bytes();
    models::open(dir.path()).unwrap();
    let before = peak_kib();
    for at in fields {
        let mut bytes = good.clone();
        let end = (at + 4).min(bytes.len());
        bytes[at..end].fill(0xfe);
        fs::write(dir.path().join("model.bin"), bytes).unwrap();
        // Most are refused; damage inside the weights is not seen by the structure.
        let _ = models::open(dir.path());
    }
    for name in ["ggml.bin", "other.bin"] {
        let mut bytes = b"lmgg".to_vec();
        bytes.extend([0xff, 0xff, 0x0f, 0].repeat(64));
        let path = dir.path().join(name);
        fs::write(&path, &bytes).unwrap();
        assert!(models::Ggml::open(&path).is_err());
    }
    let header = dir.path().join("hf");
    common::write_hf(&header, false);
    let mut bytes = (u64::MAX >> 1).to_le_bytes().to_vec();
    bytes.extend(b"{}");
    fs::write(header.join("model.safetensors"), bytes).unwrap();
    assert!(models::open(&header).is_err());
    let grown = peak_kib() - before;
    assert!(grown < 64 << 10, "grew by {grown} KiB");
}
