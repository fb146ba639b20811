"""Throughput of kikitori, faster-whisper and whisper.cpp's own program on the same recording with the same weights.

    benches/peers/run [--audio FILE [--reference FILE]] [--rounds N] [--kikitori-args="--tier fast"]... [--json OUT]

installs the peers and calls this file. The recording is dev_long_2spk_alternating.opus of KIKITORI_EVAL_DIR, 12
minutes; without that variable the 48 s sample. The weights are those of Whisper base: base-q8_0 for kikitori and
whisper.cpp, the CTranslate2 files in int8 for faster-whisper. All decode greedily, in Japanese, on two cores, no window
conditioned on the text before it; faster-whisper one window after the other, and in batches. whisper.cpp, the version
that kikitori links, built with its own default options, gets the recording as a WAV file; the others decode it
themselves.

In each round every configuration runs once, one after the other; a ratio is that of two runs of one round. RTF, the
real-time factor, is the wall time of the transcription, without loading the model, over the recording's length. Peak
memory is that of the process, in 10^6 bytes; the processor seconds of kikitori and whisper.cpp include loading. The
rule for the character error rate is that of cer.py. A machine that does something else slows whisper.cpp most, whose
threads wait for each other.

    target/peers/bin/python benches/peers/throughput.py target/release/kikitori --isa avx2 --batch-sizes 16

holds kikitori's native engine and faster-whisper against each other with the same instructions: KIKITORI_KERNELS for the one,
CT2_FORCE_CPU_ISA for CTranslate2 and ONEDNN_MAX_CPU_ISA for the library of its matrix products.
"""

import argparse
import contextlib
import csv
import functools
import json
import os
import pathlib
import re
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import wave

from common import ROOT, ct2_model, distance, find, normal

