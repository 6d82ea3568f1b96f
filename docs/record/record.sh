#!/bin/sh
# Records docs/session.svg with termtosvg (Debian: apt-get install termtosvg), from the product that is built.
set -eu
cd "$(dirname "$0")/../.."
PATH=$PWD/dist/target/sharedserver/bin:$PATH
export PATH
# it reads its own terminal, which it must have
script -qec "termtosvg docs/session.svg -g 100x30 -t window_frame -D 5000 -c 'bash docs/record/session.sh'" /dev/null
