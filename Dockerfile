# The emulator in an image: `docker build -t live-emulator .`; how to run it: docs/how-to/container.md.
# Debian's Python 3.13 on its slim image: 14 MB smaller than python:3.13-slim, with pip left out.
ARG BASE_IMAGE=docker.io/library/debian:trixie-slim

FROM ${BASE_IMAGE} AS python
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 \
    && cd /usr/lib/python3.13 \
    && rm -rf test pydoc_data ensurepip _pyrepl turtle.py lib-dynload/_test* \
        /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/lib/dpkg/*-old /var/log/*

FROM python AS build
COPY pyproject.toml README.md LICENSE /src/
COPY emulator /src/emulator
COPY fixtures /src/fixtures
COPY scenarios /src/scenarios
COPY docs /src/docs
COPY packaging/container /container
RUN sh /container/install.sh /src /opt/live-emulator

FROM python
LABEL org.opencontainers.image.title="live-emulator" \
      org.opencontainers.image.description="A live streaming platform for development and tests" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/live-emulator /opt/live-emulator
# Every user may write there: a new named volume has this mode, whatever the container's --user.
RUN mkdir -m 1777 /data && chown 1000:1000 /data
ENV PATH=/opt/live-emulator/bin:/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    LIVE_EMULATOR_HOST=0.0.0.0 \
    LIVE_EMULATOR_DATA=/data/live-emulator \
    LIVE_EMULATOR_ALLOW_HOST=emulator,live-emulator,host.docker.internal,host.containers.internal \
    LIVE_EMULATOR_STUN_PORT=3478 \
    LIVE_EMULATOR_WEBRTC_PORTS=20000-20063
WORKDIR /data
USER 1000:1000
VOLUME /data
# HTTP; RTMP and RTMPS; STUN; WebRTC's media. Do not change these ports: map them outside.
EXPOSE 8787 1935 1936 3478/udp 20000-20063/udp
STOPSIGNAL SIGTERM
# A short interval, since `--wait` waits for the next check.
HEALTHCHECK --interval=2s --timeout=5s --start-period=30s --retries=5 \
    CMD ["python", "/opt/live-emulator/health.py"]
ENTRYPOINT ["live-emulator"]
CMD ["serve"]
