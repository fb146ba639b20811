#!/usr/bin/env python3
"""Train the adapter: low-rank additions to the decoder of Whisper base (Hu et al., "LoRA", 2021).

    python3 train.py --model DIR --speech DIR [DIR...] [--kept DIR...] [--start FILE] --out base-dictation.safetensors

`--model` is the CTranslate2 directory of Whisper base with its `tokenizer.json` (the bundle `whisper-base-ct2` of
models.toml), `--speech` what speak.py wrote. The encoder stays as it is, so its output is computed once for each window.
The decoder learns to write what caseworkers say, with the timestamps of the sentences, behind a form's prompt or none.
Over the windows of `--kept` it learns to go on as the unchanged decoder does (the divergence of their distributions is the
loss), so that other speech is not forgotten. `--start` goes on with an adapter.
Everything follows from the seed. Packages: requirements.txt.
"""
import argparse
import json
import struct
import time
import tomllib
from pathlib import Path

import ctranslate2
import jax
import jax.numpy as jnp
import numpy as np
import optax
from faster_whisper.feature_extractor import FeatureExtractor
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

TEMPLATES = Path(__file__).resolve().parents[2] / "crates/record/templates"
EOT, SOT, JA, TRANSCRIBE, PREVIOUS, NO_TIMESTAMPS, TIMES = 50257, 50258, 50266, 50359, 50361, 50363, 50364
HEADS = 8
RATE = 16000
# Samples of the longest window.
LONGEST = 28 * RATE
# CTranslate2's name, whisper.cpp's name, which rows of a stacked matrix.
MATRICES = [
    ("self_attention/linear_0", "attn.query", 0), ("self_attention/linear_0", "attn.key", 1),
    ("self_attention/linear_0", "attn.value", 2), ("self_attention/linear_1", "attn.out", 0),
    ("attention/linear_0", "cross_attn.query", 0), ("attention/linear_1", "cross_attn.key", 0),
    ("attention/linear_1", "cross_attn.value", 1), ("attention/linear_2", "cross_attn.out", 0),
    ("ffn/linear_0", "mlp.0", 0), ("ffn/linear_1", "mlp.2", 0),
]


def read_ct2(path: Path) -> dict[str, np.ndarray]:
    """The variables of a CTranslate2 `model.bin`, version 6 (crates/models/src/ct2.rs tells the layout)."""
    data = path.read_bytes()
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize(form)
        return value

    def name() -> str:
        nonlocal at
        size = number("H")
        at += size
        return data[at - size : at - 1].decode()

    assert number("I") == 6
    name()
    number("I")
    found = {}
    for _ in range(number("I")):
        key = name()
        shape = [number("I") for _ in range(number("B"))]
        kind = number("B")
        size = number("I")
        if kind == 4:
            found[key] = np.frombuffer(data, np.float16, size // 2, at).reshape(shape).astype(np.float32)
        at += size
    return found


def decoder(variables: dict[str, np.ndarray]) -> dict:
    """The decoder's weights under whisper.cpp's names; matrices are outputs × inputs."""
    get = lambda key: jnp.asarray(variables["decoder/" + key])
    layers = []
    while f"decoder/layer_{len(layers)}/ffn/linear_0/weight" in variables:
        prefix = f"layer_{len(layers)}/"
        layer = {}
        for source, target, part in MATRICES:
            weight = get(prefix + source + "/weight")
            n = weight.shape[1]
            rows = slice(part * n, (part + 1) * n) if "attn" in target else slice(None)
            layer[target] = weight[rows]
            if "key" not in target:
                layer[target + ".bias"] = get(prefix + source + "/bias")[rows]
        for source, target in [("self_attention", "attn_ln"), ("attention", "cross_attn_ln"), ("ffn", "mlp_ln")]:
            layer[target] = (get(f"{prefix}{source}/layer_norm/gamma"), get(f"{prefix}{source}/layer_norm/beta"))
        layers.append(layer)
    return {
        "layers": layers, "embedding": get("embeddings/weight"), "position": get("position_encodings/encodings"),
        "ln": (get("layer_norm/gamma"), get("layer_norm/beta")),
    }


def fresh_adapter(weights: dict, rank: int, rng: np.random.Generator) -> list[dict]:
    """`down` (rank × inputs) at random, `up` (outputs × rank) zero: at first nothing is added."""
    def pair(weight):
        down = rng.standard_normal((rank, weight.shape[1])).astype(np.float32) / np.sqrt(weight.shape[1])
        return {"down": jnp.asarray(down), "up": jnp.zeros((weight.shape[0], rank), jnp.float32)}

    return [{name: pair(layer[name]) for _, name, _ in MATRICES} for layer in weights["layers"]]


def started(path: Path, weights: dict) -> list[dict]:
    """The adapter that [`save`] wrote."""
    tensors = load_file(path)
    part = lambda i, name, which: jnp.asarray(tensors[f"decoder.blocks.{i}.{name}.weight.{which}"], jnp.float32)
    return [
        {name: {which: part(i, name, which) for which in ("down", "up")} for _, name, _ in MATRICES}
        for i in range(len(weights["layers"]))
    ]


def norm(x, ln):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) * ln[0] + ln[1]


