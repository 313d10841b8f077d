# The README's two commands: `make demo` and `make test`. Nothing but Python 3.11, pip and make
# is needed; everything goes into .venv.

PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready

BLENDERS := 4.2/4.2.23 4.5/4.5.15 5.0/5.0.1

.PHONY: demo test test-quick drill fuzz train bench figures lint lint-workflows types check format docs site plugin blender-zip nuke-zip blender-environments hint-environments release wheel clean

demo: $(READY) ## key the shipped shot and compare it with its truth
	$(BIN)/mattebox demo -o out/demo

test: $(READY) ## all tests; PYTEST_ARGS reaches pytest
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-quick: $(READY) ## while working: all but the slow tests, in two processes, below three minutes
	$(BIN)/python -m pytest -m "not slow" -n 2 $(PYTEST_ARGS)

drill: $(READY) ## 500 kills, full disks, cut files, second writers and replaced plates; then all frames must be whole
	$(BIN)/python tests/drill/drill.py $(DRILL_ARGS)

fuzz: $(READY) ## 2,000 frames, headers, configs and weights with bytes changed; FUZZ_ARGS="--seed 7 --keep out/fuzz"
	$(BIN)/python tests/drill/fuzz.py $(FUZZ_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-workflows: $(READY) ## hosted CI, issue forms and CITATION.cff, against the published schemas; needs no network
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[0-9]*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.citation-file-format CITATION.cff

types: $(READY)
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

check: lint lint-workflows types test

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

train: $(READY) ## the unmixing network's weights from nothing; stops after --minutes, resumes
	PYTHONPATH=. $(BIN)/python -m training.train $(TRAIN_ARGS)

bench: $(READY) ## what judges Mattebox itself; BENCH_ARGS reaches it, such as "variants -o drawn/ --only held_out"
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

FIGURES := out/figures
VARIANTS := --only swapped,h264_20,h264_5,graded,phone,handheld --methods screen,hint
RENDERS = $(if $(SHOTS),$(SHOTS)/hair $(SHOTS)/smoke_glass,$(error SHOTS is not set: name the folder of the rendered shots))

figures: $(READY) ## the tables of docs/quality.md again: SHOTS=folder of the rendered shots, REAL=folder of real crops (or none)
	mkdir -p $(FIGURES)
	$(BIN)/mattebox bench quality $(RENDERS) --markdown $(FIGURES)/methods.md --pictures $(FIGURES)/worst
	$(BIN)/python -m benchmarks variants -o $(FIGURES)/shots --only held_out --markdown $(FIGURES)/held_out.md
	$(BIN)/python -m benchmarks variants $(RENDERS) folds fur -o $(FIGURES)/shots $(VARIANTS) --markdown $(FIGURES)/variants.md
	$(if $(REAL),$(BIN)/python -m benchmarks real $(REAL) -o $(FIGURES)/looks --markdown $(FIGURES)/real.md)

docs: $(READY) ## write the generated documents again
	$(BIN)/python docs/generate.py

site: $(READY) ## the documentation site, in out/site; a link that leads nowhere is an error; needs no network
	$(BIN)/python -m sphinx -q -E -a -n -W --keep-going -b html -c docs -d out/doctrees . out/site

plugin: $(READY) ## write again what the hosts' plugin takes from the core: version, settings, inputs
	$(BIN)/python plugin/make_version.py
	$(BIN)/python plugin/make_parameters.py
	$(BIN)/python plugin/make_gizmo.py

blender-zip: $(READY) ## the add-on that Blender installs, in dist/
	$(BIN)/python plugin/make_zip.py blender

nuke-zip: $(READY) ## the folder that NUKE_PATH names, in dist/
	$(BIN)/python plugin/make_zip.py nuke

blender-environments: ## real Blenders for tests/hosts, 1 GB each, in .bpy
	@set -e; for one in $(BLENDERS); do echo "bpy $${one#*/}"; \
	  $(PYTHON) -m venv .bpy/$${one%/*}; \
	  .bpy/$${one%/*}/bin/python -m pip install --quiet --disable-pip-version-check bpy==$${one#*/}; done

hint-environments: ## rembg and SAM 2 (CPU torch, 1 GB) for tests/end_to_end/test_hint_tools.py, in .hints
	$(PYTHON) -m venv .hints/rembg
	.hints/rembg/bin/python -m pip install --quiet --disable-pip-version-check "rembg[cpu,cli]==2.0.86"
	$(PYTHON) -m venv .hints/sam2
	.hints/sam2/bin/python -m pip install --quiet --disable-pip-version-check torch torchvision transformers==5.24.0 pillow

release: $(READY) ## wheel, source archive, hosts' zips, SBOM, licences and checksums of this commit, in dist/
	$(BIN)/python -m release

wheel: $(READY)
	$(BIN)/python -m build --no-isolation --outdir dist

clean:
	rm -rf $(VENV) .bpy .hints out dist build

$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip==25.3
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group dev
	touch $@
