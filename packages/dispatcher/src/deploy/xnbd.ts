import { createServer } from 'node:net';
import { InfrastructureError, JobError } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { blockServer } from '../pipeline/namespace-data.ts';

const xnbdName = 'lava-xnbd';

const ports = { first: 55_000, count: 1000, attempts: 10, last: 10_809 };

/** Says what is wrong with the port that a job asks for. */
export function checkXnbd(a: Action): void {
  const settings = mappingAt(a.job.definition, 'protocols', xnbdName);
  if (settings?.['port'] === undefined) a.error(`No port set in parameters for ${xnbdName} protocol! Write 'protocols: {${xnbdName}: {port: auto}}' at the top of the job.`);
}

/** Makes the calls of the protocol that the block asks for at this action: `set_port` chooses where the block device is served. */
export async function callXnbd(a: Action): Promise<void> {
  const calls: unknown = mappingAt(a.parameters, 'protocols')?.[xnbdName];
  for (const call of (Array.isArray(calls) ? calls : []).filter(isMapping).filter(({ action }) => action === a.name)) {
    if (call['request'] === undefined) throw new JobError('Bad API call over protocol - missing request', { code: 'protocol-call' });
    if (!asText(call['request']).replaceAll('-', '_').includes('set_port')) throw new JobError('Unrecognised API call in request.', { code: 'protocol-call' });
    a.set(blockServer, { host: a.job.dispatcherIp, port: await choosePort(a) });
  }
}

async function choosePort(a: Action): Promise<number> {
  const asked = mappingAt(a.job.definition, 'protocols', xnbdName)?.['port'];
  if (asked !== 'auto') return checked(Number(asText(asked ?? '')));
  const configured = a.job.dispatcher['nbd_server_port'];
  if (configured !== undefined && /^\d+$/.test(asText(configured))) return checked(Number(asText(configured)));
  for (let attempt = 0; attempt < ports.attempts; attempt += 1) {
    const port = ports.first + Math.floor(Math.random() * ports.count);
    if (await isFree(port)) return port;
  }
  return ports.last;
}

function checked(port: number): number {
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new InfrastructureError(`'${port}' is no port for a network block device`, { code: 'nbd-serve' });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
