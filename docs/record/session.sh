#!/bin/bash
# What docs/session.svg shows: two terminals' worth of a web server, typed by a script, answered by the product.
# Made by docs/record/record.sh.
set -u
work=$(mktemp -d)
export SHAREDSERVER_LOCKDIR=$work/state XDG_CONFIG_HOME=$work/config HOME=$work
cd "$work" || exit 1
unset CDPATH
trap 'kill $editor $shell 2>/dev/null; rm -rf "$work"' EXIT

say() {
	printf '\033[2m# %s\033[0m\n' "$1"
	sleep 1.2
}
# types a command, a word at a time (a letter at a time makes four times the file), and runs it
run() {
	printf '\033[32m$\033[0m '
	local word
	for word in $1; do
		printf '%s ' "$word"
		sleep 0.12
	done
	printf '\n'
	eval "$1"
	sleep "${2:-1.2}"
}

sleep 600 & editor=$!
sleep 600 & shell=$!
disown -a
say "an editor (pid $editor) needs the web server"
run "sharedserver use web --pid $editor --port auto --ready-tcp '\${PORT}' --grace-period 4s -- sh -c 'exec python3 -m http.server \$PORT'"
say "a shell (pid $shell) needs it, too: no second one is started"
run "sharedserver use web --pid $shell"
run "sharedserver list"
say "the editor crashes, the shell says good-bye"
run "kill -9 $editor; sharedserver unuse web --pid $shell"
run "sharedserver list"
say "nobody comes back within 4 s"
run "sharedserver wait web --for stopped; sharedserver list"
run "sharedserver why web" 4
