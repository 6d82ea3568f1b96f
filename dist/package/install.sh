#!/bin/sh
# Installs the sharedserver beside this script, or removes it again.
#
#   ./install.sh                  for this user: ~/.local
#   ./install.sh --system         for all: /usr/local (as root)
#   ./install.sh --prefix DIR     anywhere
#   ./install.sh --uninstall      what an install with the same options has made
#
# PREFIX/lib/sharedserver becomes the product, PREFIX/bin/sharedserver a link to it; completions and manual page are
# links in PREFIX/share. An older version is replaced at once: servers that run go on, and so do their clients.
set -eu

usage() {
	sed -n '2,11s/^# \{0,1\}//p' "$0"
}

# complain WHAT: says what was wrong, and ends
complain() {
	printf 'install.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

here=$(cd "$(dirname "$0")" && pwd -P)
prefix=
kind=
uninstall=
while [ $# -gt 0 ]; do
	case $1 in
	--user | --system)
		[ -z "$kind" ] || complain "only one of --user, --system, --prefix" 64
		kind=$1
		;;
	--prefix | --prefix=*)
		[ -z "$kind" ] || complain "only one of --user, --system, --prefix" 64
		kind=--prefix
		case $1 in
		--prefix=*) prefix=${1#--prefix=} ;;
		*)
			[ $# -gt 1 ] || complain "--prefix needs a directory" 64
			prefix=$2
			shift
			;;
		esac
		[ -n "$prefix" ] || complain "--prefix needs a directory" 64
		;;
	--uninstall) uninstall=yes ;;
	-h | --help)
		usage
		exit 0
		;;
	*) complain "unknown option '$1' (see --help)" 64 ;;
	esac
	shift
done
case $kind in
--system) prefix=/usr/local ;;
'' | --user)
	[ -n "${HOME:-}" ] || complain "HOME is not set: say --prefix DIR"
	prefix=$HOME/.local
	;;
esac
case $prefix in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac

product=$prefix/lib/sharedserver
# each line: the link's place below PREFIX, and the product's file that it names, as seen from there
links='bin/sharedserver ../lib/sharedserver/bin/sharedserver
share/bash-completion/completions/sharedserver ../../../lib/sharedserver/share/bash-completion/completions/sharedserver
share/zsh/site-functions/_sharedserver ../../../lib/sharedserver/share/zsh/site-functions/_sharedserver
share/fish/vendor_completions.d/sharedserver.fish ../../../lib/sharedserver/share/fish/vendor_completions.d/sharedserver.fish
share/man/man1/sharedserver.1 ../../../lib/sharedserver/share/man/man1/sharedserver.1'

# each_link COMMAND: calls it with place and target of each
each_link() {
	printf '%s\n' "$links" | while read -r place target; do
		"$1" "$prefix/$place" "$target" || exit 1
	done
}

# is_ours PLACE TARGET: there is nothing, or the link that an install made
is_ours() {
	if [ -L "$1" ]; then
		[ "$(readlink "$1")" = "$2" ]
	else
		[ ! -e "$1" ]
	fi
}

must_be_ours() {
	is_ours "$1" "$2" || complain "$1 is not of an install of this kind: move it away first"
}

make_link() {
	mkdir -p "$(dirname "$1")" && ln -sfn "$2" "$1"
}

remove_link() {
	if is_ours "$1" "$2"; then
		rm -f "$1"
	else
		printf 'install.sh: %s is somebody else'\''s and stays\n' "$1" >&2
	fi
}

# empty directories of an uninstall, from the innermost; others stay
remove_directories() {
	for directory in share/bash-completion/completions share/bash-completion share/zsh/site-functions share/zsh \
		share/fish/vendor_completions.d share/fish share/man/man1 share/man share lib bin; do
		rmdir "$prefix/$directory" 2>/dev/null || :
	done
}

# is_product DIRECTORY: it is one that was installed; nothing else is ever removed
is_product() {
	[ -f "$1/lib/version" ] && [ -f "$1/lib/agent.options" ] && [ -x "$1/bin/sharedserver" ]
}

if [ -n "$uninstall" ]; then
	if [ ! -e "$product" ]; then
		complain "nothing is installed in $prefix"
	fi
	is_product "$product" || complain "$product is no installed sharedserver: it is left alone"
	[ -w "$prefix/lib" ] || complain "$prefix/lib cannot be written to"
	# without the product nobody could stop them when their time comes
	running=$("$product/bin/sharedserver" list --json 2>/dev/null | sed -n 's/^ *"name": *"\(.*\)",*$/\1/p' | tr '\n' ' ') || running=
	[ -z "$running" ] || complain "servers still run: ${running}(sharedserver stop NAME)"
	each_link remove_link
	rm -rf "$product"
	remove_directories
	printf 'removed sharedserver from %s\n' "$prefix"
	printf 'Logs and state are left: %s and the state directory.\n' "${XDG_STATE_HOME:-${HOME:-~}/.local/state}/sharedserver"
	exit 0
fi

is_product "$here" || complain "there is no product beside this script: run it in the unpacked archive"
[ "$here" != "$product" ] || complain "this is what is installed already"
if [ -e "$product" ] && ! is_product "$product"; then
	complain "$product is no installed sharedserver: move it away first"
fi
"$here/bin/sharedserver" --version >/dev/null 2>&1 ||
	complain "$here/bin/sharedserver does not run here: this archive is for another kind of machine ($(cat "$here/lib/platform" 2>/dev/null))"
"$here/lib/runtime/bin/java" -Xshare:auto --version >/dev/null 2>&1 ||
	complain "the Java run-time image does not run here: it needs glibc ($(cat "$here/lib/platform" 2>/dev/null))"
mkdir -p "$prefix/lib" || exit 1
[ -w "$prefix/lib" ] || complain "$prefix/lib cannot be written to"
each_link must_be_ours

# beside its place first, so that a full disk leaves the old one as it was
new=$prefix/lib/.sharedserver.new.$$
old=$prefix/lib/.sharedserver.old.$$
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM
mkdir "$new"
# a full disk is told once, not for each file
trouble=$(cp -R -p "$here/bin" "$here/lib" "$here/share" "$here/install.sh" "$here/LICENSE" "$here/THIRD-PARTY.md" "$new/" 2>&1) ||
	complain "nothing was installed: $(printf '%s\n' "$trouble" | head -n 1)"
if [ -e "$product" ]; then
	mv "$product" "$old"
	mv "$new" "$product" || {
		mv "$old" "$product"
		exit 1
	}
	rm -rf "$old"
else
	mv "$new" "$product"
fi
each_link make_link

printf 'installed sharedserver %s in %s\n' "$(cat "$product/lib/version")" "$prefix"
case ":${PATH:-}:" in
*":$prefix/bin:"*) ;;
*) printf 'Put %s/bin into your PATH.\n' "$prefix" ;;
esac
printf 'To remove it: %s/install.sh %s--uninstall\n' "$product" "$(
	case $kind in
	--prefix) printf -- '--prefix %s ' "$prefix" ;;
	--system) printf -- '--system ' ;;
	esac
)"
