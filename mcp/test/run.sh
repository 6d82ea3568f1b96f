#!/bin/sh
# Tests the MCP server of the product in SHAREDSERVER_HOME (default: dist/target/sharedserver) with a real client, the npm
# package of those who make MCP. Ends with "N passed, N failed".
set -eu
cd "$(dirname "$0")"
home=${SHAREDSERVER_HOME:-$PWD/../../dist/target/sharedserver}
SHAREDSERVER_HOME=$(cd "$home" && pwd)
export SHAREDSERVER_HOME

# kept between runs, by what is in it
lock=$(cksum <package-lock.json | tr -c '0-9\n' '-')
MCP_CLIENT=${XDG_CACHE_HOME:-$HOME/.cache}/sharedserver-tests/mcp-$lock
export MCP_CLIENT
if [ ! -d "$MCP_CLIENT" ]; then
	mkdir -p "$(dirname "$MCP_CLIENT")"
	fresh=$(mktemp -d "$MCP_CLIENT.XXXXXX")
	cp package.json package-lock.json "$fresh"
	(cd "$fresh" && npm ci --silent --no-audit --no-fund --ignore-scripts </dev/null)
	mv -T "$fresh" "$MCP_CLIENT"
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
