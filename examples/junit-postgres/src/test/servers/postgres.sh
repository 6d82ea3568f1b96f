#!/bin/sh
# PostgreSQL for tests, on $PORT. Its data lies outside of target/, so that `mvn clean` does not pull it from under the server.
set -eu
PATH=$PATH:$(echo /usr/lib/postgresql/*/bin | tr ' ' ':') # Debian keeps initdb and postgres there
data=${EXAMPLE_PGDATA:-$HOME/.cache/sharedserver-example/postgres}
if [ ! -s "$data/PG_VERSION" ]; then
	mkdir -p "$data"
	initdb --pgdata "$data" --username test --auth trust --encoding UTF8 --locale C --no-sync >&2
fi
# what is only for tests need not survive a power failure
exec postgres -D "$data" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
	-c fsync=off -c synchronous_commit=off -c full_page_writes=off
