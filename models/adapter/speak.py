#!/usr/bin/env python3
"""Read texts aloud for the training of the adapter: windows of speech with the times of their sentences.

    python3 speak.py --texts TEXTS --out DIR [--hours H] [--seed 1] [--processes 2]

TEXTS has one dictation a line. Each is read by Open JTalk in a voice of its own (speed, pitch and vocal tract vary), cut
into windows of at most 28 s between sentences, and made as bad as recordings are (noise, telephone band, level). DIR gets
`<process>.npz` (samples, 16 kHz, int16, one window after the other) and `<process>.jsonl` (start, length, segments in ms).
Everything follows from the seed and the number of processes. Packages: requirements.txt.
"""
import argparse
import json
import multiprocessing
import re
from pathlib import Path

import numpy as np
import pyopenjtalk
from pyopenjtalk import HTSEngine
from scipy.signal import resample_poly

RATE = 16000
SPOKEN_RATE = 48000
LONGEST_S = 28.0
LEXICON = Path(__file__).resolve().parents[2] / "crates/text/data/lexicon.tsv"
# What the synthesiser reads wrong and the lexicon does not have.
READINGS = {
    "本児": "ほんじ", "児福司": "じふくし", "児心司": "じしんし", "内夫": "ないふ", "内妻": "ないさい", "額に": "ひたいに",
    "189": "いちはちきゅう", "実姉": "じっし", "実兄": "じっけい", "継父": "けいふ", "継母": "けいぼ",
}


def kana(text: str) -> str:
    return pyopenjtalk.g2p(text, kana=True)


def plain(reading: str) -> str:
    """Katakana in which long vowels are alike."""
    reading = "".join(chr(ord(c) + 96) if "ぁ" <= c <= "ゖ" else c for c in reading)
    reading = reading.replace("ヲ", "オ").replace("ヅ", "ズ").replace("ヂ", "ジ").replace("’", "")
    rows = {"ア": "アカサタナハマヤラワガザダバパャァ", "イ": "イキシチニヒミリギジビピィ", "ウ": "ウクスツヌフムユルグズブプュゥ",
            "エ": "エケセテネヘメレゲゼデベペェ", "オ": "オコソトノホモヨロゴゾドボポョォ"}
    vowel = {c: v for v, row in rows.items() for c in row}
    out = ""
    for c in reading:
        last = vowel.get(out[-1:], "")
        long = (c == "ー") or (c == "ウ" and last == "オ") or (c == "イ" and last == "エ") or c == last
        out += last if long and last else c
    return out


def misread() -> dict[str, str]:
    """Terms of the lexicon that the synthesiser reads otherwise, with their readings."""
    wrong = dict(READINGS)
    for line in LEXICON.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or "\t" not in line:
            continue
        term, reading = line.split("\t")[:2]
        if plain(kana(term)) != plain(reading):
            wrong[term] = reading
    return wrong


def for_synthesis(text: str, readings: dict[str, str], pattern: re.Pattern) -> str:
    text = pattern.sub(lambda m: readings[m[0]], text)
    return re.sub(r"(?<=\d)[-ー](?=\d)", "の", text)


class Voice:
    """A reader: one speed, pitch and length of the vocal tract."""

    def __init__(self, rng: np.random.Generator, engine: HTSEngine):
        self.engine = engine
        self.tract = float(rng.uniform(0.84, 1.16))
        self.speed = float(rng.uniform(0.85, 1.4))
        self.half_tone = float(rng.uniform(-5, 3))
        self.pause = float(rng.uniform(0.15, 0.6))

    def read(self, text: str) -> np.ndarray:
        labels = pyopenjtalk.make_label(pyopenjtalk.run_frontend(text))
        if len(labels) < 3:
            return np.zeros(0)
        self.engine.set_speed(self.speed / self.tract)
        self.engine.add_half_tone(self.half_tone)
        self.engine.synthesize_from_strings(labels)
        x = np.asarray(self.engine.get_generated_speech(), dtype=np.float64)
        self.engine.refresh()
        # Played faster, a voice has a shorter tract and a higher pitch.
        x = resample_poly(x, 100, int(round(100 * SPOKEN_RATE / RATE * self.tract)))
        peak = np.abs(x).max(initial=1e-9)
        loud = np.flatnonzero(np.abs(x) > 0.01 * peak)
        return x[max(0, loud[0] - 400): loud[-1] + 400] / peak if len(loud) else np.zeros(0)


