# One image for both processes:  serve (the default)  and  `portal worker`.
FROM python:3.11-slim-bookworm AS packages
WORKDIR /build
COPY requirements.lock .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock

FROM python:3.11-slim-bookworm
ENV PATH=/app/bin:/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1
WORKDIR /app
RUN useradd --system --create-home --uid 10001 portal \
 && mkdir -p /app/bin /app/var \
 && printf '#!/bin/sh\nexec python -m portal "$@"\n' > /app/bin/portal \
 && chmod 755 /app/bin/portal \
 && chown portal /app/var
COPY --from=packages /venv /venv
COPY wsgi.py gunicorn.conf.py ./
COPY migrations migrations
COPY portal portal
# Once here, and not at each start: the code, and the pages in each language.
RUN python -m compileall -q . \
 && portal compile
USER portal
# The embedded database lies here; with DATABASE_URL naming a PostgreSQL the volume stays empty.
VOLUME /app/var
EXPOSE 8000
# A worker answers nobody: /metrics and the system page tell whether it lives.
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request as r; b'gunicorn' not in open('/proc/1/cmdline', 'rb').read() or r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["gunicorn", "wsgi:app"]
