#!/bin/sh
# Tests the web page of the hub for dev servers in Debian's Chromium, with the Vite of npm and the Go of this machine.
# The product is that of SHAREDSERVER_HOME (default: dist/target/sharedserver). Ends with "N passed, N failed".
set -eu
cd "$(dirname "$0")"
home=${SHAREDSERVER_HOME:-$PWD/../../dist/target/sharedserver}
SHAREDSERVER_HOME=$(cd "$home" && pwd)
export SHAREDSERVER_HOME

# kept between runs, by what is in it
kept() {
	lock=$(cksum <"$1/package-lock.json" | tr -c '0-9\n' '-')
	place=${XDG_CACHE_HOME:-$HOME/.cache}/sharedserver-tests/$2-$lock
	if [ ! -d "$place" ]; then
		mkdir -p "$(dirname "$place")"
		fresh=$(mktemp -d "$place.XXXXXX")
		cp "$1/package.json" "$1/package-lock.json" "$fresh"
		(cd "$fresh" && npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null >&2)
		mv -T "$fresh" "$place"
	fi
	echo "$place"
}
WEB_BROWSER=$(kept . web)
WEB_VITE=$(kept ../../dev/test/vite vite)
export WEB_BROWSER WEB_VITE
# Go has what it needs, and asks nobody
export GOFLAGS=-mod=mod GOPROXY=off

if [ "${1:-}" = screenshots ]; then
	exec node screenshots.mjs
fi

# no test may need a network, nor reach one
alone=-n
[ "$(id -u)" = 0 ] || alone=-rn
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# shellcheck disable=SC2016 # the inner shell expands it
unshare "$alone" sh -c 'ip link set lo up && exec node --test --test-reporter=tap "$@"' sh \
	./*.test.mjs </dev/null >"$log" 2>&1 || status=$?
passed=$(sed -n 's/^# pass //p' "$log")
failed=$(sed -n 's/^# fail //p' "$log")
if [ "$status" != 0 ] || [ "${failed:-0}" != 0 ] || [ "${passed:-0}" = 0 ]; then
	cat "$log"
	[ "${failed:-0}" != 0 ] || failed=1
fi
echo "${passed:-0} passed, ${failed:-0} failed"
[ "${failed:-0}" = 0 ]
