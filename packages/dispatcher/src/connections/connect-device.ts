import { JobError, sleep } from '@lava/base';
import { isMapping, mappingAt } from '@lava/job';
import { asText } from '../pipeline/as-text.ts';
import { literal } from '../expect/literal.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import type { Console } from './console.ts';
import { connectProcess } from './process-connection.ts';
import { shellSplit } from './shell-split.ts';
import { which } from './which.ts';

interface DeviceConnection {
  readonly command: string;
  readonly tags: readonly string[];
}

/** The command that connects to the device's main console; undefined if the device has none. */
function primaryConnection(device: Readonly<Record<string, unknown>>): DeviceConnection | undefined {
  const commands = mappingAt(device, 'commands');
  if (typeof commands?.['connect'] === 'string' && commands['connect'] !== '') return { command: commands['connect'], tags: [] };
  for (const entry of Object.values(mappingAt(commands, 'connections') ?? {})) {
    const tags = isMapping(entry) && Array.isArray(entry['tags']) ? entry['tags'].map(asText) : [];
    if (isMapping(entry) && tags.includes('primary')) return { command: asText(entry['connect']), tags };
  }
  return undefined;
}

/** Opens the device's console with the command its configuration names, unless it is open already. */
export const connectDevice: ActionSpec = {
  name: 'connect-device',
  summary: 'run connection command',
  description: 'use the configured command to connect serial to the device',
  timeoutError: 'Infrastructure',
  validate(a) {
    const commands = mappingAt(a.job.device, 'commands');
    if (!commands) return;
    const connections: unknown = mappingAt(a.job.device, 'actions', 'boot')?.['connections'];
    const hasSerial = Array.isArray(connections) ? connections.includes('serial') : isMapping(connections) && Object.hasOwn(connections, 'serial');
    if (!hasSerial) return a.error('Device not configured to support serial connection.');
    if (commands['must_use_connection'] && commands['connect'] !== undefined && commands['connections'] === undefined) {
      return a.error("'connect' command is not supported by this device, use 'connections'");
    }
    const primary = primaryConnection(a.job.device);
    if (!primary) return a.error('Unable to identify a primary connection command.');
    which(shellSplit(primary.command)[0] ?? '');
  },
  async run(a) {
    const borrowed = a.parameters['connection-namespace'];
    if (typeof borrowed === 'string' && borrowed !== a.namespace) {
      const connection = a.connection;
      if (!connection) throw new JobError(`Unable to reuse connection from namespace '${borrowed}'`, { code: 'no-connection' });
      a.connection = connection;
    }
    if (a.connection?.alive) {
      a.log.debug('Already connected');
      return;
    }
    if (a.connection) {
      a.log.warning('Dead connection, reconnecting');
      await a.connection.close();
    }
    const primary = primaryConnection(a.job.device);
    if (!primary) return;
    a.log.info(`[${a.namespace}] ${a.name} Connecting to device using '${primary.command}'`);
    const console = await connectProcess(a, shellSplit(primary.command), { tags: primary.tags, terminal: true, farewell: farewells[kindOf(primary.tags)] });
    console.prompts = [literal(asText(constantOr(a, 'default-shell-prompt', 'lava-test: # '))).source];
    a.connection = console;
  },
};

function constantOr(a: Action, name: string, otherwise: string): unknown {
  try {
    return a.constant(name);
  } catch {
    return otherwise;
  }
}

const kindOf = (tags: readonly string[]) => (tags.includes('telnet') ? 'telnet' : tags.includes('ssh') ? 'ssh' : 'other');

/** How programs are told to hang up, so that a serial server frees the line at once. */
const farewells: Record<'telnet' | 'ssh' | 'other', ((console: Console) => Promise<void>) | undefined> = {
  telnet: async (console) => {
    await console.send('\u001d');
    await sleep(100);
    if (console.alive) await console.sendLine('quit');
    await sleep(100);
  },
  ssh: async (console) => {
    await console.sendLine('');
    await console.sendLine('~.');
    await sleep(100);
  },
  other: undefined,
};
