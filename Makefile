# Odradek. `make run` starts a broker, `make test` runs all tests; `make help` lists the rest.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NODE := $(CURDIR)/node_modules/.bin/node
STAMPS := .build
SOURCES := $(shell find src -name '*.ts' 2>/dev/null)
NATIVE_SOURCES := $(shell find native -path native/target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print 2>/dev/null)

.PHONY: help run build test check sim fuzz interop golden format clean

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

$(STAMPS)/install: package.json package-lock.json
	@mkdir -p $(STAMPS)
	@echo 'odradek: installing packages'
	@npm install --no-save --no-fund --no-audit --loglevel=error
	@touch $@

# The addon needs cargo; without it the broker works on the codec packages and says so.
$(STAMPS)/native: $(STAMPS)/install $(NATIVE_SOURCES)
	@if command -v cargo >/dev/null; then echo 'odradek: building the addon'; \
		native/build.sh || echo 'odradek: the addon could not be built, so the broker will use the slower codec packages'; \
	else echo 'odradek: cargo is not installed, so the broker will use the slower codec packages instead of its addon'; fi
	@touch $@

$(STAMPS)/bundle: $(STAMPS)/install $(SOURCES) src/build.ts
	@echo 'odradek: building the distributable'
	@$(NODE) src/build.ts
	@touch $@

build: $(STAMPS)/native $(STAMPS)/bundle ## installs, builds the addon and the distributable

run: build ## starts a broker on 127.0.0.1:9092 with its data in ./data
	@exec $(NODE) dist/odradek.js start --override log.dirs=$(CURDIR)/data

test: build ## runs all tests
	@exec $(NODE) --test --test-concurrency=2 --test-timeout=600000 'test/{unit,contract,golden,tidy,simulator,api,sweep,broker,faults,hostile,fuzz}/**/*.test.ts'

check: $(STAMPS)/install ## format, types, lint, tidy, unused code, unit tests; under half a minute
	@biome format src test bench package.json tsconfig.json
	@tsc
	@oxlint --quiet src test bench
	@knip
	@exec $(NODE) --test --test-reporter=dot 'test/{unit,tidy}/**/*.test.ts'

sim: $(STAMPS)/install ## a whole broker simulated: SEED=7 tells one run, without it fresh seeds for LIMIT=20 seconds
	@exec $(NODE) test/simulator/run.ts

fuzz: $(STAMPS)/native ## fuzzes readers of bytes: TARGET=name (all in turn where not given) SECONDS=60 SEED=number
	@TARGET=$(TARGET) SECONDS=$(or $(SECONDS),60) SEED=$(SEED) exec $(NODE) --max-old-space-size=512 test/fuzz/run.ts

interop: build ## real clients and Kafka's own tools against the broker (Java, Python, kcat where present)
	@exec test/interop/run.sh

golden: ## writes the golden vectors again from Kafka's own classes (Maven)
	@exec test/golden/java/run.sh

format: $(STAMPS)/install ## formats the sources
	@biome format --write src test bench package.json tsconfig.json

clean: ## removes what was built
	@rm -rf dist $(STAMPS) native/target native/*.node
