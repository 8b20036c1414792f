import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { waitUntil } from '@lava/testbed';

/** An NFS server without a kernel's help (Debian: nfs-ganesha, nfs-ganesha-vfs). */
export const ganesha = '/usr/bin/ganesha.nfsd';
const port = 2049;

/** Exports a folder for reading and writing to this machine. */
export class NfsServer {
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess) {
    this.#process = process;
  }

  static async start(folder: string): Promise<NfsServer> {
    const state = join(folder, 'ganesha');
    mkdirSync(state, { recursive: true });
    const config = join(state, 'ganesha.conf');
    writeFileSync(config, `
NFS_CORE_PARAM { Protocols = 4; NFS_Port = ${port}; Bind_addr = 127.0.0.1; Enable_NLM = false; Enable_RQUOTA = false; }
NFSV4 { Only_Numeric_Owners = true; RecoveryBackend = fs; RecoveryRoot = ${state}; Graceless = true; }
EXPORT {
  Export_Id = 1; Path = ${folder}; Pseudo = ${folder}; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Protocols = 4; Transports = TCP;
  FSAL { Name = VFS; }
}
`);
    const child = spawn(ganesha, ['-F', '-f', config, '-L', join(state, 'log'), '-p', join(state, 'pid')], { stdio: 'ignore' });
    await waitUntil('the NFS server answers', () => new Promise<boolean>((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
      socket.on('error', reject);
    }));
    return new NfsServer(child);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.exitCode === null && this.#process.signalCode === null) await once(this.#process, 'exit');
  }
}