def noise(rng: np.random.Generator, n: int) -> np.ndarray:
    """Noise of a random tilt, unit RMS."""
    spec = np.fft.rfft(rng.standard_normal(n))
    freq = np.fft.rfftfreq(n, 1.0 / RATE)
    spec[freq < 40] = 0.0
    x = np.fft.irfft(spec / (1.0 + freq / rng.uniform(60, 1000)) ** rng.uniform(0.3, 1.6), n)
    return x / np.sqrt(np.mean(x * x))


def worn(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """The window as a recorder would have it."""
    if rng.random() < 0.15:
        spec, freq = np.fft.rfft(x), np.fft.rfftfreq(len(x), 1.0 / RATE)
        x = np.fft.irfft(spec / (1.0 + (300 / np.maximum(freq, 1e-6)) ** 8) / (1.0 + (freq / 3400) ** 24), len(x))
    if rng.random() < 0.3:
        n = int(RATE * rng.uniform(0.1, 0.4))
        room = rng.standard_normal(n) * np.exp(-np.arange(n) / (n / 5)) * rng.uniform(0.02, 0.12)
        room[0] = 1.0
        x = np.convolve(x, room)[: len(x)]
    snr_db = rng.uniform(8, 40)
    x = x / max(np.sqrt(np.mean(x * x)), 1e-9)
    x = x + noise(rng, len(x)) * 10 ** (-snr_db / 20)
    return x / np.abs(x).max() * rng.uniform(0.1, 0.95)


def windows(rng, sentences: list[str], spoken: list[np.ndarray], pause: float):
    """Neighbouring sentences that fit into a window, with their times in ms."""
    longest = rng.uniform(5.0, LONGEST_S)
    parts, segments, at = [], [], 0

    def close():
        return np.concatenate(parts), segments

    for text, audio in zip(sentences, spoken):
        if not len(audio) or len(audio) > (LONGEST_S - 1.0) * RATE:
            continue
        gap = int(RATE * pause * rng.uniform(0.5, 1.8))
        if parts and at + gap + len(audio) > longest * RATE:
            yield close()
            parts, segments, at = [], [], 0
            longest = max(rng.uniform(5.0, LONGEST_S), len(audio) / RATE + 0.5)
        lead = gap if parts else int(RATE * rng.uniform(0.0, 0.3))
        parts += [np.zeros(lead), audio]
        segments.append([1000 * (at + lead) // RATE, 1000 * (at + lead + len(audio)) // RATE, text])
        at += lead + len(audio)
    if parts:
        yield close()


def work(job: tuple) -> float:
    number, texts, seconds, seed, out = job
    rng = np.random.default_rng([seed, number])
    readings = misread()
    pattern = re.compile("|".join(sorted(map(re.escape, readings), key=len, reverse=True)))
    voice_file = Path(pyopenjtalk.__file__).parent / "htsvoice/mei_normal.htsvoice"
    engine = HTSEngine(str(voice_file).encode())
    samples, done = [], 0
    with open(out / f"{number}.jsonl", "w", encoding="utf-8") as index:
        for text in texts:
            voice = Voice(rng, engine)
            sentences = re.findall(r"[^。]+。", text)
            spoken = [voice.read(for_synthesis(s, readings, pattern)) for s in sentences]
            for audio, segments in windows(rng, sentences, spoken, voice.pause):
                audio = np.round(worn(rng, audio) * 32767).astype(np.int16)
                row = {"start": done, "length": len(audio), "segments": segments}
                index.write(json.dumps(row, ensure_ascii=False) + "\n")
                samples.append(audio)
                done += len(audio)
            if done > seconds * RATE:
                break
    np.savez(out / f"{number}.npz", samples=np.concatenate(samples))
    return done / RATE


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=100.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    texts = [line for line in args.texts.read_text(encoding="utf-8").splitlines() if line]
    np.random.default_rng(args.seed).shuffle(texts)
    share = args.hours * 3600 / args.processes
    jobs = [(i, texts[i :: args.processes], share, args.seed, args.out) for i in range(args.processes)]
    with multiprocessing.Pool(args.processes) as pool:
        print(f"{sum(pool.imap(work, jobs)) / 3600:.2f} hours")


if __name__ == "__main__":
    main()
