#!/bin/sh
# Prints what `sharedserver --version` says after the name: the version given, and the commit it was built from. The commit is
# asked of git in a clone, and read from build/commit in an archive that git made; elsewhere the version stands alone.
#
# usage: version.sh VERSION
set -eu
version=${1:?usage: version.sh VERSION}
root=$(cd "$(dirname "$0")/.." && pwd -P)
commit=
# only a repository of our own: a source tree may lie inside a foreign one
if [ -e "$root/.git" ]; then
	commit=$(git -C "$root" rev-parse --verify HEAD 2>/dev/null) || commit=
else
	commit=$(cat "$root/build/commit" 2>/dev/null) || commit=
fi
case $commit in
'' | *[!0-9a-f]*) printf '%s\n' "$version" ;;
*) printf '%s (%.7s)\n' "$version" "$commit" ;;
esac
