#!/bin/sh
# Installs what the black-box tests have from npm: language servers (lsp), a package manager (dev); what package-lock.json says.
set -eu
cd "$(dirname "$0")"
for place in lsp dev; do
	(
		cd "$place"
		if ! cmp -s package-lock.json node_modules/.installed-for; then
			# not `npm ci`: npm 11 takes a lock without addresses for incomplete where a package has parts for other systems
			npm install --no-save --silent --no-audit --no-fund --ignore-scripts </dev/null
			cp package-lock.json node_modules/.installed-for
		fi
	)
done
