# The control plane as an image: `docker build -t fairway:0.1.0 .`
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

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Fairway" \
      org.opencontainers.image.description="A service-mesh control plane for Envoy, compatible with Istio's traffic API" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /fairway
COPY --from=dependencies /fairway/node_modules node_modules
COPY --from=build /fairway/dist dist
COPY package.json LICENSE ./
COPY proto proto
ENV NODE_ENV=production
# Nobody in particular, by number: Kubernetes' runAsNonRoot does not look names up.
USER 65532:65532
EXPOSE 15010 15014 15017
ENTRYPOINT ["node", "/fairway/dist/main.js"]
CMD ["--help"]
