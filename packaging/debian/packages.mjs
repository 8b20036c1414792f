// What the Debian packages are made of. The names are our own: packages named lava-server and lava-dispatcher are in
// Debian, and an upgrade there must never replace these, nor these them without a word (docs/operations.md).

/** Recommended: what most devices need. Suggested: what some do. A missing program disables only what needs it. */
export const packages = {
  worker: {
    name: 'lava-node-worker',
    summary: 'LAVA worker: runs tests on the devices beside it',
    description: ['Connects to a LAVA server, runs its jobs on boards and virtual devices, and', 'reports. Nothing of the server is needed.'],
    programs: ['lava-worker', 'lava-slave', 'lava-run', 'create_certificate'],
    unit: 'lava-worker.service',
    depends: ['nodejs (>= 20.19)', 'libc6', 'libstdc++6', 'hostname', 'tar'],
    recommends: ['e2fsprogs', 'cpio', 'xz-utils', 'zstd', 'bzip2', 'git', 'udev', 'openssh-client', 'telnet', 'fdisk', 'eatmydata', 'qemu-system-x86', 'qemu-system-arm', 'u-boot-tools', 'ser2net'],
    suggests: ['nfs-ganesha-vfs | nfs-kernel-server', 'podman | docker.io', 'fastboot', 'dfu-util', 'openocd', 'gdb-multiarch', 'android-sdk-libsparse-utils', 'pdudaemon'],
    conflicts: ['lava-dispatcher'],
  },
  server: {
    name: 'lava-node-server',
    summary: 'LAVA server: web, API, scheduler of tests on devices',
    description: ['Keeps devices, jobs and results of a lab, decides which job gets which device,', 'and serves people, scripts and workers. PostgreSQL is inside; another can be named.'],
    programs: ['lava-server', 'lava-master'],
    unit: 'lava-server.service',
    assets: { web: 'packages/web/dist' },
    depends: ['nodejs (>= 20.19)', 'libc6', 'libstdc++6', 'adduser'],
    recommends: ['tzdata', 'xz-utils', 'bzip2'],
    suggests: ['postgresql', 'nginx | apache2', 'prometheus', 'slapd'],
    conflicts: ['lava-server', 'lava-server-doc'],
  },
  cli: {
    name: 'lava-node-cli',
    summary: 'LAVA in the terminal: submit, follow and run jobs',
    description: ['The command lava talks to a LAVA server, and can run a job on a device of this', 'machine without one.'],
    programs: ['lava'],
    depends: ['nodejs (>= 20.19)'],
    recommends: [],
    suggests: ['qemu-system-x86'],
    conflicts: [],
  },
};
