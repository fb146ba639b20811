"""An engine of kikitori in a process of its own, `kikitori engine-worker`, with the model loaded once.

Not run by itself; latency.py and memory.py import it. The messages are those of crates/asr/src/isolated/wire.rs.
"""

import json
import os
import re
import struct
import subprocess
import sys
import time
import wave

GREETING = b"kkengine" + struct.pack("<I", 2)
RATE = 16_000
# Samples of an encoder position, and how the tier `fast` fits the context to a window (crates/pipeline/src/tier.rs).
POSITION = 320
MARGIN, STEP, FEWEST = RATE, 64, 512


def bits(number):
    """A float as the messages have it."""
    return struct.unpack("<I", struct.pack("<f", number))[0]


def samples(path):
    """The samples of a WAV file of 16 kHz, one channel and 16 bits, as bytes of 32-bit floats."""
    import numpy

    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (RATE, 1, 2):
            sys.exit(f"not a WAV file of 16 kHz, one channel and 16 bits: {path}")
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype("<f4") / 32768


def fitted(window):
    """Encoder positions for a window, as the tier `fast` takes them."""
    positions = -(-(len(window) + MARGIN) // POSITION)
    return min(max(-(-positions // STEP) * STEP, FEWEST), 1500)


class Worker:
    """A process with an engine; ends with the `with` statement."""

    def __init__(self, program, engine, model, threads, kernels=None):
        self.threads, self.number = threads, 1
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen([program, "engine-worker"], **pipes)
        self.process.stdin.write(GREETING)
        config = {"model_path": {"Unix": list(os.fsencode(model))}, "model_name": "", "model_sha256": ""}
        config |= {"gpu": None, "flash_attn": False, "align_tokens": True, "kernels": kernels}
        self.send({"Open": {"id": 1, "engine": engine, "config": config}})
        if self.process.stdout.read(len(GREETING)) != GREETING:
            sys.exit(f"{engine}: the program speaks another protocol")
        answer = self.answer()
        if "Ready" not in answer:
            sys.exit(f"{engine}: {answer['Failed']['message']}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def send(self, message, window=b"", count=0):
        text = json.dumps(message).encode()
        self.process.stdin.write(struct.pack("<II", len(text), count) + text + window)
        self.process.stdin.flush()

    def answer(self):
        while True:
            head = self.process.stdout.read(8)
            if len(head) < 8:
                sys.exit("the engine's process has ended")
            what = json.loads(self.process.stdout.read(struct.unpack("<II", head)[0]))["what"]
            if what != "Progress":
                return what if isinstance(what, dict) else {what: None}

    def decode(self, windows, fit):
        """Decodes windows together, greedily, in Japanese; the seconds that it took, and the texts in order."""
        self.number += 1
        start = time.monotonic()
        for index, window in enumerate(windows):
            options = {
                "language": "ja",
                "threads": self.threads,
                "search": {"Greedy": {"best_of": 1}},
                "temperatures": [bits(0.0)],
                "thresholds": {"avg_logprob": bits(-1.0), "entropy": bits(2.4)},
                "prompt": None,
                "bias": None,
                "audio_ctx": fitted(window) if fit else None,
                "timestamps": True,
                "max_tokens": None,
                "suppress_non_speech": True,
            }
            cut = {"index": index, "file": 0, "pieces": [[0, 0, len(window)]]}
            add = {"id": self.number, "window": cut, "options": options, "bias": None}
            self.send({"Add": add}, window.tobytes(), len(window))
        self.send({"Decode": {"id": self.number}})
        texts = [None] * len(windows)
        while "Done" not in (answer := self.answer()):
            heard = answer["Heard"]["heard"]
            if "Err" in heard:
                sys.exit(heard["Err"]["message"])
            segments = heard["Ok"]["segments"]
            texts[answer["Heard"]["place"]] = "".join(token[0] for s in segments for token in s["tokens"])
        return time.monotonic() - start, texts

    def peak_mb(self):
        """The most memory that the process has had, in 10^6 bytes; Linux tells it."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * 1024 / 1e6
