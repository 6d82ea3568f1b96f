#!/bin/sh
# Runs `sharedserver hook claude start|end` by the first program of these that can: SHAREDSERVER_BIN, the one this plugin came
# with, PATH, and where people put it. Claude Code starts it with what it has to say on standard input, which is not touched here.
# Whatever goes wrong: exit 0, since the session goes on without its servers, and a message for its user.
moment=$1
plugin=${CLAUDE_PLUGIN_ROOT:-$(dirname "$0")/..}
too_old=

# tells the user; the text holds no control characters, since paths with such are passed over
tell() {
	[ "$moment" = start ] || return
	printf '%s' "{\"systemMessage\":\"sharedserver: "
	printf '%s' "$1" | sed 's/["\\]/\\&/g'
	printf '%s\n' "\"}"
}

try() {
	if [ ! -f "$1" ] || [ ! -x "$1" ]; then
		return
	fi
	case $1 in
	*[[:cntrl:]]*) return ;;
	esac
	if "$1" hook --help </dev/null >/dev/null 2>&1; then
		# which takes our place: the process above it is Claude Code, or the shell that it has run us by
		exec "$1" hook claude "$moment"
	fi
	version=$("$1" --version </dev/null 2>/dev/null | tr -d '[:cntrl:]')
	too_old="$too_old$1 is too old (${version:-no version}); "
}

[ -z "${SHAREDSERVER_BIN:-}" ] || try "$SHAREDSERVER_BIN"
try "$plugin/../../../bin/sharedserver"
try "$plugin/../../dist/target/sharedserver/bin/sharedserver"
rest=${PATH:-}:
while [ -n "$rest" ]; do
	directory=${rest%%:*}
	rest=${rest#*:}
	case $directory in
	/*) try "$directory/sharedserver" ;;
	esac
done
for directory in "${HOME:-}/.cargo/bin" "${HOME:-}/.local/bin" /usr/local/bin /opt/homebrew/bin; do
	try "$directory/sharedserver"
done
tell "${too_old}the program sharedserver was not found: install it, or name it by SHAREDSERVER_BIN"
exit 0
