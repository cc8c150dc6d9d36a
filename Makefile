# CI runs these targets. `make` without a target lists them.
.DEFAULT_GOAL := help
BIN := $(CURDIR)/bin
GOLANGCI := v2.15.0

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

check: vet lint race tidy build prose contracts contributing clients faults soak image page console python node release-check real-clients replicas parity-check ## run every check that CI runs

vet: ## run go vet, and fail if a file is not formatted by gofmt
	go vet ./...
	cd tools/openapi && go vet ./...
	cd tools/release && go vet ./...
	cd clients/go && go vet ./...
	@test -z "$$(gofmt -l . | tee /dev/stderr)"

lint: $(BIN)/golangci-lint ## run the linters of .golangci.yml
	$(BIN)/golangci-lint run ./...

$(BIN)/golangci-lint:
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

test: ## run the tests
	go test ./...

race: ## run the tests in random order under the race detector
	go test -race -shuffle=on ./...

FUZZ := emulator/FuzzWire emulator/FuzzControl emulator/FuzzRequest emulator/FuzzFixture \
	internal/ruleset/FuzzRules internal/scenario/FuzzScenario internal/service/freezer/FuzzSearch \
	internal/file/FuzzSplit internal/file/FuzzDirect internal/recorder/FuzzPairs

fuzz: ## run each fuzz target for TIME (default 10m)
	@for t in $(FUZZ); do \
		echo "fuzz $$t"; \
		go test ./$$(dirname $$t) -run '^$$' -fuzz "^$$(basename $$t)\$$" -fuzztime $(or $(TIME),10m) -fuzzminimizetime 100x || exit 1; \
	done

soak: ## run all kinds of load for TIME (default 40s), with and without the race detector; fail if anything grows (Linux)
	go run -race ./tools/soak -for $(or $(TIME),40s)
	go run ./tools/soak -for $(or $(TIME),40s)

tidy: ## fail if go mod tidy would change a file
	go mod tidy -diff
	cd tools/openapi && go mod tidy -diff
	cd tools/release && go mod tidy -diff
	cd clients/go && go mod tidy -diff

build: ## build the command for every supported system
	@for t in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
		echo "build $$t"; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build -trimpath -o /dev/null ./cmd/standin || exit 1; \
	done

prose: ## no document is longer, and no sentence or line, than a reader should meet
	go run ./tools/prose -check

contracts: ## validate schemas/*.yaml as OpenAPI 3.1
	cd tools/openapi && go run . ../../schemas/*.yaml

clients: ## check what HTTP clients report on broken connections; missing clients are skipped and named
	go run ./tools/clients

faults: ## request every failure and run every scenario on a running server, with curl
	.ci/faults

contributing: ## check that the steps of docs/dev/add-an-operation.md work
	.ci/contributing

image: ## run the static binary in an empty root, as in the image
	.ci/image

page: ## the HTML report in a browser; without Chromium it is skipped, and says so
	.ci/page

python: ## sdk/python: its tests, its examples with real clients, mypy; what is missing is skipped, and named
	.ci/python

node: ## sdk/node: its tests, its types, its package; without Node it is skipped, and says so
	.ci/node

console: ## the console in a browser; without Chromium, Node or npm it is skipped, and says so
	.ci/console

parity: ## record the answers of the real servers again (Debian, as root), then compare Standin with them
	go run ./parity/record
	go test ./parity

parity-check: ## record the real servers (Debian, as root), and fail if an answer differs from its recording
	parity/check

real-clients: ## run freezer, barbicanclient, gophercloud, privx-sdk-go… unmodified; missing ones are installed, or skipped and named
	clients/run

replicas: ## real clients against four replicas behind nginx, one of which is killed; without nginx it is skipped, and says so
	.ci/replicas

bench-smoke: ## fail where the emulator takes more than twice its budget (Linux)
	go run ./bench -smoke

bench: ## print the ratios to a bare server (Linux), then run the benchmarks
	go run ./bench
	go test -run '^$$' -bench . ./...

release: ## build all artifacts of the version in the tag into dist/: archives, image, wheel, npm package, SBOM, checksums
	tools/release/run dist

release-check: ## build a release twice, compare them, and start or install each artifact
	.ci/release

module: ## give the module the path NAME, such as example.com/you/standin, so that others can go get it
	go run ./tools/module $(NAME)

generate: ## write the generated parts of files
	go test ./emulator -run GeneratedComponents -update
	go test ./emulator -run Generated -update
	go test ./cmd/standin -run Generated -update
	go test ./clients/planted -run Generated -update

.PHONY: help check vet lint test race fuzz soak tidy build prose contracts contributing clients faults image page console python node real-clients replicas parity parity-check bench bench-smoke release release-check module generate
