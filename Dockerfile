# The page's server in a small image, and a node of a Ray cluster (target `ray`): docker-compose.yml
FROM debian:bookworm-slim AS base
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# The packages change seldom: layers of their own, before the sources.
COPY requirements.lock requirements-node.lock ./
RUN python3 -m venv /opt/websim \
 && /opt/websim/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
# npm is for the build alone, so it stays out of what is copied below.
RUN python3 -m venv /opt/node \
 && /opt/node/bin/pip install --no-cache-dir --require-hashes -r requirements-node.lock
COPY . .
RUN PATH=/opt/node/bin:$PATH \
  /opt/websim/bin/pip install --no-cache-dir --no-deps --no-build-isolation --verbose . \
 && /opt/websim/bin/pip uninstall --yes ziglang

FROM build AS build-ray
RUN /opt/websim/bin/pip install --no-cache-dir --require-hashes -r requirements-ray.lock

FROM base AS ray
COPY --from=build-ray /opt/websim /opt/websim
RUN useradd --system --create-home --shell /usr/sbin/nologin websim \
 && install --directory --owner websim /runs
USER websim
ENV PATH=/opt/websim/bin:$PATH
WORKDIR /runs
VOLUME /runs
EXPOSE 6379
CMD ["ray", "start", "--head", "--port=6379", "--include-dashboard=false", "--disable-usage-stats", "--block"]

FROM base AS server
COPY --from=build /opt/websim /opt/websim
RUN useradd --system --no-create-home --shell /usr/sbin/nologin websim \
 && install --directory --owner websim /data
USER websim
ENV PATH=/opt/websim/bin:$PATH WEBSIM_STORE_FOLDER=/data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD \
  ["python3", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["websim", "serve", "--host", "0.0.0.0", "--port", "8000"]
