"""Peak memory of an engine's process by the number of windows that it decodes at once and the length of the sound.

    python3 benches/peers/memory.py target/release/kikitori --audio FILE.wav [--engine native] [--batches 1 4 8 12]
        [--minutes 3 9] [--fit]

FILE is a WAV file of 16 kHz, one channel and 16 bits, which is repeated until the sound is long enough for whole batches. Windows have 28 s
and the whole context of the encoder, the most that a window can take (--fit: 15 s and the fitted context of the tier
`fast`). Each line is a process of its own. Linux alone tells a process's peak. Needs numpy.
"""

import argparse
import math
import pathlib
import subprocess

from worker import RATE, Worker, samples

MODEL = "base-q8_0"
CORES = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kikitori")
    parser.add_argument("--audio", type=pathlib.Path, required=True)
    parser.add_argument("--engine", default="native")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8, 12])
    parser.add_argument("--minutes", type=float, nargs="+", default=[3, 9])
    parser.add_argument("--fit", action="store_true")
    args = parser.parse_args()
    sound = samples(args.audio)
    length = (15 if args.fit else 28) * RATE
    windows = [sound[at : at + length] for at in range(0, len(sound) - length + 1, length)]
    path = subprocess.run([args.kikitori, "models", "path", MODEL], check=True, capture_output=True, text=True)
    print("windows at once, minutes of sound, peak MB")
    for batch in args.batches:
        for minutes in args.minutes:
            with Worker(args.kikitori, args.engine, path.stdout.strip(), CORES) as worker:
                for first in range(0, math.ceil(minutes * 60 * RATE / length), batch):
                    worker.decode([windows[(first + i) % len(windows)] for i in range(batch)], args.fit)
                print(f"{batch:>15}{minutes:>18g}{worker.peak_mb():>9.0f}", flush=True)


if __name__ == "__main__":
    main()
