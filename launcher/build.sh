#!/bin/sh
# Builds the launcher and guard with the system's C compiler ($CC, else cc).
#
#   build.sh product VERSION   target/sharedserver, hardened, static where the system can
#   build.sh asan VERSION      target/sharedserver-asan, under the address and undefined-behaviour sanitizers
#   build.sh test VERSION      the same, and each test/*.c with it, built under the sanitizers and run
#
# A test is a C program of its own, linked with every source but main.c; it passes with exit code 0.
# What is newer than all sources is not built again.
set -eu
cd "$(dirname "$0")"
what=${1:?usage: build.sh product|asan|test VERSION}
version=${2:?usage: build.sh product|asan|test VERSION}
cc=${CC:-cc}

# $CC may hold options (CC="ccache gcc"), so it is split into words here and below on purpose
# shellcheck disable=SC2086
set -- $cc
if ! command -v "$1" >/dev/null 2>&1; then
	echo "build.sh: no C compiler: '$1' is not on the PATH." >&2
	echo "Install one (Debian, Ubuntu: apt-get install gcc libc6-dev; Fedora: dnf install gcc glibc-devel)" >&2
	echo "or name yours in the environment variable CC." >&2
	exit 1
fi

mkdir -p target
warnings='-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror'
sanitized='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
# -U first: some distributions define another level by default, and a redefinition is a warning
hardened='-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong'
relro='-Wl,-z,relro,-z,now'

# $1 is newer than the sources, this script and the version it was built for
is_current() {
	[ -f "$1" ] && [ "$(cat "$1.version" 2>/dev/null)" = "$version" ] &&
		[ -z "$(find . -path ./target -prune -o -type f -newer "$1" -print | head -n 1)" ]
}

# compile OUTPUT OPTION…: by way of a temporary name, so that a running product keeps its file
compile() {
	output=$1
	shift
	# shellcheck disable=SC2086
	$cc $warnings "-DVERSION=\"$version\"" "$@" -o "$output.new" || return 1
	mv -f "$output.new" "$output"
	echo "$version" >"$output.version"
}

product() {
	if is_current target/sharedserver; then
		return
	fi
	# A static program starts in two thirds of the time of one that needs the dynamic linker (0.5 against 0.7 ms).
	# shellcheck disable=SC2086
	compile target/sharedserver $hardened -fPIE -static-pie $relro src/*.c 2>target/static-pie.log ||
		compile target/sharedserver $hardened -fPIE -pie $relro src/*.c 2>target/pie.log ||
		compile target/sharedserver $hardened src/*.c
}

asan() {
	if is_current target/sharedserver-asan; then
		return
	fi
	# shellcheck disable=SC2086
	compile target/sharedserver-asan $sanitized src/*.c
}

run_tests() {
	passed=0
	failed=0
	rest=
	for source in src/*.c; do
		[ "$source" = src/main.c ] || rest="$rest $source"
	done
	for source in test/*.c; do
		[ -f "$source" ] || continue
		name=$(basename "$source" .c)
		# shellcheck disable=SC2086
		is_current "target/$name" || compile "target/$name" $sanitized -Isrc "$source" $rest
		if "target/$name" >"target/$name.log" 2>&1; then
			passed=$((passed + 1))
		else
			echo "launcher test $name: exit code $?" >&2
			cat "target/$name.log" >&2
			failed=$((failed + 1))
		fi
	done
	echo "$passed passed, $failed failed" >target/tests.txt
	[ "$failed" = 0 ]
}

case $what in
product) product ;;
asan) asan ;;
test) asan && run_tests ;;
*)
	echo "build.sh: '$what' is none of product, asan, test" >&2
	exit 64
	;;
esac
