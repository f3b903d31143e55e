# Everything that is done here by hand or by CI. `make` lists it.

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help

MODULES := pkg proto services
MODULE  := github.com/posthaste/posthaste

# Without git or without a commit it stays what the source says.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)

# -trimpath: the same source gives the same binary, wherever it is built.
# -buildvcs=false: the version comes from git describe; stamping fails in a checkout that another user owns.
GOBUILD := go build -trimpath -buildvcs=false
LDFLAGS := $(if $(VERSION),-X $(MODULE)/services/internal/version.Version=$(VERSION))

TESTFLAGS  ?=
BENCHFLAGS ?=
CHAOSFLAGS ?=
FUZZTIME   ?= 30s
IMAGE      ?= posthaste

GOVULNCHECK := v1.1.4

# Built once from the versions pinned in tools/go.mod. The binary is its own stamp.
TOOLS    := $(CURDIR)/bin/tools
GOLANGCI := $(TOOLS)/golangci-lint
BUF      := $(TOOLS)/buf

# These read files of other modules, and Go's test cache only watches the test's own module.
UNCACHED := ./services/internal/lawtest ./services/internal/deploytest ./services/internal/docstest ./services/cmd/posthaste

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Variables: TESTFLAGS, BENCHFLAGS, CHAOSFLAGS, FUZZTIME ($(FUZZTIME)), IMAGE ($(IMAGE)), VERSION ($(or $(VERSION),from the source))"

.PHONY: build
build: ## build bin/posthaste
	$(GOBUILD) -ldflags '$(LDFLAGS)' -o bin/posthaste ./services/cmd/posthaste

.PHONY: run
run: build ## build, then run the whole pipeline in one process
	bin/posthaste dev

# `go test ./...` fails at the root of a workspace; `work` names its modules.
.PHONY: test
test: ## run the tests of all modules
	go test -count=1 $(TESTFLAGS) $(UNCACHED)
	go test $(TESTFLAGS) work

.PHONY: race
race: ## run the tests with the race detector (needs a C compiler)
	@cc=$$(go env CC); command -v $${cc%% *} >/dev/null || { \
		echo "make race: the race detector needs cgo, and the C compiler '$$cc' is not on PATH." >&2; \
		echo "Install it (Debian: apt-get install gcc libc6-dev) or use 'make test'." >&2; exit 1; }
	CGO_ENABLED=1 go test -race -count=1 $(TESTFLAGS) $(UNCACHED)
	CGO_ENABLED=1 go test -race $(TESTFLAGS) work

.PHONY: bench
bench: ## run the benchmark of the pipeline (BENCHFLAGS)
	go run ./services/cmd/bench $(BENCHFLAGS)

# Needs redis-server on the PATH. What it finds is repeated by CHAOSFLAGS='-seed …' with the seed that it prints.
.PHONY: chaos
chaos: ## run 20 drawn schedules of faults and all drills on each topology (CHAOSFLAGS). Takes half an hour
	go run ./services/cmd/chaos -schedules 20 -drills all $(CHAOSFLAGS)

.PHONY: chaos-short
chaos-short: ## run a few fixed schedules of faults; takes under 3 minutes
	go run ./services/cmd/chaos -seed 1 -schedules 2 -seconds 12 -rate 80 -topology single
	go run ./services/cmd/chaos -seed 3 -schedules 1 -seconds 12 -rate 80 -topology cluster

# A checker that finds nothing proves nothing until it has found what was broken on purpose.
.PHONY: chaos-selftest
chaos-selftest: ## break each guarantee on purpose, and fail unless the fault suite finds that
	go run ./services/cmd/chaos -break ack-before-post -seed 1 -schedules 1 -seconds 10 -topology single -only kill:dispatcher,restarts:dispatcher
	go run ./services/cmd/chaos -break no-dedup-key -seed 1 -schedules 1 -seconds 15 -rate 250 -topology single -only 'cut:dispatcher>nats,kill:nats'
	go run ./services/cmd/chaos -break early-retry -seed 1 -schedules 1 -seconds 5 -topology single -only flap:receiver

# go test -fuzz takes one package and one target at a time.
.PHONY: fuzz
fuzz: ## fuzz every Fuzz function for FUZZTIME
	@found=0; \
	while IFS=: read -r file name; do \
		found=1; \
		echo "==> $$name in $$(dirname "$$file") for $(FUZZTIME)"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime '$(FUZZTIME)' "./$$(dirname "$$file")" </dev/null; \
	done < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' $(MODULES) | sed 's/:func /:/' | sort); \
	[ $$found = 1 ] || echo "no Fuzz functions"

.PHONY: fmt
fmt: $(GOLANGCI) $(BUF) ## format Go and protobuf
	$(GOLANGCI) fmt $(MODULES)
	cd proto && $(BUF) format -w

.PHONY: proto
proto: $(BUF) ## regenerate the Go of proto/
	cd proto && $(BUF) generate

