#!/bin/sh
# Makes the portable product (docs/portable.md) of the assembled one: launcher and guard in Java instead of C.
#
#   portable.sh FROM TO                 the product in FROM, copied to TO; both may be the same directory
#   portable.sh --unless FILE FROM TO   the same unless there is such a file
#
# What is up to date is kept.
set -eu
sources=$(cd "$(dirname "$0")/.." && pwd -P)
if [ "${1-}" = --unless ]; then
	[ ! -e "$2" ] || exit 0
	shift 2
fi
from=${1:?usage: portable.sh FROM TO}
to=${2:?usage: portable.sh FROM TO}
jar=$sources/dist/target/sharedserver-portable.jar
product=$sources/portable/src/product

if [ "$from" != "$to" ]; then
	rm -rf "$to.new"
	# links where the system has them; what is changed below is removed first
	cp -al "$from" "$to.new" 2>/dev/null || cp -R "$from" "$to.new"
	# caches that were made before are good as long as their names are asked for
	cp "$to"/lib/launcher-*.aot "$to"/lib/portable-*.aot "$to.new/lib/" 2>/dev/null || true
	rm -rf "$to"
	mv "$to.new" "$to"
fi
lib=$to/lib
rm -f "$lib"/agent-*.aot "$lib/agent.options" "$to/bin/sharedserver"
rm -f "$lib/sharedserver-portable.jar"
cp "$jar" "$lib/sharedserver-portable.jar"

hash_of() {
	if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi | cut -c1-16
}

# options NAME JAR…: lib/NAME.options with class path and the name of the cache, which holds what it depends on
options() {
	name=$1
	shift
	classpath=
	for one in "$@"; do
		classpath=$classpath${classpath:+:}%h/lib/$one
	done
	hash=$({
		cat "$product/$name.options"
		(cd "$lib" && cat "$@" runtime/lib/server/libjvm.* runtime/lib/modules)
	} | hash_of)
	rm -f "$lib/$name.options"
	sed -e "s|@CLASSPATH@|$classpath|" -e "s|@CACHE@|$name-$hash.aot|" "$product/$name.options" >"$lib/$name.options"
	for old in "$lib/$name"-*.aot; do
		[ "$old" = "$lib/$name-$hash.aot" ] || rm -f "$old"
	done
}
options launcher sharedserver-portable.jar sharedserver-core.jar sharedserver-os.jar
options portable sharedserver-portable.jar sharedserver-core.jar sharedserver-os.jar sharedserver-cli.jar \
	sharedserver-agent.jar gson.jar re2j.jar

# the launcher's options stand in the script itself, so that no call has to read them
mkdir -p "$to/bin"
while IFS= read -r line; do
	if [ "$line" = "	@OPTIONS@ \\" ]; then
		grep -v '^#' "$lib/launcher.options" | sed -e "s|%h|\$home|g" -e 's|.*|	"&" \\|'
	else
		printf '%s\n' "$line"
	fi
done <"$product/sharedserver" >"$to/bin/.new"
chmod 755 "$to/bin/.new"
mv -f "$to/bin/.new" "$to/bin/sharedserver"

sh "$lib/make-program-cache.sh" launcher
sh "$lib/make-program-cache.sh" portable