def forward(adapter, weights, tokens, audio, positions):
    """Logits (batch × positions × vocabulary) for `tokens` (batch × length) over `audio` (batch × 1500 × state)."""
    def linear(layer, added, name, x):
        y = x @ layer[name].T + (x @ added[name]["down"].T) @ added[name]["up"].T
        return y + layer[name + ".bias"] if name + ".bias" in layer else y

    def attend(layer, added, name, x, source, mask):
        split = lambda y: y.reshape(y.shape[0], y.shape[1], HEADS, -1)
        q, k, v = (split(linear(layer, added, f"{name}.{part}", y)) for part, y in [("query", x), ("key", source), ("value", source)])
        scores = jnp.einsum("bqhd,bkhd->bhqk", q, k) / np.sqrt(q.shape[-1])
        scores = scores if mask is None else jnp.where(mask, scores, -1e9)
        out = jnp.einsum("bhqk,bkhd->bqhd", jax.nn.softmax(scores, -1), v)
        return linear(layer, added, f"{name}.out", out.reshape(x.shape))

    length = tokens.shape[1]
    x = weights["embedding"][tokens] + weights["position"][:length]
    causal = jnp.tril(jnp.ones((length, length), bool))
    for layer, added in zip(weights["layers"], adapter):
        y = norm(x, layer["attn_ln"])
        x = x + attend(layer, added, "attn", y, y, causal)
        x = x + attend(layer, added, "cross_attn", norm(x, layer["cross_attn_ln"]), audio, None)
        y = linear(layer, added, "mlp.0", norm(x, layer["mlp_ln"]))
        x = x + linear(layer, added, "mlp.2", jax.nn.gelu(y, approximate=False))
    x = jnp.take_along_axis(norm(x, weights["ln"]), positions[..., None], 1)
    return x @ weights["embedding"].T


def loss(adapter, weights, tokens, audio, positions, targets):
    """Mean cross entropy of `targets` (batch × n, −1 where there is none) at `positions`."""
    logits = forward(adapter, weights, tokens, audio, positions)
    known = targets >= 0
    picked = jnp.take_along_axis(logits, jnp.maximum(targets, 0)[..., None], -1)[..., 0]
    each = jnp.where(known, jax.nn.logsumexp(logits, -1) - picked, 0.0)
    return each.sum() / known.sum()


def divergence(adapter, weights, tokens, audio, positions, targets):
    """Mean divergence KL(unchanged ‖ adapted) where there is a target, for what must stay as it was (Hinton et al., 2015)."""
    unchanged = forward(jax.tree.map(jnp.zeros_like, adapter), weights, tokens, audio, positions)
    taught = jax.nn.log_softmax(jax.lax.stop_gradient(unchanged), -1)
    given = jax.nn.log_softmax(forward(adapter, weights, tokens, audio, positions), -1)
    known = targets >= 0
    return jnp.where(known, (jnp.exp(taught) * (taught - given)).sum(-1), 0.0).sum() / known.sum()


