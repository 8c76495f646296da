# docker build -t shop . && docker run --rm -p 127.0.0.1:8000:8000 -v shop:/data shop

FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
RUN python -m venv /opt/shop
COPY requirements.lock requirements-build.lock ./
RUN /opt/shop/bin/pip install --require-hashes --only-binary :all: -r requirements.lock \
 && pip install --require-hashes --only-binary :all: -r requirements-build.lock
COPY . .
RUN python -m hatchling build -t wheel -d /dist \
 && /opt/shop/bin/pip install --no-index --no-deps /dist/*.whl \
 && /opt/shop/bin/python -m pip uninstall -y pip

FROM python:3.13-slim-trixie
# Every file that is written goes to /data or /tmp: the rest can be mounted read-only.
ENV PATH=/opt/shop/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=sqlite+aiosqlite:////data/shop.db
RUN install -d -o 10001 -g 10001 /data
COPY --from=build /opt/shop /opt/shop
WORKDIR /data
VOLUME /data
# A number, so that Kubernetes' runAsNonRoot can tell.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=2)"]
CMD ["shop", "run"]