# Cheap checks first. `make -k lint` shows all findings, not only the first kind.
.PHONY: lint
lint: lint-proto lint-format lint-tidy lint-vet lint-go ## run every static check

.PHONY: lint-proto
lint-proto: $(BUF) ## buf lint, format and breaking; fail when generated Go is stale
	cd proto && $(BUF) lint && $(BUF) format -d --exit-code
	cd proto && $(BUF) breaking --against released.binpb
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	(cd proto && $(BUF) generate -o "$$tmp"); \
	diff -r -u -x '*.proto' proto/posthaste "$$tmp/posthaste" || { \
		echo "proto: the generated Go is stale. Run 'make proto' and commit the result." >&2; exit 1; }

.PHONY: lint-format
lint-format: $(GOLANGCI) ## gofumpt and import order, as a diff
	@$(GOLANGCI) fmt --diff $(MODULES) || { echo "format: run 'make fmt'." >&2; exit 1; }

# Each module must stand alone: strangers import pkg without our go.work.
.PHONY: lint-tidy
lint-tidy: ## fail when a go.mod or go.sum is not tidy
	@status=0; for module in $(MODULES); do \
		(cd $$module && GOWORK=off go mod tidy -diff) || { \
			echo "$$module: run 'cd $$module && GOWORK=off go mod tidy'." >&2; status=1; }; \
	done; exit $$status

.PHONY: lint-vet
lint-vet: ## go vet, in the workspace and for each module alone
	go vet work
	@for module in $(MODULES); do (cd $$module && GOWORK=off go build -buildvcs=false ./...); done

.PHONY: lint-go
lint-go: $(GOLANGCI) ## golangci-lint on all modules
	$(GOLANGCI) run $(MODULES:%=./%/...)

.PHONY: tools
tools: $(GOLANGCI) $(BUF) ## build the pinned lint tools into bin/tools

$(GOLANGCI): tools/go.mod tools/go.sum
	@echo "building golangci-lint (minutes, once)"
	cd tools && GOWORK=off go build -buildvcs=false -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BUF): tools/go.mod tools/go.sum
	cd tools && GOWORK=off go build -buildvcs=false -o $@ github.com/bufbuild/buf/cmd/buf

.PHONY: licences
licences: ## check and list the licences of all modules in the binary
	go test -count=1 -v -run TestLicences ./services/internal/deploytest

.PHONY: sbom
sbom: build ## write bin/posthaste.sbom.json: every module in the binary, with version and checksum
	go version -m -json bin/posthaste >bin/posthaste.sbom.json
	@echo "bin/posthaste.sbom.json: $$(grep -c '"Path":' bin/posthaste.sbom.json) modules and packages"

# Known holes change without a change of ours, so this is no part of CI. Without the database it says so.
.PHONY: vuln
vuln: ## look for known holes in what we call (needs https://vuln.go.dev)
	@if curl --silent --fail --max-time 10 --output /dev/null https://vuln.go.dev/index/db.json; then \
		go run golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK) $(MODULES:%=./%/...); \
	else echo "make vuln: https://vuln.go.dev cannot be reached; nothing was checked."; fi

# What the image is built of, and the most that its binary may weigh.
IMAGE_ARCHS     := amd64 arm64
IMAGE_MAX_BYTES := 60000000
comma           := ,

# Modules of their own, outside the workspace: their validators are large.
VALIDATORS := deploy/validate/kubernetes deploy/validate/observability deploy/validate/collector

.PHONY: deploy-check
deploy-check: ## check manifests, alerts and dashboards against their schemas, and traces in a collector. The first time it builds the validators, which takes minutes
	@for module in $(VALIDATORS); do (cd $$module && GOWORK=off go test -count=1 ./...) || exit 1; done

# As deploy/Dockerfile builds it; a test holds the two together.
.PHONY: image-check
image-check: ## build the image's binary for each architecture and weigh it
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	for arch in $(IMAGE_ARCHS); do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $(GOBUILD) -ldflags '-s -w $(LDFLAGS)' -o "$$tmp/posthaste" ./services/cmd/posthaste; \
		size=$$(stat -c %s "$$tmp/posthaste"); echo "linux/$$arch: $$size bytes"; \
		[ $$size -lt $(IMAGE_MAX_BYTES) ] || { echo "image-check: linux/$$arch is over $(IMAGE_MAX_BYTES) bytes" >&2; exit 1; }; \
	done

.PHONY: image
image: ## build the container image
	docker build -f deploy/Dockerfile --build-arg VERSION='$(VERSION)' -t '$(IMAGE):latest' .

# To a registry, for that is where an image of several architectures can be.
.PHONY: image-push
image-push: ## build the container image for all architectures and push it to IMAGE
	docker buildx build -f deploy/Dockerfile --build-arg VERSION='$(VERSION)' \
		--platform '$(subst $(eval) ,$(comma),$(IMAGE_ARCHS:%=linux/%))' -t '$(IMAGE):$(or $(VERSION),latest)' --push .

.PHONY: clean
clean: ## remove bin/
	rm -rf bin
