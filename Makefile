# demo and test install what they need into .venv. The machine needs Python 3.11, make and git.
.PHONY: demo trends ui serve backfill status train test check format lock clean

BIN := .venv/bin
export DAGSTER_HOME ?= $(CURDIR)
export DAGSTER_DISABLE_TELEMETRY := yes
export BENTOML_DO_NOT_TRACK := True
export NM_DISABLE_ANALYTICS := 1
# Behind a company's proxy only the system's certificates are trusted.
export UV_SYSTEM_CERTS := true
# Memory in pages of 2 MB instead of 4 kB, where the kernel has them: photos are read in 3 % less time.
export GLIBC_TUNABLES ?= glibc.malloc.hugetlb=1
# Keep compiled Python files: hundreds of starts would otherwise take five seconds instead of one.
export PYTHONDONTWRITEBYTECODE :=

# Counts what people wear in drawn photos, or in yours: PHOTOS=FOLDER, DESTINATION=, MONTH=.
demo: .venv/base
	@$(BIN)/python demo.py $(if $(PHOTOS),--photos "$(PHOTOS)") \
		$(if $(DESTINATION),--destination "$(DESTINATION)") $(if $(MONTH),--month "$(MONTH)")

# Writes the trend page of the latest month, prints its path, and opens it in a browser.
trends: .venv/base
	@$(BIN)/python -m oott_assets.trends.latest_report

# The Dagster UI on http://localhost:3000: assets, runs, schedules, pictures.
ui: .venv/base
	$(BIN)/python -m oott_assets.dagster_records
	$(BIN)/python -m dagster dev -w workspace.yaml

# The closet service on http://localhost:5543.
serve: .venv/base
	@$(BIN)/bentoml serve oott_serving.service:ClosetService

# Counts stored photos that the current detector has not counted: FROM=2026-01 TO=2026-06
# DESTINATION=hongdae,gangnam. With COLLECT=1, it collects photos first. With ALL=1, it counts all.
backfill: .venv/base
	@$(BIN)/python -m oott_assets.backfill $(if $(FROM),--from "$(FROM)") $(if $(TO),--to "$(TO)") \
		$(if $(DESTINATION),--destination "$(DESTINATION)") $(if $(COLLECT),--collect) \
		$(if $(ALL),--all)

# Says whether everything works; with a problem, the exit code is 1.
status: .venv/base
	@$(BIN)/python -m oott_assets.status

# Trains from labels to a published detector: OOTT_MAIN_DATA=FOLDER, OOTT_SUB_PHOTOS=FOLDER. With
# ROUNDS=3, it labels again with the new detector, and trains up to three times.
train: .venv/train
	$(BIN)/python -m oott_assets.dagster_records
	$(BIN)/python -m $(if $(ROUNDS),oott_assets.training_rounds --max $(ROUNDS),dagster job execute \
		-m oott_assets.definitions -j training_job)

# Three workers for two cores, because tests often wait for browsers and servers.
test: .venv/test
	tests/install-packages.sh
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

# Format, lint, strict types, import contracts, names of modules.
check: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/test_names.py tests/test_words.py

format: .venv/test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Updates the lock files. A locked version stays unless a package needs another (--upgrade moves all).
LOCK := uv pip compile --quiet --no-header --generate-hashes --python-version 3.11 pyproject.toml
lock: .venv/test
	$(BIN)/$(LOCK) --extra deepsparse --extra pipeline -o requirements/base.txt
	$(BIN)/$(LOCK) --extra deepsparse -c requirements/base.txt -o requirements/service.txt
	$(BIN)/$(LOCK) --extra openvino -c requirements/base.txt -o requirements/service-openvino.txt
	$(BIN)/$(LOCK) --extra deepsparse --extra pipeline --extra distributed \
		-c requirements/base.txt -o requirements/distributed.txt
	$(BIN)/$(LOCK) --extra deepsparse --extra pipeline --extra train --extra label \
		-c requirements/base.txt -o requirements/train.txt
	$(BIN)/$(LOCK) --extra deepsparse --extra openvino --extra pipeline --extra distributed \
		--extra train --extra label --group dev -c requirements/distributed.txt \
		-c requirements/train.txt -o requirements/test.txt

clean:
	rm -rf .venv .oott

.venv/base: requirements/base.txt requirements/make-venv.sh
	requirements/make-venv.sh
	$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements/base.txt
	touch $@

.venv/train: .venv/base requirements/train.txt
	$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements/train.txt
	touch $@

.venv/test: .venv/base requirements/test.txt
	$(BIN)/uv pip install --quiet --python .venv --require-hashes -r requirements/test.txt
	touch $@
