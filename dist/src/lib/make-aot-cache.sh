#!/bin/sh
# Makes the AOT cache that agent.options names, if it is not there: the agent then starts in a third of the time.
#
# The product does its everyday work in a state directory of its own while its JVM records what that takes (JEP 514).
# The cache is published by rename. It stays valid when the tree is moved or copied, also without time stamps: JDK 25.0.3
# accepts another directory for the jars and looks at nothing but their names. Its own name holds a hash of the jars,
# the JVM and the options, made by the build, so that it can never be taken for that of other jars.
#
# usage: make-aot-cache.sh, by whoever may write to this directory; the build does it
set -eu
lib=$(cd "$(dirname "$0")" && pwd -P)
# the portable product, whose guard and agent are one program, has portable.options instead (make-program-cache.sh)
[ -f "$lib/agent.options" ] || exit 0
cache=$(sed -n 's|^-XX:AOTCache=%h/lib/||p' "$lib/agent.options")
if [ -f "$lib/$cache" ]; then
	exit 0
fi

work=$(mktemp -d)
state=$work/state
client=
clean_up() {
	[ -z "$client" ] || kill "$client" 2>/dev/null || true
	rm -rf "$work" "$lib/.new-$cache"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# the same product with other options for its JVM
home=$work/home
mkdir -p "$home/bin" "$home/lib" "$state"
cp "$lib/../bin/sharedserver" "$home/bin/sharedserver"
for file in "$lib"/*; do
	[ "$file" = "$lib/agent.options" ] || ln -s "$file" "$home/lib/"
done
{
	echo "-XX:AOTMode=record"
	echo "-XX:AOTConfiguration=$work/record"
	grep -v '^-XX:AOTCache=' "$lib/agent.options"
} >"$home/lib/agent.options"

sharedserver() {
	env -i PATH="$PATH" HOME="$work" SHAREDSERVER_LOCKDIR="$state" "$home/bin/sharedserver" "$@" >>"$work/out" 2>&1
}
fail() {
	echo "make-aot-cache.sh: $1" >&2
	cat "$work/out" "$state/.agent.log" >&2 2>/dev/null || true
	exit 1
}

# the training: what a user's day is made of
sleep 300 &
client=$!
sharedserver use trained --pid $client -- sleep 300 || fail "use failed with exit code $?"
sharedserver use trained --pid $$ --json || fail "use of a running server failed with exit code $?"
guard=$(env -i SHAREDSERVER_LOCKDIR="$state" "$home/bin/sharedserver" info trained --json |
	sed -n 's/.*"watcher_pid": *\([0-9]*\).*/\1/p')
for _ in 1 2 3; do
	sharedserver list
	sharedserver list --json
	sharedserver info trained
	sharedserver check trained
	sharedserver unuse trained --pid $$
	sharedserver use trained --pid $$
done || fail "a command failed with exit code $?"
sharedserver unuse trained --pid $$ || fail "unuse failed with exit code $?"
sharedserver unuse trained --pid $client || fail "unuse failed with exit code $?"
sharedserver use trained --pid $client || fail "the rescue failed with exit code $?"
sharedserver stop trained --pid $client || fail "stop failed with exit code $?"
sharedserver check trained && fail "the server runs after stop"
sharedserver --help || fail "--help failed with exit code $?"
sharedserver no-such-verb && fail "a wrong verb was accepted"

# Without its guard the agent ends, and its JVM then writes the record.
[ -n "$guard" ] || fail "info names no watcher"
agent=
for stat in /proc/[0-9]*/stat; do
	# pid (comm) state ppid …
	if read -r pid _ _ parent _ <"$stat" && [ "$parent" = "$guard" ]; then
		agent=$pid
	fi
done 2>/dev/null
[ -n "$agent" ] || fail "the guard has no agent"
kill "$guard"
tries=0
while [ -d "/proc/$agent" ]; do
	tries=$((tries + 1))
	[ $tries -lt 300 ] || fail "the agent does not end without its guard"
	sleep 0.1
done
[ -s "$work/record" ] || fail "the agent left no record"

# the second half: the cache is made of the record, with the same options
set --
while read -r option; do
	case $option in
	'' | '#'* | -XX:AOT*) ;;
	%h/*) set -- "$@" "$(echo "$option" | sed "s|%h|$home|g")" ;;
	*) set -- "$@" "$(echo "$option" | sed "s|%d|$state|g")" ;;
	esac
done <"$lib/agent.options"
"$lib/runtime/bin/java" -XX:AOTMode=create "-XX:AOTConfiguration=$work/record" "-XX:AOTCache=$work/cache" "$@" \
	>>"$work/out" 2>&1 || fail "the cache was not made"
cp "$work/cache" "$lib/.new-$cache"
mv "$lib/.new-$cache" "$lib/$cache"
