import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { JobError } from '@lava/base';
import { isMapping, mappingAt, type Mapping } from '@lava/job';
import type { Connection } from '../console/connection.ts';
import { sendChecked } from '../connections/send-checked.ts';
import { serveFile } from '../connections/serve-file.ts';
import { which } from '../process/which.ts';
import { overlayArchive, overlayFolder } from '../pipeline/namespace-data.ts';
import { nfsAddress } from '../deploy/nfs-root.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';

/** Commands of the job that fetch the overlay and unpack it. */
interface Commands {
  readonly download: string;
  readonly unpack: string;
}

type Transfer = (a: Action, connection: Connection, commands: Commands) => Promise<void>;

/** Brings the overlay to a device that runs already, by commands of the job (`transfer_overlay`). */
export const overlayUnpack: ActionSpec = {
  name: 'overlay-unpack',
  summary: 'transfer and unpack overlay',
  description: 'transfer and unpack overlay to persistent rootfs after login',
  validate(a) {
    const transfer = a.parameters['transfer_overlay'];
    if (!isMapping(transfer)) return a.error("'transfer_overlay' should be a dictionary");
    const method = methodOf(transfer);
    for (const key of method === 'zmodem' ? ['unpack_command'] : ['download_command', 'unpack_command']) {
      if (typeof transfer[key] !== 'string') a.error(`Unable to identify '${key}' in 'transfer_overlay'`);
    }
    if (!Object.hasOwn(transfers, method)) a.error(`The transfer method '${method}' is not supported, use ${Object.keys(transfers).join(', ')}`);
    if (method === 'zmodem') {
      which('sz', 'Install the package lrzsz on the worker.');
      uartOf(a);
    }
  },
  async run(a) {
    const transfer = mappingAt(a.parameters, 'transfer_overlay') ?? {};
    const use = transfers[methodOf(transfer)];
    await use?.(a, a.needConnection(), { download: asText(transfer['download_command'] ?? ''), unpack: asText(transfer['unpack_command']) });
  },
};

const methodOf = (transfer: Mapping) => asText(transfer['transfer_method'] ?? 'http');
const prompt = (a: Action, connection: Connection) => connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });

function archiveOf(a: Action): string {
  const archive = a.get(overlayArchive);
  if (archive === undefined) throw new JobError('No overlay file identified for the transfer.', { code: 'no-overlay' });
  return archive;
}

/** Types a command, which must not fail, and waits for the prompt after it. */
async function type(a: Action, connection: Connection, line: string): Promise<void> {
  await sendChecked(a, connection, line, a.remainingMs());
  await prompt(a, connection);
}

const transfers: Readonly<Record<string, Transfer>> = {
  async http(a, connection, { download, unpack }) {
    const archive = archiveOf(a);
    const file = basename(archive);
    await connection.sendLine(`rm ${file}`);
    await prompt(a, connection);
    await serveFile(a, archive, (url) => sendChecked(a, connection, `${download} ${url}`, a.remainingMs()));
    await prompt(a, connection);
    await type(a, connection, `${unpack} ${file}`);
  },

  /** The device mounts the unpacked overlay from the worker. */
  async nfs(a, connection, { download, unpack }) {
    archiveOf(a);
    const folder = a.get(overlayFolder) ?? '';
    const at = `/${basename(folder)}`;
    await type(a, connection, `mkdir -p ${at}; ${download} ${nfsAddress(a)}:${folder} ${at}`);
    // Nothing is removed as long as it is the worker's.
    for (const line of [`${unpack} ${at}/* /`, `umount ${at}`, `rm -fr ${at}`]) await type(a, connection, line);
  },

  /** Over a serial line that the worker has beside the connection. */
  async zmodem(a, connection, { unpack }) {
    const archive = archiveOf(a);
    const uart = uartOf(a);
    if (!existsSync(uart)) throw new JobError(`The serial line '${uart}' for the overlay is not on the worker`, { code: 'uart-missing' });
    await connection.sendLine('rz');
    // The words are the shell's arguments, not its script.
    await a.exec(['sh', '-c', 'exec sz --binary --escape -y "$1" < "$2" > "$2"', 'sh', archive, uart], { error: 'Infrastructure', errorMessage: `Unable to send the overlay over '${uart}'` });
    await prompt(a, connection);
    await type(a, connection, `${unpack} ${basename(archive)}`);
  },
};

/** @throws JobError when the device says none */
function uartOf(a: Action): string {
  const list = a.job.device['device_info'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  const uart = isMapping(first) ? first['uart'] : undefined;
  if (typeof uart === 'string' && uart.startsWith('/')) return uart;
  throw new JobError("The transfer method 'zmodem' needs the serial line 'uart' in device_info", { code: 'uart-missing', hint: "Set it in the device dictionary: {% set device_info = [{'uart': '/dev/ttyUSB1'}] %}." });
}
