import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Programs that the test image has, beside those of busybox. */
const programs = ['/bin/bash', '/usr/sbin/dropbear', '/usr/bin/dropbearkey', '/usr/lib/openssh/sftp-server'];
/** Of busybox, under these names. */
const applets = ['sh', 'cat', 'chmod', 'cp', 'cut', 'dirname', 'basename', 'date', 'echo', 'env', 'find', 'grep', 'head', 'hostname', 'id', 'kill', 'ln', 'ls', 'mkdir', 'mknod', 'mv', 'ps', 'pwd', 'readlink', 'rm', 'sed', 'seq', 'sleep',
  'sort', 'tail', 'tar', 'gzip', 'gunzip', 'test', 'touch', 'tr', 'tty', 'uname', 'wc', 'which', 'true', 'false', 'tee', 'sync', 'sha256sum', 'printf', 'telnet', 'telnetd'];

/**
 * Podman as the `docker` of this machine, with a store of its own and an image `lava-test` made of this machine's programs:
 * nothing is pulled from anywhere.
 */
export class Containers {
  readonly folder = mkdtempSync(join(tmpdir(), 'lava-containers-'));
  readonly image = 'lava-test';
  readonly #path = process.env['PATH'];

  /** Why containers cannot run here; undefined if they can. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'not root';
    for (const program of ['podman', 'podman-compose', 'runc', 'catatonit']) if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
    if (spawnSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true']).status !== 0) return 'this machine does not let us make namespaces';
    return undefined;
  }

  constructor() {
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    // crun wants to raise limits, which machines of tests may forbid.
    writeFileSync(join(this.folder, 'containers.conf'), `[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\n[network]\nnetwork_config_dir = "${this.folder}/networks"\n`);
    writeFileSync(join(bin, 'docker'), `#!/bin/sh\nexport CONTAINERS_CONF=${this.folder}/containers.conf\nexec podman --root ${this.folder}/store --runroot ${this.folder}/run "$@"\n`, { mode: 0o755 });
    writeFileSync(join(bin, 'docker-compose'), `#!/bin/sh\nexec podman-compose --podman-path ${bin}/docker "$@"\n`, { mode: 0o755 });
    process.env['PATH'] = `${bin}:${this.#path}`;
    this.#makeImage();
  }

  docker(...args: string[]): string {
    return execFileSync('docker', args, { encoding: 'utf8' });
  }

  /** Names of all containers, running or not. */
  names(): string[] {
    return this.docker('ps', '--all', '--format', '{{.Names}}').split('\n').filter((name) => name !== '');
  }

  #makeImage(): void {
    const root = this.#root;
    for (const folder of ['bin', 'dev', 'etc/dropbear', 'proc', 'root', 'run', 'sys', 'tmp', 'usr/lib/openssh', 'usr/sbin', 'usr/bin', 'var/run', 'var/log']) mkdirSync(join(root, folder), { recursive: true });
    copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
    const libraries = programs.flatMap((program) => [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map((m) => m[1] ?? ''));
    for (const file of new Set([...programs, ...libraries])) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      copyFileSync(file, join(root, file));
      chmodSync(join(root, file), 0o755);
    }
    // Where Debian's dropbear looks for it.
    symlinkSync('openssh/sftp-server', join(root, 'usr/lib/sftp-server'));
    writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
    writeFileSync(join(root, 'etc/shadow'), 'root:*:19000:0:99999:7:::\n');
    writeFileSync(join(root, 'etc/group'), 'root:x:0:\n');
    writeFileSync(join(root, 'etc/shells'), '/bin/sh\n/bin/bash\n');
    this.#import(this.image);
  }

  /** Makes an image of another name, with these scripts besides. @param scripts texts of scripts, by path */
  addImage(name: string, scripts: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(scripts)) {
      mkdirSync(dirname(join(this.#root, path)), { recursive: true });
      writeFileSync(join(this.#root, path), text, { mode: 0o755 });
    }
    this.#import(name);
  }

  get #root(): string {
    return join(this.folder, 'image');
  }

  #import(name: string): void {
    execFileSync('sh', ['-c', 'tar -C "$1" -c . | docker import - "$2"', 'sh', this.#root, name], { stdio: ['ignore', 'ignore', 'pipe'] });
  }

  remove(): void {
    process.env['PATH'] = this.#path;
    const docker = join(this.folder, 'bin/docker');
    spawnSync(docker, ['rm', '--all', '--force', '--time', '0']);
    spawnSync(docker, ['network', 'prune', '--force']);
    spawnSync(docker, ['rmi', '--all', '--force']);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
