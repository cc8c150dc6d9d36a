# What CI does, target by target; `make` lists them.
.DEFAULT_GOAL := help
BIN := $(CURDIR)/bin
GOLANGCI := v2.15.0

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-12s %s\n", $$1, $$2}'

check: vet lint race tidy build contracts contributing clients faults soak image real-clients parity-check ## all that CI runs

vet: ## go vet, and gofmt must find nothing
	go vet ./...
	cd tools/openapi && go vet ./...
	cd clients/go && go vet ./...
	@test -z "$$(gofmt -l . | tee /dev/stderr)"

lint: $(BIN)/golangci-lint ## the linters of .golangci.yml
	$(BIN)/golangci-lint run ./...

$(BIN)/golangci-lint:
	GOBIN=$(BIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)

test: ## the tests
	go test ./...

race: ## the tests under the race detector, in another order each time
	go test -race -shuffle=on ./...

FUZZ := emulator/FuzzWire emulator/FuzzControl emulator/FuzzRequest emulator/FuzzFixture \
	internal/ruleset/FuzzRules internal/scenario/FuzzScenario internal/service/freezer/FuzzSearch

fuzz: ## each fuzz target for TIME (default 10m)
	@for t in $(FUZZ); do \
		echo "fuzz $$t"; \
		go test ./$$(dirname $$t) -run '^$$' -fuzz "^$$(basename $$t)\$$" -fuzztime $(or $(TIME),10m) -fuzzminimizetime 100x || exit 1; \
	done

soak: ## hold every kind of load for TIME (default 40s), under the race detector and without it; nothing may grow (Linux)
	go run -race ./tools/soak -for $(or $(TIME),40s)
	go run ./tools/soak -for $(or $(TIME),40s)

tidy: ## go mod tidy must change nothing
	go mod tidy -diff
	cd tools/openapi && go mod tidy -diff
	cd clients/go && go mod tidy -diff

build: ## the command for every system it is meant for
	@for t in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64; do \
		echo "build $$t"; GOOS=$${t%/*} GOARCH=$${t#*/} CGO_ENABLED=0 go build -trimpath -o /dev/null ./cmd/standin || exit 1; \
	done

contracts: ## a validator of OpenAPI 3.1 looks at schemas/
	cd tools/openapi && go run . ../../schemas/*.yaml

clients: ## what HTTP clients report of broken connections; those that are absent are skipped, and named
	go run ./tools/clients

faults: ## every failure and every scenario on a running server, by curl
	.ci/faults

contributing: ## the steps of docs/dev/add-an-operation.md work
	.ci/contributing

image: ## the binary alone in an empty root, as the image has it
	.ci/image

parity: ## record anew what the real servers answer (Debian, as root), then hold Standin to it
	go run ./parity/record
	go test ./parity

parity-check: ## record once from the real servers (Debian, as root); nothing may be otherwise than recorded
	parity/check

real-clients: ## freezer, barbicanclient, gophercloud, privx-sdk-go… as they come; those that are absent are installed, else skipped and named
	clients/run

bench: ## ratios against a bare server (Linux), then the benchmarks
	go run ./bench
	go test -run '^$$' -bench . ./...

generate: ## write the generated parts of files anew
	go test ./emulator -run GeneratedComponents -update
	go test ./emulator -run Generated -update

.PHONY: help check vet lint test race fuzz soak tidy build contracts contributing clients faults image real-clients parity parity-check bench generate
