#!/bin/bash
# Builds the test guest into a folder: vmlinuz, initramfs.cpio.gz, rootfs.tar.gz and rootfs.ext4 (64 MiB), from Debian's cloud
# kernel and busybox; and what few guests need, as archives that are put behind the initramfs: nfs, disk (modules for IDE
# disks and CDs), kexec and ssh. Login: root, no password; prompt `root@guest:~# `.
# Needs apt-get, dpkg-deb, cpio, gzip, mke2fs, busybox.
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

# modules ROOT NAME…: those that are not built into the kernel.
modules() {
    local to=$1/lib/modules module file
    mkdir -p "$to"
    for module in "${@:2}"; do
        file=$(find "$work/kernel" -name "$module.ko*" -print -quit)
        case $file in
        '') ;;
        *.xz) xz -dc "$file" > "$to/$module.ko" ;;
        *) cp "$file" "$to/$module.ko" ;;
        esac
    done
}

# program ROOT PACKAGE PATH: a program with the libraries it needs.
program() {
    local to=$1 package=$2 path=$3 from=$work/$2 libraries name again
    mkdir -p "$from/debs" "$to/bin" "$to/sbin" "$to/lib" "$to/lib64"
    libraries=$(apt-cache "${apt[@]}" depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$package" | grep -E '^z?lib[^:]*$')
    (cd "$from/debs" && apt-get "${apt[@]}" download "$package" $libraries > /dev/null)
    for name in "$from"/debs/*.deb; do dpkg-deb -x "$name" "$from/root"; done
    install -D "$from/root$path" "$to$path"
    # A library is needed if its name is written in the program, or in a library that is.
    for again in 1 2 3 4; do
        for name in $(find "$from/root" -name '*.so.*' -exec basename {} \; | sort -u); do
            [ -e "$to/lib/$name" ] || ! grep -rqsF "$name" "$to" || cp -L "$(find "$from/root" -name "$name" -print -quit)" "$to/lib/$name"
        done
    done
    # The loader stands where the program was linked to look for it.
    for name in "$to"/lib/ld-linux*; do case $name in *x86-64*) mv "$name" "$to/lib64/" ;; esac; done
}

pack() {
    (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) | gzip -9n > "$2"
}

root=$work/root
mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp,run,root,mnt,lib/modules}
dpkg-deb -x "$work"/busybox-static*.deb "$work/busybox"
cp "$work/busybox/bin/busybox" "$root/bin/busybox"
for applet in $(busybox --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
done
ln -sf ../init "$root/sbin/init"
modules "$root" virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk failover net_failover virtio_net
install -m 755 "$here/init" "$root/init"
install -m 755 "$here/udhcpc-lease" "$root/bin/udhcpc-lease"
echo guest > "$root/etc/hostname"
echo 'root::0:0:root:/root:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:' > "$root/etc/group"
echo '127.0.0.1 localhost guest' > "$root/etc/hosts"
printf 'ID=guest\nNAME="LAVA test guest"\nPRETTY_NAME="LAVA test guest"\n' > "$root/etc/os-release"
printf "export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root PS1='root@guest:\\\\w# '\n" > "$root/etc/profile"

pack "$root" "$out/initramfs.cpio.gz"
tar -C "$root" --sort=name --owner=0 --group=0 --numeric-owner -czf "$out/rootfs.tar.gz" .
rm -f "$out/rootfs.ext4"
truncate -s 64M "$out/rootfs.ext4"
PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -L guestroot -E root_owner=0:0 -d "$root" "$out/rootfs.ext4"

modules "$work/nfs" sunrpc dns_resolver grace lockd fscache netfs nfs nfsv4
modules "$work/disk" scsi_common scsi_mod libata ata_piix sd_mod cdrom sr_mod isofs
program "$work/kexec" kexec-tools /sbin/kexec
program "$work/ssh" dropbear-bin /usr/sbin/dropbear
program "$work/ssh" openssh-sftp-server /usr/lib/openssh/sftp-server
ln -s openssh/sftp-server "$work/ssh/usr/lib/sftp-server"
for part in nfs disk kexec ssh; do pack "$work/$part" "$out/$part.cpio.gz"; done
