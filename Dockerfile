# syntax=docker/dockerfile:1
# One image, three jobs: web, worker, beat (see compose.yaml). Runs as an ordinary user; writes nothing but /tmp.

FROM node:24-bookworm-slim AS pages
WORKDIR /build/static
COPY static/package.json static/package-lock.json static/.npmrc ./
RUN npm ci
# Tailwind reads the templates for the class names they use.
COPY templates /build/templates
COPY apps /build/apps
COPY static ./
RUN npm run build

FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements/tools.txt requirements/production.txt ./
RUN pip install --no-cache-dir --require-hashes -r tools.txt \
 && python -m venv --without-pip /opt/venv \
 && uv pip sync --no-cache --compile-bytecode --python /opt/venv/bin/python --require-hashes production.txt

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin agentflow
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings.production \
    AGENTFLOW_VAR=/app/var
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY manage.py ./
COPY config config
COPY templates templates
COPY apps apps
COPY --from=pages /build/static/dist static/dist
# The values are of no installation: they only let the settings load.
RUN python -m compileall -q apps config \
 && DATABASE_URL=postgresql://nobody@/nothing REDIS_URL=redis://nowhere \
    SECRET_KEY=of-no-installation-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH \
    CREDENTIAL_KEYS=b2Ytbm8taW5zdGFsbGF0aW9uLTAxMjM0NTY3ODktYWI= \
    ALLOWED_HOSTS=agentflow.example BASE_URL=https://agentflow.example \
    python manage.py collectstatic --no-input --verbosity 0
# A volume that is mounted here takes its owner from the image.
RUN mkdir -p /app/var/objects && chown agentflow /app/var/objects
ARG REVISION=""
ENV AGENTFLOW_REVISION=$REVISION
USER agentflow
EXPOSE 8000
STOPSIGNAL SIGTERM
# 503 says that a worker or the broker is missing: no reason to call the web server sick.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", \
  "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000, timeout=4); c.request('GET', '/api/v1/public/health'); raise SystemExit(c.getresponse().status not in (200, 503))"]
CMD ["daphne", "-b", "0.0.0.0", "-p", "8000", "config.asgi:application"]
