#!/bin/sh
# Installs the language servers of package-lock.json, for the tests that share them and attach to them.
set -eu
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.installed-for; then
	# not `npm ci`: npm 11 takes a lock without addresses for incomplete where a package has parts for other systems
	npm install --no-save --silent --no-audit --no-fund --ignore-scripts </dev/null
	cp package-lock.json node_modules/.installed-for
fi
