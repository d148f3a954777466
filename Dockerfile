# syntax=docker/dockerfile:1
# An image for each service and one for the indexer: docker build --target gateway|embedder|search|indexer .
# docs/deploy.md tells the arguments.
ARG PYTHON_VERSION=3.11

FROM python:${PYTHON_VERSION}-slim AS build
ARG UV_VERSION=0.13.9
# Certificates are the system's, so that a base image with a private authority works.
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_SYSTEM_CERTS=1 UV_NO_PROGRESS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
RUN --mount=type=cache,target=/root/.cache/pip pip install "uv==${UV_VERSION}"
WORKDIR /build
COPY pyproject.toml constraints.txt ./

FROM build AS stubs
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/protoc && \
    uv pip install --python /opt/protoc --constraint constraints.txt grpcio-tools googleapis-common-protos
COPY protos protos
RUN mkdir /app && \
    find protos -name '*.proto' -exec /opt/protoc/bin/python -m grpc_tools.protoc \
      -Iprotos -I"$(echo /opt/protoc/lib/python*/site-packages)" --python_out=/app --grpc_python_out=/app {} + && \
    python -m compileall -q /app

FROM build AS embedder-packages
# cpu, cu128, ...: the build of torch (uv pip install --help lists them); empty takes PyPI's.
ARG TORCH_BACKEND=cpu
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/venv && \
    uv pip install --python /opt/venv --constraint constraints.txt ${TORCH_BACKEND:+--torch-backend "${TORCH_BACKEND}"} \
      -r pyproject.toml --extra embedder

FROM build AS search-packages
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/venv && \
    uv pip install --python /opt/venv --constraint constraints.txt \
      -r pyproject.toml --extra search

FROM build AS gateway-packages
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/venv && \
    uv pip install --python /opt/venv --constraint constraints.txt \
      -r pyproject.toml --extra gateway

FROM build AS indexer-packages
RUN --mount=type=cache,target=/root/.cache/uv \
    uv venv /opt/venv && \
    uv pip install --python /opt/venv --constraint constraints.txt \
      -r pyproject.toml --extra indexer

FROM python:${PYTHON_VERSION}-slim AS runtime
# Debian's security updates are wanted: no version is named.
# hadolint ignore=DL3008
RUN apt-get update -qq && \
    apt-get install -y -qq --no-install-recommends tini && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd --gid 10001 imagesearch && \
    useradd --uid 10001 --gid 10001 --home-dir /tmp --no-create-home --shell /usr/sbin/nologin imagesearch && \
    install -d -o 10001 -g 10001 /data /models /photos
ENV PATH=/opt/venv/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["tini", "--", "python", "-m"]
ARG VERSION=0.0.0+unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.vendor="imagesearch" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=stubs /app/imagesearch imagesearch
COPY grpc_runtime grpc_runtime

FROM runtime AS elasticsearch-setup
LABEL org.opencontainers.image.title="imagesearch certificates for Elasticsearch"
USER 0:0
RUN install -d -o 10001 -g 0 -m 750 /run/elasticsearch/node /run/elasticsearch/client
USER 10001:0
COPY scripts/elasticsearch_setup.sh /usr/local/bin/
ENTRYPOINT ["elasticsearch_setup.sh", "/run/elasticsearch/node", "/run/elasticsearch/client"]

FROM runtime AS search
LABEL org.opencontainers.image.title="imagesearch search service"
ENV SEARCH_HOST=0.0.0.0 SEARCH_EMBEDDED_PATH=/data/index SEARCH_LOG_FORMAT=json
COPY --from=search-packages /opt/venv /opt/venv
COPY pictures pictures
COPY search_service search_service
VOLUME /data
EXPOSE 50052 9052
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s --retries=3 \
  CMD ["python", "-m", "grpc_runtime.health_check", "127.0.0.1:50052"]
CMD ["search_service"]

FROM runtime AS gateway
LABEL org.opencontainers.image.title="imagesearch gateway"
ENV GATEWAY_HOST=0.0.0.0 GATEWAY_CACHE_DIR=/data/cache GATEWAY_LOG_FORMAT=json
COPY --from=gateway-packages /opt/venv /opt/venv
COPY pictures pictures
COPY gateway gateway
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=4)"]
CMD ["gateway"]

FROM runtime AS indexer
LABEL org.opencontainers.image.title="imagesearch indexer"
COPY --from=indexer-packages /opt/venv /opt/venv
COPY pictures pictures
COPY indexer indexer
CMD ["indexer", "/photos"]

FROM runtime AS embedder-code
LABEL org.opencontainers.image.title="imagesearch embedder"
ENV EMBEDDER_HOST=0.0.0.0 EMBEDDER_CACHE_DIR=/models/computed HF_HOME=/models/hub EMBEDDER_BUNDLED_DIR=/opt/models \
    EMBEDDER_LOG_FORMAT=json
COPY --from=embedder-packages /opt/venv /opt/venv
COPY pictures pictures
COPY embedder_service embedder_service
EXPOSE 50051 9051
HEALTHCHECK --interval=10s --timeout=10s --start-period=900s --retries=3 \
  CMD ["python", "-m", "grpc_runtime.health_check", "127.0.0.1:50051"]
CMD ["embedder_service"]

# With --build-arg MODEL=NAME the image carries that model and needs no network; else it is fetched into /models.
FROM embedder-code AS model
ARG MODEL=""
USER 0:0
RUN mkdir /opt/models && \
    if [ -n "${MODEL}" ]; then \
      HF_HOME=/opt/models EMBEDDER_CACHE_DIR=/opt/models EMBEDDER_MODEL="${MODEL}" python -m embedder_service fetch; \
    fi && \
    chmod -R a+rX /opt/models
USER 10001:10001

FROM embedder-code AS embedder
ARG MODEL=""
COPY --from=model /opt/models /opt/models
ENV EMBEDDER_MODEL=${MODEL:-clip-vit-b-32}
VOLUME /models
