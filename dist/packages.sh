#!/bin/sh
# Packs the assembled product: target/packages gets an archive with install.sh, a .deb (where there is dpkg-deb), an npm
# package, the bill of materials and the checksums of all. `mvn package -Dpackages` calls it.
#
# What is in the archives has the commit's time and belongs to root, so that two builds differ in the AOT caches only.
set -eu
cd "$(dirname "$0")"
product=target/sharedserver
out=target/packages
[ -x "$product/bin/sharedserver" ] || {
	echo "packages.sh: there is no $product: mvn package makes it" >&2
	exit 1
}
version=$(sed 's/ .*//' "$product/lib/version")
machine=$(uname -m)
case $machine in
x86_64) cpu=x64 deb=amd64 ;;
aarch64) cpu=arm64 deb=arm64 ;;
*)
	echo "packages.sh: no names are known for the machine $machine" >&2
	exit 1
	;;
esac
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$out"
mkdir -p "$out"

# ---- what all have in common ----
tree=$work/sharedserver-$version
mkdir "$tree"
cp -R -p "$product/." "$tree/"
cp package/THIRD-PARTY.md ../LICENSE "$tree/"
echo "linux-$machine, glibc" >"$tree/lib/platform"
chmod -R u=rwX,go=rX "$tree"

# pack DIRECTORY OPTION… >ARCHIVE
pack() {
	directory=$1
	shift
	tar -C "$directory" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$epoch" --format=gnu -cf - "$@" | gzip -6n
}

# ---- npm: no links in there ----
mkdir "$work/npm"
cp -R -L -p "$tree" "$work/npm/package"
sed "s/@VERSION@/$version/; s/@CPU@/$cpu/" package/npm.json >"$work/npm/package/package.json"
pack "$work/npm" package >"$out/sharedserver-$version-npm-linux-$cpu.tgz"

# ---- Debian ----
if command -v dpkg-deb >/dev/null; then
	root=$work/deb
	mkdir -p "$root/DEBIAN" "$root/usr/lib" "$root/usr/bin" "$root/usr/share/doc/sharedserver" \
		"$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
		"$root/usr/share/fish/vendor_completions.d" "$root/usr/share/man/man1"
	cp -R -p "$tree" "$root/usr/lib/sharedserver"
	own=$root/usr/lib/sharedserver/share
	ln -s ../lib/sharedserver/bin/sharedserver "$root/usr/bin/sharedserver"
	mv "$own/bash-completion/completions/sharedserver" "$root/usr/share/bash-completion/completions/"
	mv "$own/zsh/site-functions/_sharedserver" "$root/usr/share/zsh/vendor-completions/"
	mv "$own/fish/vendor_completions.d/sharedserver.fish" "$root/usr/share/fish/vendor_completions.d/"
	gzip -9nc "$own/man/man1/sharedserver.1" >"$root/usr/share/man/man1/sharedserver.1.gz"
	rm -rf "$own/bash-completion" "$own/zsh" "$own/fish" "$own/man" "$root/usr/lib/sharedserver/LICENSE"
	{
		echo "sharedserver is distributed under the Apache License 2.0, see /usr/share/common-licenses/Apache-2.0."
		echo "The Java run-time image in /usr/lib/sharedserver/lib/runtime has its own terms, in its folder legal."
		echo
		cat "$root/usr/lib/sharedserver/THIRD-PARTY.md"
	} >"$root/usr/share/doc/sharedserver/copyright"
	rm "$root/usr/lib/sharedserver/THIRD-PARTY.md"
	gzip -9nc ../CHANGELOG.md >"$root/usr/share/doc/sharedserver/changelog.gz"
	find "$root" -exec touch -h -d "@$epoch" {} +
	chmod -R u=rwX,go=rX "$root"
	# of the C library: what the run-time image was linked with
	cat >"$root/DEBIAN/control" <<-CONTROL
		Package: sharedserver
		Version: $(echo "$version" | sed 's/-SNAPSHOT$/~snapshot/')
		Architecture: $deb
		Maintainer: The sharedserver developers <developers@sharedserver.invalid>
		Installed-Size: $(du -k -s --apparent-size "$root/usr" | cut -f1)
		Depends: libc6 (>= 2.17)
		Suggests: openssh-client
		Section: devel
		Priority: optional
		Description: one server for many clients
		 Starts a server when the first client needs it, shares it with all others,
		 and stops it some time after the last one has gone. Clients are processes:
		 what exits or is killed lets go. For databases, language servers, development
		 servers, models and whatever else is slow to start and wanted by many.
	CONTROL
	(cd "$root" && find usr -type f -exec md5sum {} +) | sort -k 2 >"$root/DEBIAN/md5sums"
	SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz -z2 --build "$root" \
		"$out/sharedserver_$(echo "$version" | sed 's/-SNAPSHOT$/~snapshot/')_$deb.deb" >/dev/null
fi

# ---- the archive ----
cp -p package/install.sh "$tree/"
chmod 755 "$tree/install.sh"
pack "$work" "sharedserver-$version" >"$out/sharedserver-$version-linux-$machine.tar.gz"

cp target/bom.json "$out/sharedserver-$version.cdx.json"
(cd "$out" && sha256sum ./* >SHA256SUMS)
