#!/bin/sh
# Tests the plugin: its parts under node --test, and in the real OpenCode, offline, with the product of SHAREDSERVER_HOME
# (default: dist/target/sharedserver). Ends with "N passed, N failed".
set -eu
cd "$(dirname "$0")/.."
here=$PWD
home=${SHAREDSERVER_HOME:-$here/../../dist/target/sharedserver}
SHAREDSERVER_HOME=$(cd "$home" && pwd)
export SHAREDSERVER_HOME
sh build.sh

# the host is 180 MB: kept between runs, by what is in it
lock=$(cksum <test/host/package-lock.json | tr -c '0-9\n' '-')
OPENCODE_HOST=${XDG_CACHE_HOME:-$HOME/.cache}/sharedserver-tests/opencode-$lock
export OPENCODE_HOST
if [ ! -d "$OPENCODE_HOST" ]; then
	mkdir -p "$(dirname "$OPENCODE_HOST")"
	fresh=$(mktemp -d "$OPENCODE_HOST.XXXXXX")
	cp test/host/package.json test/host/package-lock.json "$fresh"
	(cd "$fresh" && npm install --no-save --silent --no-audit --no-fund --ignore-scripts </dev/null)
	mv -T "$fresh" "$OPENCODE_HOST"
fi

# no test may need a network, nor reach one
alone=-n
[ "$(id -u)" = 0 ] || alone=-rn
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# shellcheck disable=SC2016 # the inner shell expands it
unshare "$alone" sh -c 'ip link set lo up && exec node --test --test-reporter=tap "$@"' sh \
	test/*.test.mjs </dev/null >"$log" 2>&1 || status=$?
passed=$(sed -n 's/^# pass //p' "$log")
failed=$(sed -n 's/^# fail //p' "$log")
if [ "$status" != 0 ] || [ "${failed:-0}" != 0 ] || [ "${passed:-0}" = 0 ]; then
	cat "$log"
	[ "${failed:-0}" != 0 ] || failed=1
fi
echo "${passed:-0} passed, ${failed:-0} failed"
[ "${failed:-0}" = 0 ]
