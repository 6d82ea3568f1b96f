#!/bin/sh
# usage: local-repository.sh DIRECTORY [REPOSITORY]
# Makes a local repository for Maven that has what REPOSITORY (default: ~/.m2/repository) has, by links, and this build's
# artifacts for users, so that a project can be built with them, and REPOSITORY stays as it is.
set -eu
to=$1
from=${2:-$HOME/.m2/repository}
root=$(cd "$(dirname "$0")/../.." && pwd)

link_all() {
	for entry in "$1"/*; do
		[ "${entry##*/}" = "$3" ] || [ ! -e "$entry" ] || ln -s "$entry" "$2/"
	done
}
mkdir -p "$to/dev/sharedserver"
link_all "$from" "$to" dev
link_all "$from/dev" "$to/dev" sharedserver

put() {
	artifact=$1 pom=$2
	directory=$to/dev/sharedserver/$artifact/$version
	mkdir -p "$directory"
	cp "$pom" "$directory/$artifact-$version.pom"
	[ $# = 2 ] || cp "$3" "$directory/$artifact-$version.jar"
}
version=
for jar in "$root"/junit/target/sharedserver-junit-*.jar; do
	case $jar in
	*-sources.jar | *-javadoc.jar | *'*'*) ;;
	*) version=${jar##*/sharedserver-junit-} version=${version%.jar} ;;
	esac
done
[ -n "$version" ] || {
	echo "local-repository.sh: there are no artifacts: mvn package -pl junit -am -DskipTests" >&2
	exit 1
}
put sharedserver "$root/pom.xml"
put sharedserver-client "$root/client/pom.xml" "$root/client/target/sharedserver-client-$version.jar"
put sharedserver-junit "$root/junit/pom.xml" "$root/junit/target/sharedserver-junit-$version.jar"
