#!/bin/sh
# Builds the launcher and guard under the sanitizers and runs all their tests: each test/*.c (linked with every source but
# main.c), black_box.py, which drives the binary with a stand-in agent, and the fuzzers. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
flags='-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
passed=0
failed=0

count() {
	passed=$((passed + $(grep -c ': ok' "$1")))
	failed=$((failed + $(grep -c ': FAIL' "$1")))
	# a program that crashed has not said how
	if [ "$2" -ne 0 ] && ! grep -q ': FAIL' "$1"; then
		failed=$((failed + 1))
	fi
}

# $flags is split on purpose
# shellcheck disable=SC2086
${CC:-cc} $flags '-DVERSION="version-one"' -o "$target/sharedserver" src/*.c || exit 1
sources=
for source in src/*.c; do
	[ "$source" = src/main.c ] || sources="$sources $source"
done
for test in test/*.c; do
	# shellcheck disable=SC2086
	${CC:-cc} $flags '-DVERSION="test"' -Isrc -o "$target/test" "$test" $sources || exit 1
	"$target/test" >"$target/log" 2>&1
	status=$?
	cat "$target/log"
	count "$target/log" $status
done
SHAREDSERVER_BINARY="$target/sharedserver" python3 test/black_box.py >"$target/log" 2>&1
status=$?
sed '$d' "$target/log"
count "$target/log" $status
# a few seconds of what .ci/soak does for long
sh test/fuzz/run.sh "${FUZZ_INPUTS:-10000}" >"$target/log" 2>&1
status=$?
cat "$target/log"
count "$target/log" $status
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
