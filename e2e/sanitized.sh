#!/bin/sh
# Makes target/sanitized: the product with the launcher and guard that were built under the address and
# undefined-behaviour sanitizers. The rest is the product's own, linked.
set -eu
cd "$(dirname "$0")"
version=${1:?usage: sanitized.sh VERSION}
sh ../launcher/build.sh asan "$version"
rm -rf target/sanitized
mkdir -p target
cp -al ../dist/target/sharedserver target/sanitized
# not into the linked file, which is the product's
rm target/sanitized/bin/sharedserver
cp ../launcher/target/sharedserver-asan target/sanitized/bin/sharedserver