def encode(model: Path, speech: list[Path], rng: np.random.Generator) -> tuple[list[list], np.ndarray]:
    """Segments of each window, and the encoder's output (windows × 1500 × state, half precision)."""
    whisper = ctranslate2.models.Whisper(str(model), compute_type="int8", intra_threads=2)
    extract = FeatureExtractor()
    rows = []
    for directory in speech:
        for index in sorted(directory.glob("*.jsonl")):
            samples = np.load(index.with_suffix(".npz"))["samples"]
            for line in index.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                heard = samples[row["start"] : row["start"] + row["length"]]
                segments, before = rows[-1] if rows else ([], np.zeros(LONGEST, np.int16))
                # As long as those of a recording: what is short goes on with what comes next, mostly.
                if len(before) + len(heard) <= LONGEST and rng.random() < 0.75:
                    shift = 1000 * len(before) // RATE
                    moved = [[start + shift, end + shift, text] for start, end, text in row["segments"]]
                    rows[-1] = (segments + moved, np.concatenate([before, heard]))
                else:
                    rows.append((row["segments"], heard))
    audio = np.empty((len(rows), 1500, 512), np.float16)
    for at in range(0, len(rows), 8):
        features = [extract(x.astype(np.float32) / 32768.0, padding=0) for _, x in rows[at : at + 8]]
        features = [np.pad(f, ((0, 0), (0, 3000)), constant_values=f.min())[:, :3000] for f in features]
        features = ctranslate2.StorageView.from_array(np.ascontiguousarray(np.stack(features), np.float32))
        audio[at : at + 8] = np.asarray(whisper.encode(features, to_cpu=True))[: len(rows) - at]
    return [segments for segments, _ in rows], audio


def encoded(model: Path, speech: list[Path], cache: Path | None, rng: np.random.Generator) -> tuple[list[list], np.ndarray]:
    """What [`encode`] gives, kept in `cache` between runs."""
    if cache and (cache / "windows.json").exists():
        windows = json.loads((cache / "windows.json").read_text(encoding="utf-8"))
        return windows, np.load(cache / "audio.npy", mmap_mode="r")
    windows, audio = encode(model, speech, rng)
    if cache:
        cache.mkdir(parents=True, exist_ok=True)
        np.save(cache / "audio.npy", audio)
        (cache / "windows.json").write_text(json.dumps(windows, ensure_ascii=False), encoding="utf-8")
    return windows, audio


