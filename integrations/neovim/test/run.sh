#!/usr/bin/env bash
# Runs the plugin's tests: each *_spec.lua with busted inside a Neovim of its own, against a product.
# usage: run.sh [PRODUCT] [SPEC…]     PRODUCT: $SHAREDSERVER_HOME, or else the checkout's dist/target/sharedserver
# Ends with "N passed, N failed"; exit code 1 if any failed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=${1:-${SHAREDSERVER_HOME:-$here/../../../dist/target/sharedserver}}
[ $# -eq 0 ] || shift
home=$(cd "$home" && pwd)
export SHAREDSERVER_BIN=$home/bin/sharedserver PLUGIN=$here/..
unset SHAREDSERVER_LOCKDIR SHAREDSERVER_CONFIG SHAREDSERVER_DEBUG NVIM NVIM_LISTEN_ADDRESS
[ $# -gt 0 ] || set -- "$here"/*_spec.lua

passed=0
failed=0
for spec; do
	log=$(mktemp)
	status=0
	SPEC=$spec timeout 120 nvim --headless -u NONE -i NONE -n --cmd "set rtp^=$here/.." \
		-c "lua vim.api.nvim_create_autocmd('VimEnter', { callback = function() vim.schedule(function() dofile('$here/run.lua') end) end })" </dev/null >"$log" 2>&1 || status=$?
	good=$(grep -c '^ok ' "$log" || true)
	bad=$(grep -c '^not ok ' "$log" || true)
	# a Neovim that ended early has not said how many there are
	if [ "$status" != 0 ] && [ "$bad" = 0 ] || ! grep -qx "1\.\.$((good + bad))" "$log" || [ $((good + bad)) = 0 ]; then
		bad=$((bad + 1))
		echo "not ok - $(basename "$spec") ended with $status"
		cat "$log"
	else
		grep -E '^(ok|not ok|#) ' "$log" || true
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	rm -f "$log"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
