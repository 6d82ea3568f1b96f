#!/bin/sh
# Tests that real Emacsen share language servers, set up as docs/lsp.md says. The product is that of SHAREDSERVER_HOME (default:
# dist/target/sharedserver). Ends with "N passed, N failed".
set -eu
cd "$(dirname "$0")"
home=${SHAREDSERVER_HOME:-$PWD/../../dist/target/sharedserver}
SHAREDSERVER_HOME=$(cd "$home" && pwd)
export SHAREDSERVER_HOME

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
node --test --test-reporter=tap "$@" ./*.test.mjs </dev/null >"$log" 2>&1 || status=$?
passed=$(sed -n 's/^# pass //p' "$log")
failed=$(sed -n 's/^# fail //p' "$log")
if [ "$status" != 0 ] || [ "${failed:-0}" != 0 ] || [ "${passed:-0}" = 0 ]; then
	cat "$log"
	[ "${failed:-0}" != 0 ] || failed=1
fi
echo "${passed:-0} passed, ${failed:-0} failed"
[ "${failed:-0}" = 0 ]
