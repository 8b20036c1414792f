#!/bin/bash
# Builds the test guest into a folder: vmlinuz, initramfs.cpio.gz, rootfs.tar.gz and rootfs.ext4 (64 MiB), from Debian's cloud
# kernel and busybox. Login: root, no password; prompt `root@guest:~# `. Needs apt-get, dpkg-deb, cpio, gzip, mke2fs, busybox.
# usage: build.sh FOLDER [amd64|arm64]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
arch=${2:-amd64}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# The lists of another architecture than the machine's are fetched to a place of their own: the system stays as it is.
apt=(-q -o "APT::Sandbox::User=$(id -un)")
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
    mkdir -p "$work"/apt/{lists,cache/archives}/partial
    apt+=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State::Lists=$work/apt/lists" -o Dir::State::status=/dev/null
        -o "Dir::Cache=$work/apt/cache" -o Acquire::Languages=none)
    apt-get "${apt[@]}" update > /dev/null
fi
kernel=$(apt-cache "${apt[@]}" depends "linux-image-cloud-$arch" | awk '/Depends: linux-image-/ {print $2; exit}')
[ -n "$kernel" ] || { echo "build.sh: apt knows no linux-image-cloud-$arch; run 'apt-get update' first" >&2; exit 1; }
(cd "$work" && apt-get "${apt[@]}" download "$kernel" busybox-static > /dev/null)
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
cp "$work"/kernel/boot/vmlinuz-* "$out/vmlinuz"

root=$work/root
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp,run,root,mnt,lib/modules}
dpkg-deb -x "$work"/busybox-static*.deb "$work/busybox"
cp "$work/busybox/bin/busybox" "$root/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
ln -sf ../init "$root/sbin/init"
for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover virtio_net \
    sunrpc dns_resolver grace lockd fscache netfs nfs nfsv4; do
    file=$(find "$work/kernel" -name "$module.ko*" -print -quit)
    case $file in
    '') ;; # built into this kernel
    *.xz) xz -dc "$file" > "$root/lib/modules/$module.ko" ;;
    *) cp "$file" "$root/lib/modules/$module.ko" ;;
    esac
done
install -m 755 "$here/init" "$root/init"
install -m 755 "$here/udhcpc-lease" "$root/bin/udhcpc-lease"
echo guest > "$root/etc/hostname"
echo 'root::0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo '127.0.0.1 localhost guest' > "$root/etc/hosts"
printf 'ID=guest\nNAME="LAVA test guest"\nPRETTY_NAME="LAVA test guest"\n' > "$root/etc/os-release"
printf "export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root PS1='root@guest:\\\\w# '\n" > "$root/etc/profile"

(cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -9n > "$out/initramfs.cpio.gz"
tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner -czf "$out/rootfs.tar.gz" .
rm -f "$out/rootfs.ext4"
truncate -s 64M "$out/rootfs.ext4"
PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -L guestroot -E root_owner=0:0 -d "$root" "$out/rootfs.ext4"
