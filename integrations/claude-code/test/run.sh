#!/bin/sh
# Tests the plugin: its script under node --test, and all of it in the real Claude Code, offline, with the product of
# SHAREDSERVER_HOME (default: dist/target/sharedserver). Ends with "N passed, N failed".
set -eu
cd "$(dirname "$0")/.."
here=$PWD
home=${SHAREDSERVER_HOME:-$here/../../dist/target/sharedserver}
SHAREDSERVER_HOME=$(cd "$home" && pwd)
export SHAREDSERVER_HOME

# the host is 240 MB: kept between runs, by what is in it
lock=$(cksum <test/host/package-lock.json | tr -c '0-9\n' '-')
CLAUDE_HOST=${XDG_CACHE_HOME:-$HOME/.cache}/sharedserver-tests/claude-$lock
export CLAUDE_HOST
if [ ! -d "$CLAUDE_HOST" ]; then
	mkdir -p "$(dirname "$CLAUDE_HOST")"
	fresh=$(mktemp -d "$CLAUDE_HOST.XXXXXX")
	cp test/host/package.json test/host/package-lock.json "$fresh"
	(cd "$fresh" && npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null)
	mv -T "$fresh" "$CLAUDE_HOST"
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
