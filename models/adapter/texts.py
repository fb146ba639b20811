#!/usr/bin/env python3
"""What is read aloud for the training of the adapter, one dictation a line.

    python3 texts.py --dictations FILE [--general NER_JSON] > texts.txt

`--dictations` is what `dictation-text dictations` printed: whole dictations of the grammar. Beside them stand sentences of
`models/dictation.txt.gz` in groups, every term of the lexicon in two short sentences, and general sentences (the
Wikipedia NER set of Stockmark, CC BY-SA 3.0), so that the decoder does not forget the rest of the language.
"""
import argparse
import gzip
import json
import random
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CARRIERS = ["{}。", "{}について確認。", "{}とのこと。", "{}の件で連絡。", "次に、{}。", "{}を検討する。", "{}に関して聞き取った。", "それから{}です。"]
SENTENCES, GENERAL = 5000, 800


def groups(sentences: list[str], size: int) -> list[str]:
    return ["".join(sentences[i : i + size]) for i in range(0, len(sentences), size)]


def general(path: Path) -> list[str]:
    texts = (unicodedata.normalize("NFKC", row["text"]) for row in json.loads(path.read_text(encoding="utf-8")))
    def plain(text: str) -> bool:
        return text.endswith("。") and text.count("。") == 1 and 15 < len(text) < 70 and not set(text) & set('「」『』()"')
    return [text for text in texts if plain(text)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dictations", type=Path, required=True)
    parser.add_argument("--general", type=Path)
    args = parser.parse_args()
    rng = random.Random(7)
    dictations = [line.strip() for line in args.dictations.read_text(encoding="utf-8").splitlines() if line.strip()]
    with gzip.open(ROOT / "models/dictation.txt.gz", "rt", encoding="utf-8") as file:
        sentences = sorted({line.strip() for line in file if line.strip()})
    rng.shuffle(sentences)
    rows = (ROOT / "crates/text/data/lexicon.tsv").read_text(encoding="utf-8").splitlines()
    terms = [row.split("\t")[0] for row in rows if "\t" in row and not row.startswith("#")]
    short = sentences[:SENTENCES] + [carrier.format(term) for term in terms for carrier in rng.sample(CARRIERS, 2)]
    others = general(args.general) if args.general else []
    rng.shuffle(others)
    rng.shuffle(short)
    print("\n".join(dictations + groups(short, 12) + groups(others[:GENERAL], 4)))


if __name__ == "__main__":
    main()
