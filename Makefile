# The front door. `make` alone explains itself.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export CGO_ENABLED ?= 0

# Where `make run` listens and keeps its data; DEMO=0 starts with an empty page.
ADDR ?= 127.0.0.1:8080
DATA ?= data
DEMO ?= 1

SITE := site/dist/.vite/manifest.json
SITE_SOURCES := $(wildcard site/src/* site/src/*/* site/*.ts site/*.json site/public/*)
GO_SOURCES := $(shell find . -name '*.go' -not -path './site/*' -not -path './.tools/*' -not -path './node_modules/*') go.mod go.sum serverless.yml docs/webhooks.md $(wildcard resources/*) \
	$(shell find internal -type f -not -name '*.go' -not -path '*/testdata/*')
LINT := .tools/golangci-lint

# What is deployed: one zip a function. LAMBDA_ARCH is arm64 or x86_64.
export LAMBDA_ARCH ?= arm64
STAGE ?= prod
BUILT := dist/$(LAMBDA_ARCH)
FUNCTIONS := $(patsubst functions/%/main.go,%,$(wildcard functions/*/main.go))
DEPLOY := node_modules/.bin/osls

.PHONY: help
help: ## Show this help
	@echo 'allclear: a status page that cannot go down'; echo
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo; echo '  Settings of run: ADDR=$(ADDR) DATA=$(DATA) DEMO=$(DEMO)'

.PHONY: run
run: build ## Serve a page with demo data on http://127.0.0.1:8080
	bin/allclear serve --addr $(ADDR) --data $(DATA) $(if $(filter 1,$(DEMO)),--demo)

.PHONY: build
build: bin/allclear ## Build the program as bin/allclear
bin/allclear: $(SITE) $(GO_SOURCES)
	go build -trimpath -o $@ ./cmd/allclear

.PHONY: site
site: $(SITE) ## Build the public site into site/dist
$(SITE): site/node_modules/.package-lock.json $(SITE_SOURCES)
	cd site && npm run --silent build && touch dist/.vite/manifest.json
site/node_modules/.package-lock.json: site/package-lock.json
	cd site && npm ci --no-audit --no-fund --loglevel=error

.PHONY: test
test: $(SITE) $(DEPLOY) ## Run all tests, also in a real browser
	scripts/browser.sh
	go test ./...
	cd site && npm test --silent

.PHONY: check
check: code-lint package template-lint zip-sizes ## Lint code and template, check types, formats, modules and sizes

.PHONY: code-lint
code-lint: $(SITE) $(LINT) ## The part of check that is about code alone
	$(LINT) run ./... && $(LINT) fmt --diff ./...
	go vet ./... && go mod verify && go mod tidy -diff
	cd site && npm run --silent check
$(LINT): tools/go.mod tools/go.sum
	cd tools && go build -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

.PHONY: e2e
HOST_ARCH := $(patsubst aarch64,arm64,$(shell uname -m))
e2e: $(DEPLOY) ## Deploy the real template into an emulator and use it; the AWS adapters' suites
	$(MAKE) --no-print-directory dist LAMBDA_ARCH=$(HOST_ARCH)
	LAMBDA_ARCH=$(HOST_ARCH) scripts/emulator.sh go test -count=1 -v -run '^TestInTheCloud$$' ./acceptance
	scripts/emulator.sh go test -count=1 $(EMULATED)
# Packages with suites that run against the emulator where there is one.
EMULATED := ./internal/dynamo ./internal/bucket/s3 \
	./internal/queue/sqs ./internal/topic/sns ./internal/mailer/ses ./internal/secret/ssm ./internal/cloud ./internal/cost

.PHONY: dist
dist: $(FUNCTIONS:%=$(BUILT)/%.zip) $(BUILT)/release.json ## Build the functions for Lambda into dist/
$(BUILT)/%.zip: $(SITE) $(GO_SOURCES)
	GOOS=linux GOARCH=$(LAMBDA_ARCH:x86_64=amd64) go build -trimpath -buildvcs=false -tags lambda.norpc -ldflags '-s -w' -o $(BUILT)/$*/bootstrap ./functions/$*
	go run ./cmd/lambdazip $@ $(BUILT)/$*/bootstrap
# The publisher's code with the site that it names: what is published depends on nothing else.
$(BUILT)/release.json: $(BUILT)/publish.zip
	printf '{"release": "%s"}\n' "$$(git hash-object $(BUILT)/publish/bootstrap | cut -c1-16)" >$@

.PHONY: package
package: dist $(DEPLOY) ## Make the CloudFormation template of STAGE, offline, in .serverless/
	$(DEPLOY) package --stage $(STAGE)

.PHONY: zip-sizes
zip-sizes: dist ## Show how large the functions' zips are, and hold them to their limits
	scripts/zip-sizes.sh $(BUILT)

.PHONY: template-lint
template-lint: dist $(DEPLOY) ## Test and lint the template, offline but for the first time (Python 3.11)
	go test ./internal/templatetest
	scripts/template-lint.sh

.PHONY: deploy
deploy: dist $(DEPLOY) ## Deploy to AWS: make deploy STAGE=prod PARAMS='--param=page-name=Example'
	$(DEPLOY) deploy --verbose --stage $(STAGE) $(PARAMS)
$(DEPLOY): package-lock.json
	npm ci --no-audit --no-fund --loglevel=error && touch $@

.PHONY: key
key: bin/allclear ## Make an API key for a deployment: make key NAME=ci STAGE=prod
	@bin/allclear key create --stage $(STAGE) $(NAME)

.PHONY: cost
cost: ## Estimate a month's bill: make cost VIEWS=1000000 SUBSCRIBERS=5000 INCIDENTS=4
	@go run ./cmd/allclear cost $(if $(VIEWS),--views=$(VIEWS)) $(if $(SUBSCRIBERS),--subscribers=$(SUBSCRIBERS)) $(if $(INCIDENTS),--incidents=$(INCIDENTS))

.PHONY: bench
bench: $(SITE) ## Measure the figures that the README reports
	go run ./cmd/bench

.PHONY: replay
replay: $(SITE) ## Show what a sample event does: make replay E=dynamodb/incident-created
	@go run ./cmd/allclear replay $(or $(E:%=events/%.json),$(wildcard events/*/*.json))

.PHONY: clean
clean: ## Remove what was built, not the data
	rm -rf bin dist .serverless .tools .venv-lint node_modules site/node_modules site/dist/assets site/dist/.vite
