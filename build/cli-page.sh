#!/usr/bin/env bash
# Writes the part of docs/cli.md behind "## Verbs" from what the product's --help prints.
#   cli-page.sh            rewrites the page
#   cli-page.sh --check    fails if the page says something else
set -euo pipefail
cd "$(dirname "$0")/.."
product=dist/target/sharedserver/bin/sharedserver
page=docs/cli.md
made=$(mktemp)
trap 'rm -f "$made"' EXIT
sed '/^## Verbs$/q' "$page" >"$made"
"$product" --help | sed -n 's/^  \(admin \)\?\([a-z-]\+\)  .*/\1\2/p' | while read -r verb; do
	# shellcheck disable=SC2086,SC2016 # "admin start" is two words; the backquotes are text
	printf '\n### %s\n\n```\n%s\n```\n' "$verb" "$("$product" $verb --help)"
done >>"$made"
if [ "${1-}" = --check ]; then
	diff -u "$page" "$made"
else
	cp "$made" "$page"
fi
