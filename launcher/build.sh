#!/bin/sh
# Builds the launcher and guard with the system's C compiler ($CC, else cc).
#
#   build.sh product VERSION   target/sharedserver, hardened, static where the system can; without a compiler, or on another
#                              system than Linux, none: the product then gets the portable one, which is Java (docs/portable.md)
#   build.sh asan VERSION      target/sharedserver-asan, under the address and undefined-behaviour sanitizers
#   build.sh test VERSION      the same, and test/run.sh; its last line ("N passed, N failed") in target/tests.txt
#
# A VERSION without a commit, "0.1.0", gets that of the repository, if there is one: "0.1.0 (abc1234)".
# What is newer than all sources is not built again.
set -eu
cd "$(dirname "$0")"
what=${1:?usage: build.sh product|asan|test VERSION}
version=${2:?usage: build.sh product|asan|test VERSION}
case $version in
*' ('*')') ;;
*) version=$(sh ../build/version.sh "$version") ;;
esac
cc=${CC:-cc}

# $CC may hold options (CC="ccache gcc"), so it is split into words here and below on purpose
# shellcheck disable=SC2086
set -- $cc
without=
command -v "$1" >/dev/null 2>&1 || without="no C compiler: '$1' is not on the PATH"
[ "$(uname -s)" = Linux ] || without="$(uname -s) is not Linux"
if [ -n "$without" ] && [ "$what" = product ]; then
	echo "build.sh: $without: the product gets its launcher and guard in Java, which is slower (docs/portable.md)" >&2
	mkdir -p target
	rm -f target/sharedserver
	echo "$version" >target/sharedserver.version
	exit 0
fi
if [ -n "$without" ]; then
	echo "build.sh: $without." >&2
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

case $what in
product) product ;;
asan) asan ;;
test)
	asan
	status=0
	sh test/run.sh >target/tests.log || status=$?
	tail -n 1 target/tests.log >target/tests.txt
	# passed: nothing, for a quiet build; failed: all that was said
	[ $status = 0 ] || cat target/tests.log
	exit $status
	;;
*)
	echo "build.sh: '$what' is none of product, asan, test" >&2
	exit 64
	;;
esac