class Examples:
    """Token sequences of the windows, drawn anew each time."""

    def __init__(self, model: Path, rng: np.random.Generator):
        tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
        self.cut = lambda text: tokenizer.encode(text, add_special_tokens=False).ids
        found = (tomllib.loads(p.read_text(encoding="utf-8")).get("prompt") for p in sorted(TEMPLATES.glob("*.toml")))
        self.prompts = [self.cut(prompt) for prompt in found if prompt]
        self.rng = rng

    def make(self, segments: list, prompted: bool) -> tuple[list[int], int]:
        """Tokens of a window, and where what is to be learnt begins."""
        rng = self.rng
        tokens = [PREVIOUS] + self.prompts[rng.integers(len(self.prompts))] if prompted else []
        tokens += [SOT, JA, TRANSCRIBE]
        if rng.random() < 0.08:
            tokens.append(NO_TIMESTAMPS)
            start = len(tokens)
            return tokens + self.cut("".join(text for _, _, text in segments)) + [EOT], start
        start = len(tokens)
        at = 0
        while at < len(segments):
            together = segments[at : at + rng.integers(1, 4)]
            tokens.append(TIMES + round(together[0][0] / 20))
            tokens += self.cut("".join(text for _, _, text in together))
            tokens.append(TIMES + round(together[-1][1] / 20))
            at += len(together)
        return tokens + [EOT], start

    def batch(self, windows: list[list], prompted: bool | None = None):
        """Arrays for [`loss`], of few different sizes: each is compiled anew. Half of them begin with a prompt if nothing is said."""
        if prompted is None:
            prompted = self.rng.random() < 0.5
        made = [self.make(segments, prompted) for segments in windows]
        before = 8 + prompted * max(map(len, self.prompts))
        count = min(-(-max(len(tokens) - start for tokens, start in made) // 64) * 64, 448 - before)
        length = before + count
        tokens = np.full((len(made), length), EOT, np.int32)
        positions = np.zeros((len(made), count), np.int32)
        targets = np.full((len(made), count), -1, np.int32)
        for i, (sequence, start) in enumerate(made):
            sequence = sequence[: length + 1]
            tokens[i, : len(sequence) - 1] = sequence[:-1]
            learnt = np.arange(start - 1, len(sequence) - 1)[:count]
            positions[i, : len(learnt)] = learnt
            targets[i, : len(learnt)] = np.asarray(sequence)[learnt + 1]
        return tokens, positions, targets


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--speech", type=Path, nargs="+", required=True)
    parser.add_argument("--kept", type=Path, nargs="*", default=[])
    parser.add_argument("--start", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="keep the encoder's output here, and use it where it is there")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--strength", type=float, default=1.0, help="what is written is the adapter times this")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    rng = np.random.default_rng(args.seed)
    began = time.time()
    windows, audio = encoded(args.model, args.speech, args.cache, rng)
    kept, kept_audio = encoded(args.model, args.kept, args.cache and args.cache / "kept", rng) if args.kept else ([], audio[:0])
    rng = np.random.default_rng([args.seed, 1])
    held_out = len(windows) // 40 // args.batch * args.batch or args.batch
    order = rng.permutation(len(windows))
    test, train = order[:held_out], order[held_out:]
    print(f"{len(train)} windows to learn from, {len(test)} held out, {len(kept)} kept, encoded in {time.time() - began:.0f} s", flush=True)

    weights = decoder(read_ct2(args.model / "model.bin"))
    adapter = started(args.start, weights) if args.start else fresh_adapter(weights, args.rank, rng)
    examples = Examples(args.model, rng)
    steps = int(args.epochs * (len(train) // args.batch + len(kept) // args.batch))
    rate = optax.warmup_cosine_decay_schedule(0.0, args.rate, min(50, steps // 4), steps, args.rate / 50)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate, b2=0.98))
    state = optimizer.init(adapter)

    def step(of):
        @jax.jit
        def step(adapter, state, weights, tokens, audio, positions, targets):
            value, slopes = jax.value_and_grad(of)(adapter, weights, tokens, audio.astype(jnp.float32), positions, targets)
            updates, state = optimizer.update(slopes, state)
            return optax.apply_updates(adapter, updates), state, value

        return step

    learn, keep = step(loss), step(divergence)

    measure = jax.jit(lambda adapter, weights, tokens, audio, *rest: loss(adapter, weights, tokens, audio.astype(jnp.float32), *rest))
    held = Examples(args.model, np.random.default_rng(0))
    batches = [(chosen, held.batch([windows[i] for i in chosen])) for chosen in test.reshape(-1, args.batch)]

    def tested() -> float:
        each = [measure(adapter, weights, tokens, audio[chosen], *rest) for chosen, (tokens, *rest) in batches]
        return float(np.mean(each))

    print(f"held out before: {tested():.4f}", flush=True)
    # Windows to learn from are numbered from 0, those to be kept below it.
    queue: list[list[int]] = []
    recent: dict[str, list[float]] = {"learnt": [], "kept": []}
    for number in range(steps):
        if not queue:
            # Windows of like length stand together, so that little is padded.
            shuffled = rng.permutation(train)
            size = np.array([sum(len(text) for _, _, text in windows[i]) for i in shuffled])
            blocks = [shuffled[b][np.argsort(size[b], kind="stable")] for b in np.array_split(np.arange(len(shuffled)), max(1, len(shuffled) // 256))]
            rows = [block[at : at + args.batch] for block in blocks for at in range(0, len(block) - args.batch + 1, args.batch)]
            others = rng.permutation(len(kept))
            rows += [-1 - others[at : at + args.batch] for at in range(0, len(others) - args.batch + 1, args.batch)]
            queue = [rows[row] for row in rng.permutation(len(rows))]
        chosen = queue.pop(0)
        if chosen[0] >= 0:
            tokens, *rest = examples.batch([windows[i] for i in chosen])
            adapter, state, value = learn(adapter, state, weights, tokens, audio[chosen], *rest)
            recent["learnt"].append(float(value))
        else:
            chosen = -1 - chosen
            tokens, *rest = examples.batch([kept[i] for i in chosen], prompted=False)
            adapter, state, value = keep(adapter, state, weights, tokens, kept_audio[chosen], *rest)
            recent["kept"].append(float(value))
        if (number + 1) % 25 == 0 or number + 1 == steps:
            means = ", ".join(f"{kind} {np.mean(each):.4f}" for kind, each in recent.items() if each)
            print(f"step {number + 1}/{steps}: {means}, {time.time() - began:.0f} s", flush=True)
            recent = {"learnt": [], "kept": []}
        if (number + 1) % 150 == 0 or number + 1 == steps:
            print(f"held out: {tested():.4f}", flush=True)
            save(args.out, adapter, args.strength)


def save(path: Path, adapter: list[dict], strength: float) -> None:
    """Half precision, under whisper.cpp's names: `decoder.blocks.<i>.<matrix>.weight.{down,up}`."""
    tensors = {
        f"decoder.blocks.{i}.{name}.weight.{part}": np.asarray(factor * pair[part], np.float16)
        for i, layer in enumerate(adapter) for name, pair in layer.items() for part, factor in (("down", 1.0), ("up", strength))
    }
    save_file(tensors, path, {"format": "kikitori.adapter/1", "family": "base"})


if __name__ == "__main__":
    main()
