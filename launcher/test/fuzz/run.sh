#!/bin/sh
# Fuzzes what the launcher, the guard and their parsers read.
#
#   run.sh INPUTS [SEED]            with the compiler of the build and a driver of our own; ends with "NAME: ok" each
#   run.sh INPUTS SEED libfuzzer    guided by coverage; needs clang and libclang-rt-dev ($CLANG, else the newest there is)
#   run.sh INPUTS SEED ENGINE NAME  only one of launcher, guard, proc, statedir
#
# Every system call of the sources is renamed to one of world.c, by their symbols: what harmless.txt does not list cannot be
# reached, and what world.c does not know does not link. A finding is left as finding-NAME in the working directory.
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=$here/../../src
inputs=${1:?usage: run.sh INPUTS [SEED] [plain|libfuzzer] [NAME]}
seed=${2:-$(date +%s)}
engine=${3:-plain}
names=${4:-launcher guard proc statedir}
target=$(mktemp -d)
trap 'rm -rf "$target"' EXIT
flags='-std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'
case $engine in
plain)
	cc=${CC:-cc}
	link=$flags
	;;
libfuzzer)
	cc=${CLANG:-}
	for one in clang $(for version in 22 21 20 19 18 17 16 15 14; do echo clang-$version; done); do
		[ -n "$cc" ] || ! command -v "$one" >/dev/null || cc=$one
	done
	if [ -z "$cc" ]; then
		echo "run.sh: no clang (Debian, Ubuntu: apt-get install clang libclang-rt-dev)" >&2
		exit 1
	fi
	link="$flags -fsanitize=fuzzer"
	flags="$flags -fsanitize=fuzzer-no-link"
	;;
*)
	echo "run.sh: '$engine' is none of plain, libfuzzer" >&2
	exit 64
	;;
esac
export ASAN_OPTIONS=abort_on_error=1:handle_abort=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:detect_leaks=0
export UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1

# $1: name of the object, the rest: sources and options. What it calls outside is renamed.
sealed() {
	object=$target/$1.o
	shift
	# shellcheck disable=SC2086
	$cc $flags '-DVERSION="fuzz"' -I"$source" -I"$here" -c "$@" -o "$object" || return 1
	objcopy --redefine-syms="$target/renames" "$object"
}

# The symbols that sources of ours define, or that may stay, are the only ones that are not renamed.
learn_renames() {
	for one in "$source"/*.c; do
		# shellcheck disable=SC2086
		$cc $flags '-DVERSION="fuzz"' -c "$one" -o "$target/$(basename "$one" .c).learn" || return 1
	done
	nm -u "$target"/*.learn | sed -n 's/^ *[Uw] //p' | sort -u >"$target/undefined"
	nm --defined-only "$target"/*.learn | awk 'NF == 3 { print $3 }' | sort -u >"$target/defined"
	grep -v '^#' "$here/harmless.txt" | cat - "$target/defined" >"$target/stay"
	# the sanitizers' own, and the names under which newer C libraries have strtol and the like
	grep -vxFf "$target/stay" "$target/undefined" | grep -vE '^(__(asan|ubsan|sanitizer|sancov)_|__isoc[0-9]*_strto|__start_|__stop_|_GLOBAL_OFFSET_TABLE_)' |
		sed 's/\(.*\)/\1 world_\1/' >"$target/renames"
}

learn_renames || exit 1
# shellcheck disable=SC2086
$cc $flags -I"$source" -c "$here/world.c" -o "$target/world.o" || exit 1
driver=
if [ "$engine" = plain ]; then
	# shellcheck disable=SC2086
	$cc $flags -c "$here/driver.c" -o "$target/driver.o" || exit 1
	driver=$target/driver.o
fi
for one in "$source"/*.c; do
	sealed "$(basename "$one" .c)" "$one" || exit 1
done
# all sources but the one that the target $1 includes, proc.c, which world.c replaces, and main.c
others() {
	for one in "$source"/*.c; do
		case $(basename "$one" .c) in
		"$1" | proc | main) ;;
		*) echo "$target/$(basename "$one" .c).o" ;;
		esac
	done
}

failed=0
for name in $names; do
	case $name in
	launcher | guard)
		sealed "fuzz-$name" "$here/$name.c" || exit 1
		objects="$target/fuzz-$name.o $target/world.o $(others "$name")"
		;;
	statedir)
		# shellcheck disable=SC2086
		$cc $flags -I"$source" -c "$here/statedir.c" -o "$target/fuzz-statedir.o" || exit 1
		objects="$target/fuzz-statedir.o $target/world.o $target/statedir.o $target/wire.o"
		;;
	proc)
		# the parser alone, with the real proc.c before that of world.c
		# shellcheck disable=SC2086
		$cc $flags -I"$source" -c "$here/proc.c" -o "$target/fuzz-proc.o" || exit 1
				objects="$target/fuzz-proc.o $target/proc.o $target/world.o $target/wire.o"
		;;
	esac
	# shellcheck disable=SC2086
	$cc $link $objects $driver -o "$target/$name" || exit 1
	status=0
	case $engine in
	plain) "$target/$name" "$inputs" "$seed" "$here"/seeds/"$name"-* || status=$? ;;
	libfuzzer)
		mkdir "$target/corpus-$name"
		cp "$here"/seeds/"$name"-* "$target/corpus-$name"
		"$target/$name" -runs="$inputs" -seed="$seed" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix="finding-$name-" "$target/corpus-$name" || status=$?
		;;
	esac
	if [ "$status" = 0 ]; then
		echo "fuzz $name: ok"
	else
		echo "fuzz $name (seed $seed): FAIL"
		failed=1
	fi
done
exit "$failed"
