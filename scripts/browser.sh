#!/usr/bin/env bash
# Makes sure of a browser for the tests in a real one. It installs Debian's Chromium where that can
# be done without asking; elsewhere it says what is missing, and those tests skip. In CI a missing
# browser is an error.
set -euo pipefail
for name in "${CHROMIUM:-chromium}" chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo 'Installing Chromium for the browser tests …'
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
  exit 0
fi
echo 'No Chromium found: the browser tests will be skipped. Install it, or set CHROMIUM to one.' >&2
[ "${CI:-}" = true ] && exit 1
exit 0
