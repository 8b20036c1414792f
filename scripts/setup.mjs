// Installs what is missing, then builds: registry packages, Debian programs, our programs, the web application.
// `node scripts/setup.mjs [test]` – with `test` also what only the tests need. Quick when everything is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const forTests = process.argv.includes('test');

/** A file or program that shows a Debian package is installed. */
const needed = {
  'qemu-system-x86': 'qemu-system-x86_64',
  'busybox-static': 'busybox',
  'e2fsprogs': 'debugfs',
  'eatmydata': 'eatmydata',
  'cpio': 'cpio',
  'xz-utils': 'xz',
  'zstd': 'zstd',
  'bzip2': 'bzip2',
  'git': 'git',
  ...(forTests && {
    'bash': 'bash',
    'fdisk': 'sfdisk',
    'dash': 'dash',
    'qemu-system-arm': 'qemu-system-aarch64',
    'u-boot-qemu': '/usr/lib/u-boot/qemu_arm64/u-boot.bin',
    'u-boot-tools': 'mkimage',
    'nfs-ganesha': 'ganesha.nfsd',
    'nfs-ganesha-vfs': '/usr/share/doc/nfs-ganesha-vfs',
    'ovmf': '/usr/share/OVMF/OVMF_CODE.fd',
    'grub-efi-amd64-bin': '/usr/lib/grub/x86_64-efi/tftp.mod',
    'grub-common': 'grub-mkstandalone',
    'grub-pc-bin': '/usr/lib/grub/i386-pc/boot.img',
    'telnet': 'telnet',
    'ipxe-qemu': '/usr/lib/ipxe/qemu/efi-virtio.rom',
    'chromium': 'chromium',
    'faketime': 'faketime',
    'iproute2': 'ip',
    'python3': 'python3',
    'python3-yaml': '/usr/lib/python3/dist-packages/yaml',
    'python3-jinja2': '/usr/lib/python3/dist-packages/jinja2',
    'lavacli': 'lavacli',
    'python3-aiohttp': '/usr/lib/python3/dist-packages/aiohttp',
    'python3-configobj': '/usr/lib/python3/dist-packages/configobj',
    'python3-magic': '/usr/lib/python3/dist-packages/magic',
    'python3-netifaces': '/usr/share/doc/python3-netifaces',
    'python3-pexpect': '/usr/lib/python3/dist-packages/pexpect',
    'python3-pyudev': '/usr/lib/python3/dist-packages/pyudev',
    'python3-requests': '/usr/lib/python3/dist-packages/requests',
    'python3-setproctitle': '/usr/lib/python3/dist-packages/setproctitle',
    'python3-tz': '/usr/lib/python3/dist-packages/pytz',
    'python3-voluptuous': '/usr/lib/python3/dist-packages/voluptuous',
    'python3-zmq': '/usr/lib/python3/dist-packages/zmq',
    'ser2net': 'ser2net',
    'socat': 'socat',
    'pdudaemon': 'pdudaemon',
    'slapd': 'slapd',
    'udev': 'udevadm',
    'umockdev': 'umockdev-run',
    'gdb-multiarch': 'gdb-multiarch',
    'dfu-util': 'dfu-util',
    'uuu': 'uuu',
    'openocd': 'openocd',
    'qdl': 'qdl',
    'python3-pyocd': 'pyocd-flashtool',
    'fastboot': 'fastboot',
    'android-sdk-libsparse-utils': 'simg2img',
    'nbd-server': 'nbd-server',
    'libarchive-tools': 'bsdtar',
    'unzip': 'unzip',
    'gir1.2-umockdev-1.0': '/usr/share/doc/gir1.2-umockdev-1.0',
    'python3-gi': '/usr/lib/python3/dist-packages/gi',
    'podman': 'podman',
    'podman-compose': 'podman-compose',
    'docker-compose': 'docker-compose',
    'runc': 'runc',
    'containernetworking-plugins': '/usr/lib/cni/bridge',
    'iptables': 'iptables',
    'catatonit': 'catatonit',
    'schroot': 'schroot',
    'dropbear-bin': 'dropbear',
    'openssh-client': 'scp',
    'openssh-server': 'sshd',
    'rclone': 'rclone',
    'openssh-sftp-server': '/usr/lib/openssh/sftp-server',
  }),
};

const searched = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
const installed = (what) => (what.startsWith('/') ? existsSync(what) : searched.some((dir) => existsSync(join(dir, what))));

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (status !== 0) fail(`'${command} ${args.join(' ')}' failed`);
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

function debianPackages() {
  const missing = Object.keys(needed).filter((name) => !installed(needed[name]));
  // The guest's kernel is downloaded by apt, which needs its lists.
  const lists = existsSync('/var/lib/apt/lists') && readdirSync('/var/lib/apt/lists').some((f) => f.includes('_Packages'));
  if (missing.length === 0 && lists) return;
  const lines = [...(lists ? [] : ['apt-get update']), ...(missing.length > 0 ? [`apt-get install -y --no-install-recommends ${missing.join(' ')}`] : [])];
  if (process.getuid?.() !== 0) {
    fail(`some Debian packages are missing. Please run, then try again:\n${lines.map((l) => `  sudo ${l}`).join('\n')}`);
  }
  for (const line of lines) {
    console.log(`setup: ${line}`);
    const [command, ...args] = line.split(' ');
    // Lists may be older than the mirror: refresh once and try again.
    const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    if (spawnSync(command, ['-qq', ...args], quiet).status === 0) continue;
    run('apt-get', ['-qq', 'update'], quiet);
    run(command, ['-qq', ...args], quiet);
  }
}

function registryPackages() {
  const mark = join(root, 'node_modules/.package-lock.json');
  if (existsSync(mark) && statSync(mark).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs) return;
  console.log('setup: npm install');
  // Not `npm ci`: it refuses a lock file that lacks optional packages for other machines, which a mirror need not carry.
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
}

/** Names and times of all files that the build reads. */
function sourceState() {
  const hash = createHash('sha256');
  const walk = (dir) => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      const path = join(dir, entry.name);
      if (entry.name === 'node_modules' || entry.name === 'dist') continue;
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) hash.update(`${path} ${statSync(path).mtimeMs}\n`);
    }
  };
  for (const dir of ['packages', 'device-types', 'scripts']) walk(join(root, dir));
  return hash.update(statSync(join(root, 'package-lock.json')).mtimeMs.toString()).digest('hex');
}

function build() {
  const mark = join(root, '.cache/built');
  const state = sourceState();
  if (existsSync(mark) && readFileSync(mark, 'utf8') === state) return;
  console.log('setup: building');
  run(process.execPath, ['scripts/build.mjs']);
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(mark, state);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) fail(`Node.js 20.19 or newer is needed, this is ${process.version}`);
debianPackages();
registryPackages();
build();
