#!/usr/bin/env bash
# Shows how large the functions' zips are and holds them to their limits: scripts/zip-sizes.sh
# dist/arm64. A small zip starts sooner; those that carry files besides code may be larger.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }

over=0 seen=0
for zip in "$1"/*.zip; do
  [ -f "$zip" ] || continue
  function=$(basename "$zip" .zip) bytes=$(wc -c <"$zip") limit=4500000
  case $function in setup | import) limit=7000000 ;; esac
  # A million bytes are an MB.
  awk -v f="$function" -v b="$bytes" -v l="$limit" \
    'BEGIN { printf("  %-10s %5.2f MB of %.1f%s\n", f, b / 1e6, l / 1e6, (b > l) ? ", too large" : "") }'
  [ "$bytes" -le "$limit" ] || over=$((over + 1))
  seen=$((seen + 1))
done
[ "$seen" -gt 0 ] || { echo "No zips in $1: run make dist" >&2; exit 2; }
[ "$over" = 0 ] || { echo "$over of $seen zips are too large. go list -deps ./functions/NAME tells what is in one." >&2; exit 1; }
