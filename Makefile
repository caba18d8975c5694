# make demo   from nothing to a trained network and its report
# make test   every test
# make bench  the engine beside PyTorch
# make goldens  PyTorch's values for the tests, made anew

.PHONY: demo test build setup bench goldens format clean

APUS = .build/release/apus
DEMO = runs/demo

demo: build
	@scripts/demo

build: setup
	@swift build -c release --product apus

test: setup
	swift build -c release --build-tests
	swift test -c release --skip-build

bench: build
	@Benchmarks/run

format:
	swift format -i -r Sources Tests Package.swift

setup:
	@scripts/setup

clean:
	rm -rf .build runs
