#!/bin/sh
# The manual page of a product: no warning of groff or mandoc, and every verb of the overview in it.
# usage: manpage.sh PRODUCT     ends with "N passed, N failed"
set -u
product=${1:?usage: manpage.sh PRODUCT}
page=$product/share/man/man1/sharedserver.1
passed=0
failed=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export SHAREDSERVER_LOCKDIR="$scratch/state"
check() {
	if [ -z "$2" ]; then
		passed=$((passed + 1))
	else
		echo "manual page: FAIL: $1: $2"
		failed=$((failed + 1))
	fi
}
check "groff warns" "$(LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$page" 2>&1 >/dev/null | head -n 5)"
# long input lines are a matter of style
check "mandoc warns" "$(mandoc -T lint -W warning "$page" 2>&1 | head -n 5)"
text=$(MANWIDTH=200 LC_ALL=C.UTF-8 man -E UTF-8 -l "$page" 2>&1 | sed "s/.$(printf '\b')//g")
for section in NAME SYNOPSIS DESCRIPTION VERBS OPTIONS 'EXIT STATUS' ENVIRONMENT FILES EXAMPLES 'SEE ALSO'; do
	check "section $section" "$(echo "$text" | grep -qx "$section" || echo missing)"
done
# what help lists between "Verbs:" and the next empty line: a verb of one or two words, two blanks or more, what it does
verbs=$("$product/bin/sharedserver" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z]* \{0,1\}[a-z]*\)  *.*/\1/p')
check "help lists verbs" "$([ "$(echo "$verbs" | wc -l)" -gt 15 ] || echo "$verbs")"
IFS='
'
for verb in $verbs; do
	verb=${verb% }
	check "verb $verb" "$(echo "$text" | grep -q "^   $verb\( \|$\)" || echo missing)"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
