#!/bin/sh
# Installs what `mvn package -Dpackages` has packed, as its users would, and removes it. Ends with "N passed, N failed".
#
# usage: packages.sh [PACKAGES], by default ../target/packages
set -u
cd "$(dirname "$0")" || exit 1
packages=$(cd "${1:-../target/packages}" && pwd -P) || exit 1
work=$(mktemp -d)
passed=0
failed=0
started=

cleanup() {
	for pid in $started; do
		kill "$pid" 2>/dev/null
	done
	for bin in "$work"/*/bin/sharedserver "$work"/home/.local/bin/sharedserver; do
		[ -x "$bin" ] && env -i SHAREDSERVER_LOCKDIR="$work/state" "$bin" stop web --even-if-used >/dev/null 2>&1
	done
	# the guard ends 5 s after its last server
	tries=0
	while [ -S "$work/state/.agent.sock" ] && [ $tries -lt 300 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	chmod -R u+w "$work"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

ok() {
	if "$@" >"$work/out" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "failed with $?: $*"
		cat "$work/out"
	fi
}

not() {
	! "$@"
}

# refuses TEXT COMMAND…: it fails, and complains with the text
refuses() {
	text=$1
	shift
	"$@" >"$work/said" 2>&1 && {
		echo "was not refused"
		return 1
	}
	grep -qF -e "$text" "$work/said" || {
		cat "$work/said"
		return 1
	}
}

# one PATTERN: prints the only file of that name
one() {
	# shellcheck disable=SC2086
	set -- "$packages"/$1
	[ $# = 1 ] && [ -f "$1" ] && printf '%s\n' "$1"
}

# what a shell of somebody has who has neither a JDK nor a compiler
mkdir "$work/tools"
for tool in sh cat cp mv rm ln ls tr mkdir rmdir dirname readlink sleep grep sed tar gzip uname; do
	ln -s "$(command -v $tool)" "$work/tools/$tool"
done
plainly() {
	env -i PATH="$work/tools" HOME="$work/home" SHAREDSERVER_LOCKDIR="$work/state" "$@"
}

# serves BIN: two clients share a server, and it goes with the second
serves() {
	plainly "$1" use web --grace-period 0s --pid "$first" -- sleep 1000 &&
		plainly "$1" use web --pid "$second" &&
		plainly "$1" info web --json | grep -q '"refcount": *2' &&
		plainly "$1" unuse web --pid "$first" &&
		plainly "$1" check web &&
		plainly "$1" unuse web --pid "$second" &&
		plainly "$1" wait web --for stopped --timeout 30s
}

sleep 1000 &
first=$!
sleep 1000 &
second=$!
started="$first $second"
mkdir "$work/home"

# ---- the files ----
small() {
	find "$packages" -size +45M | {
		read -r large && echo "larger than 45 MiB: $large" && exit 1
		exit 0
	}
}
ok small
sums() {
	(cd "$packages" && sha256sum -c SHA256SUMS && [ "$(wc -l <SHA256SUMS)" = "$(($(find . -type f | wc -l) - 1))" ])
}
ok sums

# ---- the archive ----
archive=$(one '*-linux-*.tar.gz') || echo "there is no archive"
mkdir "$work/unpacked"
ok tar -C "$work/unpacked" -xzf "$archive"
set -- "$work/unpacked"/*
tree=$1
ok test -f "$tree/THIRD-PARTY.md" -a -f "$tree/LICENSE"
ok refuses "unknown option" plainly "$tree/install.sh" --wrong
ok refuses "needs a directory" plainly "$tree/install.sh" --prefix
ok refuses "only one of" plainly "$tree/install.sh" --system --prefix /nowhere
ok refuses "nothing is installed" plainly "$tree/install.sh" --uninstall
ok plainly "$tree/install.sh"
ok test -L "$work/home/.local/bin/sharedserver"
for share in bash-completion/completions/sharedserver zsh/site-functions/_sharedserver fish/vendor_completions.d/sharedserver.fish man/man1/sharedserver.1; do
	ok test -s "$work/home/.local/share/$share"
done
ok plainly "$work/home/.local/bin/sharedserver" --version
ok serves "$work/home/.local/bin/sharedserver"

# a newer one in its place: what runs, runs on
ok plainly "$work/home/.local/bin/sharedserver" use web --pid "$first" -- sleep 1000
pid_of_web() {
	plainly "$work/home/.local/bin/sharedserver" info web --json | sed -n 's/^ *"pid": *\([0-9]*\).*/\1/p' | head -n 1
}
before=$(pid_of_web)
ok plainly "$tree/install.sh" --user
ok test -n "$before" -a "$before" = "$(pid_of_web)"
ok refuses "servers still run: web" plainly "$work/home/.local/lib/sharedserver/install.sh" --uninstall
ok plainly "$work/home/.local/bin/sharedserver" unuse web --pid "$first"
ok plainly "$work/home/.local/bin/sharedserver" stop web
ok plainly "$work/home/.local/lib/sharedserver/install.sh" --uninstall
ok not test -e "$work/home/.local/lib"
ok not test -e "$work/home/.local/bin"
ok not test -e "$work/home/.local/share"

