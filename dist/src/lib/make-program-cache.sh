#!/bin/sh
# Makes the AOT cache that PROGRAM.options names, if it is not there: the program then starts several times as fast. It
# rehearses its start: its argument is then "rehearse". As for the agent's cache, see make-aot-cache.sh.
#
# usage: make-program-cache.sh PROGRAM, by whoever may write to this directory; the build does it
set -eu
lib=$(cd "$(dirname "$0")" && pwd -P)
home=$(dirname "$lib")
options=$lib/$1.options
cache=$(sed -n 's|^-XX:AOTCache=%h/lib/||p' "$options")
if [ -z "$cache" ] || [ -f "$lib/$cache" ]; then
	exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work" "$lib/.new-$cache"' EXIT
trap 'exit 1' HUP INT TERM

set --
while read -r option; do
	case $option in
	'' | '#'* | -XX:AOT*) ;;
	*) set -- "$@" "$(echo "$option" | sed "s|%h|$home|g")" ;;
	esac
done <"$options"
if ! "$lib/runtime/bin/java" "-XX:AOTCacheOutput=$work/cache" "-Djava.io.tmpdir=$work" "$@" rehearse >"$work/out" 2>&1 || [ ! -s "$work/cache" ]; then
	echo "make-program-cache.sh $1: the cache was not made" >&2
	cat "$work/out" >&2
	exit 1
fi
cp "$work/cache" "$lib/.new-$cache"
chmod a+r "$lib/.new-$cache"
mv "$lib/.new-$cache" "$lib/$cache"
