#!/bin/sh
# Compiles the plugin into dist/, with the compiler of package-lock.json.
set -eu
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.built-for; then
	# not `npm ci`: npm 11 takes a lock without addresses for incomplete where a package has parts for other systems
	npm install --no-save --silent --no-audit --no-fund --ignore-scripts </dev/null
	cp package-lock.json node_modules/.built-for
fi
node_modules/.bin/tsc -p .
