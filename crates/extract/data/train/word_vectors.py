"""Makes models/word_vectors.safetensors: which words mean something alike.

Reads the word vectors of the Python package ja-ginza 5.3.0 (chiVe, Apache-2.0) and keeps those of the nouns of IPADIC, of our
lexicon and of verbs and adjectives, projected to 64 numbers (principal components) of one byte each.

    pip download --no-deps ja-ginza==5.3.0
    pip install numpy msgpack safetensors
    python crates/extract/data/train/word_vectors.py ja_ginza-5.3.0-py3-none-any.whl models/word_vectors.safetensors
"""

import gzip
import io
import json
import struct
import sys
import zipfile

import msgpack
import numpy as np
from safetensors.numpy import save_file

WIDTH = 64
LONGEST = 8
FOLDER = "ja_ginza/ja_ginza-5.3.0/vocab/"


def murmur64a(data, seed=1):
    """The hash by which spaCy finds a word (MurmurHash64A by Austin Appleby)."""
    mul, mask = 0xC6A4A7935BD1E995, (1 << 64) - 1
    h = seed ^ (len(data) * mul & mask)
    whole = len(data) // 8
    for k in struct.unpack(f"<{whole}Q", data[: whole * 8]):
        k = k * mul & mask
        h = (h ^ ((k ^ k >> 47) * mul & mask)) * mul & mask
    rest = data[whole * 8 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * mul & mask
    h = (h ^ h >> 47) * mul & mask
    return h ^ h >> 47


def is_kanji(c):
    return "\u4e00" <= c <= "\u9fff" or c == "々"


def is_inflected(word):
    """A verb or an adjective in kanji: 殴る, 怒鳴る, 汚い. Its stem stays when the ending changes."""
    kana = lambda c: "ぁ" <= c <= "ん"
    return (
        2 <= len(word) <= 6
        and word[-1] in "うくぐすつぬぶむるい"
        and is_kanji(word[0])
        and all(is_kanji(c) or kana(c) for c in word)
    )


def main(wheel, out):
    with zipfile.ZipFile(wheel) as z:
        vectors = np.load(io.BytesIO(z.read(FOLDER + "vectors"))).astype(np.float32)
        rows = msgpack.unpackb(z.read(FOLDER + "key2row"), strict_map_key=False)
        strings = json.loads(z.read(FOLDER + "strings.json"))
    with gzip.open("models/ipadic.words.gz", "rt", encoding="utf-8") as f:
        known = {line.split("\t")[0] for line in f}
    with open("crates/text/data/lexicon.tsv", encoding="utf-8") as f:
        known |= {line.split("\t")[0] for line in f if not line.startswith("#")}

    found = {s: r for s in strings if (r := rows.get(murmur64a(s.encode()))) is not None and r >= 0}
    known |= {word for word in found if is_inflected(word)}
    table = {}
    # Words go before stems, and short stems before those of longer words.
    for word in sorted(known & found.keys(), key=lambda w: (len(w), w)):
        if len(word) <= LONGEST and (len(word) > 1 or is_kanji(word)):
            table[word] = found[word]
    for word in sorted(filter(is_inflected, found), key=lambda w: (len(w), w)):
        table.setdefault(word[:-1], found[word])

    used = sorted(set(table.values()))
    kept = vectors[used]
    kept /= np.maximum(np.linalg.norm(kept, axis=1, keepdims=True), 1e-6)
    kept -= kept.mean(axis=0)
    _, _, axes = np.linalg.svd(kept, full_matrices=False)
    kept = kept @ axes[:WIDTH].T
    kept /= np.abs(kept).std() * 3
    index = {row: i for i, row in enumerate(used)}
    words = sorted(table)
    save_file(
        {
            "vectors": np.clip(np.rint(kept * 127), -127, 127).astype(np.int8),
            "rows": np.array([index[table[w]] for w in words], dtype=np.uint16),
            "words": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
        },
        out,
    )
    print(f"{len(words)} words, {len(used)} vectors")


if __name__ == "__main__":
    main(*sys.argv[1:])
