# The bot alone: no compiler, no package installer, no root.

# `make digests` writes the digest behind the tag.
ARG PYTHON=python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b

FROM ${PYTHON} AS install
# For traces: --build-arg LOCK=requirements-traces.lock
ARG LOCK=requirements.lock
COPY requirements.lock /
COPY requirements-traces.lock /
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --requirement "/$LOCK"

FROM ${PYTHON}
RUN pip uninstall --yes pip \
    && groupadd --system --gid 10001 grok \
    && useradd --system --uid 10001 --gid 10001 --home-dir /data --shell /usr/sbin/nologin grok \
    && install --directory --owner grok --group grok --mode 0700 /data
COPY --from=install /venv /venv
WORKDIR /app
COPY manifest.yml ./
COPY bot ./bot
# Whoever runs it may write no bytecode here, and without it each start takes a half longer.
RUN /venv/bin/python -m compileall -q bot

ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    OPS_HOST=0.0.0.0
VOLUME /data
EXPOSE 3000 9464
# By number, so that whoever runs it can see that it is not root.
USER 10001:10001

# Liveness, not readiness: restarting the bot does not bring Redis or Slack back.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('OPS_PORT', '9464') + '/livez', timeout=4)"]

CMD ["python", "-m", "bot", "serve"]
