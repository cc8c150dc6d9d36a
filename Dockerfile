# The image contains only the emulator: no shell and no other files. It runs as an unprivileged user.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS
ARG TARGETARCH
ARG VERSION
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags "-s -w -X $(go list -m)/internal/catalog.version=$VERSION" -o /standin ./cmd/standin

FROM scratch
LABEL org.opencontainers.image.title="Standin" \
      org.opencontainers.image.description="A stateful emulator of OpenStack Freezer, OpenStack Barbican, devops-service and SSH PrivX" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /standin /standin
USER 65532:65532
ENV STANDIN_LISTEN=0.0.0.0:9311
EXPOSE 9311 9312
HEALTHCHECK --interval=2s --timeout=3s --start-period=5s --retries=5 CMD ["/standin", "healthcheck"]
ENTRYPOINT ["/standin"]
