#!/usr/bin/env bash
# Runs a command beside an emulator of AWS: scripts/emulator.sh go test ./internal/dynamo/...
# It installs the emulator (ministack, from PyPI) into .venv, starts it on a free loopback port,
# points the AWS SDK of the command at it, and ends it, and nothing else, when the command is done.
# The command's exit code is the script's.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.5.33
[ $# -gt 0 ] || { echo "usage: $0 COMMAND [ARGUMENT …]" >&2; exit 2; }

if [ "$(cat .venv/ministack.version 2>/dev/null)" != "$version" ]; then
  echo "Installing ministack $version into .venv …" >&2
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check "ministack==$version"
  echo "$version" >.venv/ministack.version
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# The host is an IP: with a name the S3 client would put the bucket's name before it.
export AWS_ENDPOINT_URL="http://127.0.0.1:$port" ALLCLEAR_EMULATOR="http://127.0.0.1:$port"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
unset AWS_PROFILE AWS_SESSION_TOKEN

log=$(mktemp)
BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 SFTP_ENABLED=0 IOT_MTLS_ENABLED=0 GATEWAY_PORT=$port \
  .venv/bin/ministack >"$log" 2>&1 &
emulator=$!
finish() {
  code=$?
  kill "$emulator" 2>/dev/null || true
  wait "$emulator" 2>/dev/null || true
  rm -f "$log"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

for attempt in $(seq 100); do
  # To bash the port is a file; a connection of its own leaves no client to install.
  (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
  if [ "$attempt" = 100 ] || ! kill -0 "$emulator" 2>/dev/null; then
    echo 'The emulator does not start:' >&2
    tail -n 20 "$log" >&2
    exit 1
  fi
  sleep 0.2
done
"$@"
