"""How long one window of a dictation takes, with the model loaded: native, whisper.cpp inside kikitori, faster-whisper.

    target/peers/bin/python benches/peers/latency.py target/release/kikitori --audio FILE.wav [--seconds 10] [--rounds 40]

FILE is a WAV file of 16 kHz, one channel and 16 bits; its beginning is the window. All decode it greedily, in Japanese, with
the weights of Whisper base on two threads: base-q8_0 for kikitori with the context that the tier `fast` fits to the window,
the CTranslate2 files in int8 for faster-whisper, which always computes 30 s. In each round each decodes the window once;
a ratio is that of two runs of one round. Needs faster-whisper (requirements.txt beside this file).
"""

import argparse
import contextlib
import functools
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from common import ct2_model
from worker import RATE, Worker, samples

MODEL = "base-q8_0"
CORES = 2


def faster_whisper(directory):
    from faster_whisper import WhisperModel

    model = WhisperModel(str(ct2_model(directory)), device="cpu", compute_type="int8", cpu_threads=CORES)

    def run(window):
        start = time.monotonic()
        found, _ = model.transcribe(window, language="ja", beam_size=1, condition_on_previous_text=False)
        text = "".join(segment.text for segment in found)
        return time.monotonic() - start, text

    return run


def alone(worker, window):
    seconds, texts = worker.decode([window], fit=True)
    return seconds, texts[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kikitori")
    parser.add_argument("--audio", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    window = samples(args.audio)[: int(args.seconds * RATE)]
    path = subprocess.run([args.kikitori, "models", "path", MODEL], check=True, capture_output=True, text=True)
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        contestants = {"faster-whisper": faster_whisper(directory)}
        for engine in ("native", "whisper.cpp"):
            worker = stack.enter_context(Worker(args.kikitori, engine, path.stdout.strip(), CORES))
            contestants[engine] = functools.partial(alone, worker)
        times = {name: [] for name in contestants}
        for number in range(args.rounds + 1):
            for name, run in contestants.items():
                seconds, text = run(window)
                # The first round warms up.
                if number:
                    times[name].append(seconds)
                else:
                    print(f"{name}: {text}")
    print(f"{args.audio.name}, a window of {args.seconds:g} s, {args.rounds} rounds: ms, median (min to max)")
    for name, row in times.items():
        print(f"  {name:<16}{statistics.median(row) * 1e3:7.1f} ({min(row) * 1e3:.1f} to {max(row) * 1e3:.1f})")
    for peer in ("faster-whisper", "whisper.cpp"):
        ratios = [ours / theirs for ours, theirs in zip(times["native"], times[peer])]
        print(f"native over {peer}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
