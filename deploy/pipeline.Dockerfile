# Dagster's webserver, daemon and code server as one image; the command chooses. From the root of the
# repository:
#   docker build --file deploy/pipeline.Dockerfile --tag oott-pipeline .

FROM python:3.11-slim AS packages
COPY requirements/base.txt /
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement /base.txt

FROM python:3.11-slim
COPY --from=packages /venv /venv
COPY oott_fashion /app/oott_fashion
COPY oott_assets /app/oott_assets
COPY models/starter-detector /app/models/starter-detector
COPY dagster.yaml /app/dagster.yaml
COPY workspace.yaml /app/workspace.yaml
RUN /venv/bin/python -m compileall -q /app \
    && install --directory --owner 10001 --group 10001 /data

ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin
ENV PYTHONUNBUFFERED=1
# The processes write only to /data and /tmp, so the rest can be read-only.
ENV OOTT_HOME=/data
ENV HOME=/tmp
ENV DAGSTER_HOME=/app
# Dagster's commands do not look for modules in the working directory.
ENV PYTHONPATH=/app
ENV DAGSTER_DISABLE_TELEMETRY=yes
ENV NM_DISABLE_ANALYTICS=1

WORKDIR /app
USER 10001:10001
VOLUME /data
EXPOSE 3000 4000
STOPSIGNAL SIGTERM
CMD ["dagster", "code-server", "start", "--module-name", "oott_assets.definitions", "--host", "0.0.0.0", "--port", "4000"]
