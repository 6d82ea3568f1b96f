#!/bin/sh
# Runs real projects of frameworks with the product: installs them, has them served, changes a page, ends them. Takes the
# network and about half a gigabyte, so it is a part of .ci/soak. usage: e2e/dev/frameworks.sh [FRAMEWORK…]
set -eu
cd "$(dirname "$0")"
sharedserver=${SHAREDSERVER_HOME:-$PWD/../../dist/target/sharedserver}/bin/sharedserver
work=$(mktemp -d)
SHAREDSERVER_LOCKDIR=$work/state
export SHAREDSERVER_LOCKDIR ASTRO_TELEMETRY_DISABLED=1 NEXT_TELEMETRY_DISABLED=1
mkdir "$work/state"
end() {
	"$sharedserver" stop @dev --even-if-used >/dev/null 2>&1 || true
	rm -rf "$work"
}
trap end EXIT
fail() {
	echo "frameworks: $1"
	"$sharedserver" dev logs "$project" -n 40 || true
	exit 1
}

# what a browser gets of the page; the first request compiles it
served() {
	curl -sS --max-time 120 "$url/"
}

# waits until the page says something
says() {
	end=$(($(date +%s) + 120))
	until served | grep -q "$1"; do
		[ "$(date +%s)" -lt "$end" ] || fail "the page of $project does not say '$1': $(served | head -c 400)"
		sleep 1
	done
}

[ $# -gt 0 ] || set -- astro next
for project; do
	cp -r "$project" "$work/$project"
	case $project in
	astro)
		page=src/pages/index.astro
		mkdir -p "$work/astro/src/pages"
		printf '<html lang="en"><head><title>a</title></head><body><p>first words</p></body></html>\n' >"$work/astro/$page"
		;;
	next)
		page=app/page.jsx
		mkdir -p "$work/next/app"
		printf 'export default function Layout({ children }) {\n  return <html lang="en"><body>{children}</body></html>\n}\n' >"$work/next/app/layout.jsx"
		printf 'export default function Page() {\n  return <p>first words</p>\n}\n' >"$work/next/$page"
		;;
	esac
	(cd "$work/$project" && timeout 600 npm install --silent --no-save --no-audit --no-fund </dev/null)
	began=$(date +%s%N)
	timeout 180 "$sharedserver" dev up --detach "$work/$project" >"$work/up" || fail "$project is not up"
	took=$((($(date +%s%N) - began) / 1000000))
	url=$("$sharedserver" dev status --json | sed -n 's/.*"viteURL": *"\(http[^"]*\)".*/\1/p')
	[ -n "$url" ] || fail "$project has no address"
	says 'first words'
	sed -i 's/first words/other words/' "$work/$project/$page"
	says 'other words'
	timeout 60 "$sharedserver" dev down "$project" >"$work/down" || fail "$project does not end"
	! curl -s --max-time 5 "$url/" >/dev/null || fail "$project still answers at $url"
	"$sharedserver" dev doctor --json | grep -q '"no process of this hub without its project"' ||
		fail "$project has left a process"
	echo "frameworks: $project $(sed -n "s|.*\"$project\": \"\([0-9.]*\)\".*|\1|p" "$project/package.json") was ready in $took ms, installed and warm"
done
