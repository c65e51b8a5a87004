#!/usr/bin/env bash
# Holds the template that osls makes to the rules of cfn-lint, its serverless rules, and checkov, as
# stage prod, once with nothing chosen and once with all that can be. cmd/templatelint then sets
# tools/template/waivers.yml against what they found. The linters go into .venv-lint on first use;
# after that nothing here needs a network or an account.
set -euo pipefail
cd "$(dirname "$0")/.."
osls=node_modules/.bin/osls
pins=tools/template/requirements.txt constraints=tools/template/constraints.txt
installed=.venv-lint/pins.txt

if ! cat "$pins" "$constraints" | cmp --silent - "$installed"; then
  echo 'Installing the linters of the template into .venv-lint, which takes a minute or two …' >&2
  rm -rf .venv-lint
  python3 -m venv .venv-lint
  .venv-lint/bin/pip install --quiet --disable-pip-version-check -r "$pins" -c "$constraints"
  cat "$pins" "$constraints" >"$installed"
fi

chosen=(
  --param='page-domain=status.example.com'
  --param='page-certificate=arn:aws:acm:us-east-1:123456789012:certificate/page'
  --param='operator-domain=operate.example.com'
  --param='operator-certificate=arn:aws:acm:us-east-1:123456789012:certificate/operator'
  --param='alarm-email=alarms@example.com'
  --param='mail-from=status@example.com'
)
folder=dist/template
rm -rf "$folder" && mkdir -p "$folder"
package() { # NAME [PARAMETER …]
  "$osls" package --stage prod --package "$folder/$1" "${@:2}" >"$folder/$1.log" 2>&1 || { cat "$folder/$1.log" >&2; exit 1; }
  mv "$folder/$1/cloudformation-template-update-stack.json" "$folder/$1.json"
}
package plain
package chosen "${chosen[@]}"

# Both say by their exit code whether they found anything. Here what they write decides, and a linter
# that broke down wrote nothing that can be read.
.venv-lint/bin/cfn-lint -a cfn_lint_serverless.rules -r us-east-1 --format json \
  -t "$folder/plain.json" "$folder/chosen.json" >"$folder/cfn-lint.json" || true
.venv-lint/bin/checkov --framework cloudformation --skip-download --quiet --compact --output json \
  -f "$folder/plain.json" "$folder/chosen.json" >"$folder/checkov.json" || true
go run ./cmd/templatelint -waivers tools/template/waivers.yml -cfn-lint "$folder/cfn-lint.json" -checkov "$folder/checkov.json"