MODEL = "base-q8_0"
CORES = 2
RATE = 16_000
WARM_UP_S = 30
# What each program calls a set of instructions.
SETS = {
    "portable": {"KIKITORI_KERNELS": "portable", "CT2_FORCE_CPU_ISA": "GENERIC", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "avx2": {"KIKITORI_KERNELS": "avx2", "CT2_FORCE_CPU_ISA": "AVX2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "avx512": {"KIKITORI_KERNELS": "avx512", "CT2_FORCE_CPU_ISA": "AVX512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE_VNNI"},
}
LONG = "dev_long_2spk_alternating"


def peak_mb(usage):
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def serve(model, batch_size):
    """Child process: loads faster-whisper once, then transcribes the file named by each line of its input."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    peer = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=CORES)
    options = {"language": "ja", "beam_size": 1, "condition_on_previous_text": False}
    if int(batch_size):
        peer = BatchedInferencePipeline(peer)
        options["batch_size"] = int(batch_size)
    for line in sys.stdin:
        start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
        segments, _ = peer.transcribe(line.rstrip("\n"), **options)
        text = "".join(s.text for s in segments)
        wall_s, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"wall_s": wall_s, "cpu_s": cpu_s, "peak_mb": peak_mb(after), "text": text}), flush=True)


def decode(audio, whole, short):
    """Child process, so that the decoder's memory is not this one's: the recording and its beginning as WAV files."""
    from faster_whisper.audio import decode_audio

    samples = (decode_audio(audio, RATE) * 32767).astype("<i2")
    for path, part in ((whole, samples), (short, samples[: WARM_UP_S * RATE])):
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(part.tobytes())


CHILDREN = {"--serve": serve, "--decode": decode}


def child(role, *arguments):
    return [sys.executable, __file__, role, *map(str, arguments)]


class FasterWhisper:
    def __init__(self, stack, model, batch_size=0):
        self.name = f"faster-whisper, batches of {batch_size}" if batch_size else "faster-whisper"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = stack.enter_context(subprocess.Popen(child("--serve", model, batch_size), **pipes))

    def run(self, audio, _wav):
        print(audio, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.name} has ended")
        return json.loads(answer)


class WhisperCpp:
    name = "whisper.cpp"

    def __init__(self, program, model, directory):
        self.output = directory / "whisper-cpp"
        # -fa is the library's own default.
        options = ["-l", "ja", "-t", str(CORES), "-bs", "1", "-bo", "1", "-mc", "0", "-fa", "-ng"]
        self.command = [program, "-m", model, *options, "-oj", "-of", str(self.output), "-f"]

    def run(self, _audio, wav):
        log = self.output.with_suffix(".log")
        with open(log, "wb") as stderr:
            process = subprocess.Popen([*self.command, str(wav)], stdout=subprocess.DEVNULL, stderr=stderr)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        report = log.read_text(errors="replace")
        if process.returncode != 0:
            sys.exit(f"{self.name} has failed:\n{report}")
        load, total = (float(re.search(rf"{what} time = +([\d.]+) ms", report)[1]) for what in ("load", "total"))
        segments = json.loads(self.output.with_suffix(".json").read_text(errors="replace"))["transcription"]
        return {
            "wall_s": (total - load) / 1000,
            "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_mb": peak_mb(usage),
            "text": "".join(s["text"] for s in segments),
        }


class Kikitori:
    def __init__(self, program, arguments, directory):
        self.name = f"kikitori {arguments}"
        self.transcript, self.stats = directory / "transcript.json", directory / "stats.json"
        options = ["--model", MODEL, *shlex.split(arguments), "-f", "json"]
        files = ["-o", str(self.transcript), "--force", "--stats", str(self.stats)]
        self.command = [program, "-q", "transcribe", *options, *files]

    def run(self, audio, _wav):
        subprocess.run([*self.command, str(audio)], check=True)
        segments = json.loads(self.transcript.read_text())["transcript"]["segments"]
        return {**json.loads(self.stats.read_text()), "text": "".join(s["raw"] for s in segments)}


def recording(args):
    """The recording and its reference: what was asked for, else the long one of the evaluation data, else a sample."""
    if args.audio:
        return args.audio, args.reference
    if "KIKITORI_EVAL_DIR" in os.environ:
        eval_dir = pathlib.Path(os.environ["KIKITORI_EVAL_DIR"])
        return find(eval_dir, f"{LONG}.opus"), find(eval_dir, f"{LONG}.segments.tsv")
    return ROOT / "samples/visit-home.opus", ROOT / "samples/visit-home.txt"


def reference_text(path):
    """The column `text` of a table, or the whole of a text file."""
    if path.suffix != ".tsv":
        return path.read_text(encoding="utf-8")
    with open(path, newline="", encoding="utf-8") as table:
        return "".join(row["text"] for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def seconds(wav):
    with wave.open(str(wav)) as file:
        return file.getnframes() / file.getframerate()


def measure(args, audio, reference, directory):
    """The length of the recording and, by configuration, its runs in the order of the rounds."""
    whole, short = directory / "whole.wav", directory / "short.wav"
    subprocess.run(child("--decode", audio, whole, short), check=True)
    audio_s = seconds(whole)
    with contextlib.ExitStack() as stack:
        contestants = [Kikitori(args.kikitori, a, directory) for a in args.kikitori_args]
        ct2 = ct2_model(directory)
        contestants += [FasterWhisper(stack, ct2, size) for size in (*args.sequential, *args.batch_sizes)]
        if args.whisper_cli:
            path = subprocess.run([args.kikitori, "models", "path", MODEL], check=True, capture_output=True, text=True)
            contestants.append(WhisperCpp(args.whisper_cli, path.stdout.strip(), directory))
        for contestant in contestants:
            contestant.run(short, short)
        runs = {c.name: [] for c in contestants}
        for number in range(1, args.rounds + 1):
            for contestant in contestants:
                run = contestant.run(audio, whole)
                print(f"round {number}, {contestant.name}: {run['wall_s']:.1f} s", file=sys.stderr)
                runs[contestant.name].append({**run, "rtf": run["wall_s"] / audio_s})
    if reference:
        expected = normal(reference_text(reference))
        errors = functools.cache(functools.partial(distance, expected))
        for run in (run for rounds in runs.values() for run in rounds):
            run["cer"] = errors(normal(run["text"])) / len(expected)
    return audio_s, runs


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summary(runs):
    """What a configuration took; without what the system does not tell, or the recording has no reference for."""
    result = {"rtf": spread([r["rtf"] for r in runs])}
    for key, of in (("cpu_s", statistics.median), ("peak_mb", max), ("cer", statistics.median)):
        if runs[0].get(key) is not None:
            result[key] = of([r[key] for r in runs])
    return result


def throughput_ratios(runs, ours, peer):
    """How many times as much sound as the peer we transcribe in the same time, round by round."""
    return spread([p["wall_s"] / k["wall_s"] for k, p in zip(runs[ours], runs[peer])])


def best_batched(result):
    batched = [name for name in result if "batches of" in name]
    return min(batched, key=lambda name: result[name]["rtf"]["median"], default=None)


def show(result, ratios, best):
    def label(name):
        return f"{name} (best)" if name == best else name

    def cell(value, digits):
        return f"{'-' if value is None else format(value, f'.{digits}f'):>10}"

    width = 2 + max(len(label(name)) for name in result)
    heads = ("RTF median", "min", "max", "CPU s", "peak MB", "CER")
    print(" " * (2 + width) + "".join(f"{head:>12}" for head in heads))
    for name, row in result.items():
        values = [(row["rtf"][k], 4) for k in ("median", "min", "max")]
        values += [(row.get(k), digits) for k, digits in (("cpu_s", 1), ("peak_mb", 0), ("cer", 4))]
        print(f"{label(name):<{2 + width}}" + "".join(f"  {cell(*value)}" for value in values))
    for ours, peers in ratios.items():
        print(f"throughput of {ours}, in times that of")
        for peer, ratio in peers.items():
            print(f"  {label(peer):<{width}}{ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})")


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kikitori")
    parser.add_argument("--whisper-cli", help="whisper.cpp's program; without it this peer is left out")
    parser.add_argument("--audio", type=pathlib.Path)
    parser.add_argument("--reference", type=pathlib.Path, help="a table with a column `text`, or a text file")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=[8, 16])
    left_out = "leave out faster-whisper one window after the other"
    parser.add_argument("--no-sequential", dest="sequential", action="store_const", const=[], default=[0], help=left_out)
    variant = "options of a variant of kikitori, instead of those for the tiers fast and auto"
    parser.add_argument("--kikitori-args", action="append", metavar="ARGS", help=variant)
    parser.add_argument("--isa", choices=SETS, help="instructions of the native engine and of faster-whisper")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    args.kikitori_args = args.kikitori_args or ["--tier fast", "--tier auto"]
    return args


def main():
    args = read_arguments()
    os.environ.update(SETS.get(args.isa, {}))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    audio, reference = recording(args)
    with tempfile.TemporaryDirectory() as directory:
        audio_s, runs = measure(args, audio.resolve(), reference, pathlib.Path(directory))
    result = {name: summary(r) for name, r in runs.items()}
    best = best_batched(result)
    ours = [name for name in result if name.startswith("kikitori")]
    ratios = {k: {p: throughput_ratios(runs, k, p) for p in result if p not in ours} for k in ours}
    print(f"{audio.name}, {audio_s:.1f} s, {args.rounds} rounds{f', {args.isa}' if args.isa else ''}")
    show(result, ratios, best)
    if args.json:
        whole = {"audio": audio.name, "audio_s": audio_s, "best_batched": best, "ratios": ratios, "summary": result}
        args.json.write_text(json.dumps({**whole, "runs": runs}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in CHILDREN:
        CHILDREN[sys.argv[1]](*sys.argv[2:])
    else:
        main()
