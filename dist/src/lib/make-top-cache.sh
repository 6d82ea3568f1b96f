#!/bin/sh
# Makes the AOT cache that top.options names, if it is not there: top then starts several times as fast. The program
# rehearses its start without a terminal. As for the agent's cache, see make-aot-cache.sh.
#
# usage: make-top-cache.sh, by whoever may write to this directory; the build does it
set -eu
lib=$(cd "$(dirname "$0")" && pwd -P)
cache=$(sed -n 's|^-XX:AOTCache=%h/lib/||p' "$lib/top.options")
if [ -f "$lib/$cache" ]; then
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work" "$lib/.new-$cache"' EXIT
trap 'exit 1' HUP INT TERM

set --
while read -r option; do
	case $option in
	'' | '#'* | -XX:AOT*) ;;
	*) set -- "$@" "$(echo "$option" | sed "s|%h/lib|$lib|g")" ;;
	esac
done <"$lib/top.options"
if ! "$lib/runtime/bin/java" "-XX:AOTCacheOutput=$work/cache" "$@" rehearse >"$work/out" 2>&1 || [ ! -s "$work/cache" ]; then
	echo "make-top-cache.sh: the cache was not made" >&2
	cat "$work/out" >&2
	exit 1
fi
cp "$work/cache" "$lib/.new-$cache"
mv "$lib/.new-$cache" "$lib/$cache"
