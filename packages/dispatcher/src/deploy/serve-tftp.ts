import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InfrastructureError, lavaPaths, messageOf } from '@lava/base';
import { serveAddress } from '../connections/serve-address.ts';
import { asText } from '../text/as-text.ts';
import type { Action } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { probeTftp } from './tftp-client.ts';
import { TftpServer } from './tftp-server.ts';

/** Milliseconds between two looks whether the port has become free. */
const takeOverMs = 1000;
/** Milliseconds that a job which is over goes on to serve the files that other jobs' devices are fetching. */
const lingerMs = 60_000;

/**
 * Folder that the names of files are relative to for devices: that of the system's tftpd-hpa where it is set up, else
 * the folder of all jobs' temporary files.
 */
export function tftpRoot(job: JobContext): string {
  return daemonFolder() ?? resolve(job.scratch, '..');
}

/** `TFTP_DIRECTORY` of /etc/default/tftpd-hpa. */
function daemonFolder(): string | undefined {
  const file = join(lavaPaths().root, 'etc/default/tftpd-hpa');
  if (!existsSync(file)) return undefined;
  return /^\s*TFTP_DIRECTORY\s*=\s*["']?([^"'\n]+)/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim();
}

/** Serves a folder of this job over TFTP, while the job runs. */
export interface TftpService {
  /** Ends it; the port is left to others. */
  stop(): Promise<void>;
}

/**
 * Sees to it that devices can fetch a job's files over TFTP. There is one port for all jobs of a worker: whoever has it
 * serves the files of every job that runs, and when he ends the next one takes over. A daemon that has the port is left alone.
 * @param folders of jobs, with their names below the root, that may be read by devices
 * @throws InfrastructureError when the port cannot be used at all
 */
export async function serveTftp(a: Action, folders: RegExp, ownFolder: string): Promise<TftpService> {
  const address = serveAddress(a.job);
  const port = Number(asText(a.job.dispatcher['dispatcher_tftp_ip'] ?? '').split(':')[1] ?? 69);
  const { log } = a;
  let server: TftpServer | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const isOwn = (path: string) => path.startsWith(`${ownFolder}/`);
  const listen = async () => {
    server = await TftpServer.listen({
      address, port, root: tftpRoot(a.job), allows: (path) => folders.test(path),
      onTransfer: ({ client, path, bytes, error }) => {
        if (stopped || !isOwn(path)) return;
        log.debug(error === undefined ? `tftp: ${client} fetched ${path} (${bytes} bytes)` : `tftp: ${client} asked for ${path} (${bytes} bytes sent): ${error}`);
      },
    });
  };
  const retry = () => {
    timer = setTimeout(() => {
      listen().then(() => (stopped ? server?.close() : undefined), () => { if (!stopped) retry(); });
    }, takeOverMs).unref();
  };
  try {
    await listen();
    log.debug(`Serving files over TFTP at ${address}:${port}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') {
      throw new InfrastructureError(`Cannot serve files over TFTP at ${address}:${port}: ${messageOf(error)}`, {
        code: 'tftp-serve', hint: 'Run the worker as root (port 69 needs it), and let dispatcher_ip or serve_address in dispatcher.yaml name an address of this machine.', cause: error,
      });
    }
    log.debug(`Something else serves files over TFTP at ${address}:${port}`);
    retry();
  }
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await server?.close((path) => !isOwn(path), lingerMs);
    },
  };
}

/** Asks for a file as a device would. @throws InfrastructureError when it is not there */
export async function checkTftp(a: Action, path: string): Promise<void> {
  const address = serveAddress(a.job);
  const port = Number(asText(a.job.dispatcher['dispatcher_tftp_ip'] ?? '').split(':')[1] ?? 69);
  const problem = await probeTftp(address === '0.0.0.0' ? '127.0.0.1' : address, port, path);
  if (problem === undefined) return;
  throw new InfrastructureError(`The TFTP server of this worker does not serve '${path}': ${problem}`, {
    code: 'tftp-serve', hint: `What has port ${port} must serve ${tftpRoot(a.job)}: set TFTP_DIRECTORY in /etc/default/tftpd-hpa to the folder it serves, or end that server.`,
  });
}