# what is another's is neither replaced nor removed
strange="$work/a b'\$x"
mkdir -p "$strange/bin"
echo mine >"$strange/bin/sharedserver"
ok refuses "is not of an install" plainly "$tree/install.sh" --prefix "$strange"
ok grep -q mine "$strange/bin/sharedserver"
ok not test -e "$strange/lib/sharedserver"
rm "$strange/bin/sharedserver"
ok plainly "$tree/install.sh" --prefix="$strange"
ok serves "$strange/bin/sharedserver"
rm "$strange/share/man/man1/sharedserver.1"
echo mine >"$strange/share/man/man1/sharedserver.1"
ok plainly "$tree/install.sh" --prefix "$strange" --uninstall
ok grep -q mine "$strange/share/man/man1/sharedserver.1"
ok not test -e "$strange/bin"
mkdir -p "$strange/lib/sharedserver/lib"
echo mine >"$strange/lib/sharedserver/lib/version"
ok refuses "is no installed sharedserver" plainly "$tree/install.sh" --prefix "$strange" --uninstall
ok refuses "is no installed sharedserver" plainly "$tree/install.sh" --prefix "$strange"
ok grep -q mine "$strange/lib/sharedserver/lib/version"

# ---- the .deb ----
deb=$(one '*.deb') || echo "there is no .deb"
mkdir -p "$work/root/var/lib/dpkg/updates" "$work/root/var/lib/dpkg/info"
: >"$work/root/var/lib/dpkg/status"
# no apt here: what it depends on is the C library of this machine; a clean Debian is in .ci/soak
debian() {
	dpkg --root="$work/root" --force-not-root --force-depends --log=/dev/null "$@"
}
ok debian -i "$deb"
ok serves "$work/root/usr/bin/sharedserver"
ok test -s "$work/root/usr/share/man/man1/sharedserver.1.gz" -a -s "$work/root/usr/share/doc/sharedserver/copyright"
verified() {
	(cd "$work/root" && md5sum --quiet -c var/lib/dpkg/info/sharedserver.md5sums)
}
ok verified
ok debian -P sharedserver
ok not test -e "$work/root/usr"

# ---- the npm package ----
npm=$(one '*-npm-*.tgz') || echo "there is no npm package"
mkdir "$work/project"
echo '{"name": "project", "private": true}' >"$work/project/package.json"
installed() {
	(cd "$work/project" && npm install --offline --no-audit --no-fund --silent "$npm")
}
ok installed
ok serves "$work/project/node_modules/.bin/sharedserver"

# ---- the bill of materials: each file that is code, with its checksum ----
bill=$(one '*.cdx.json') || echo "there is no bill of materials"
billed() {
	grep -qF "$(sha256sum <"$1" | cut -d' ' -f1)" "$bill" || {
		echo "not in the bill: $1"
		return 1
	}
}
for file in "$tree"/lib/*.jar "$tree/bin/sharedserver" "$tree/lib/runtime/lib/modules"; do
	ok billed "$file"
done

echo "$passed passed, $failed failed"
[ $failed = 0 ]
