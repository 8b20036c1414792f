import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../system/ports.ts';
import { waitUntil } from '../system/wait-until.ts';

/** OpenSSH's server on a loopback port, into which root signs in with a key that was made for it. Needs root. */
export class SshServer {
  readonly port: number;
  /** File of the private key. */
  readonly key: string;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(folder: string, port: number) {
    this.port = port;
    this.key = join(folder, 'key');
    this.#folder = folder;
    for (const file of [this.key, join(folder, 'host-key')]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    mkdirSync('/run/sshd', { recursive: true });
    writeFileSync(join(folder, 'sshd_config'), `ListenAddress 127.0.0.1:${port}
HostKey ${folder}/host-key
AuthorizedKeysFile ${this.key}.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
Subsystem sftp internal-sftp
`);
    this.#child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(folder, 'sshd_config')], { stdio: 'ignore' });
  }

  static async start(): Promise<SshServer> {
    const server = new SshServer(mkdtempSync(join(tmpdir(), 'lava-sshd-')), await freePort());
    await waitUntil('sshd to listen', () => answers(server.port));
    return server;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
  });
}
