# make demo   from nothing to a trained network and its report
# make test   every test
# make gallery  every system trained on its default data, and the table of what they reach
# make bench  the engine beside PyTorch, JAX and ONNX Runtime
# make conformance  ONNX's cases for each operator
# make parity  random cases of operations and layers, with PyTorch's results
# make export  our models in ONNX Runtime
# make models  other tools' models here, beside ONNX Runtime

.PHONY: demo test build setup gallery bench conformance parity export models format clean

demo: build
	@DEMO_FLAGS="$(DEMO_FLAGS)" scripts/demo

gallery: build
	@.build/release/apus gallery

build: setup
	@swift build -c release --product apus

test: setup
	swift build -c release --build-tests
	# Tests run side by side: threads that wait must not hold a processor.
	OMP_WAIT_POLICY=passive swift test -c release --skip-build

bench: build
	@Benchmarks/run

conformance: build
	@.build/release/apus conformance

parity: setup
	@scripts/parity

export: setup
	@scripts/check-export

models: setup
	@scripts/check-models

format:
	swift format -i -r Sources Tests Package.swift

setup:
	@scripts/setup

clean:
	rm -rf .build runs
