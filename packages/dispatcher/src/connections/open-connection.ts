import { sleep } from '@lava/base';
import { literal } from '../expect/literal.ts';
import type { Action } from '../pipeline/action.ts';
import { asText } from '../text/as-text.ts';
import { connectionAddress } from './address.ts';
import type { Console } from '../console/console.ts';
import type { DeviceConnection } from './device-connections.ts';
import { connectProcess } from './process-connection.ts';
import { connectSerial } from './serial-connection.ts';
import { connectTcp } from './tcp-connection.ts';
import { which } from '../process/which.ts';

/** Checks a connect command without running it. @throws InfrastructureError when its program is not on the worker */
export function checkConnection({ command }: DeviceConnection): void {
  const address = connectionAddress(command);
  if (address.kind === 'program') which(address.argv[0] ?? '');
}

/** Opens a connection of the device for the action's namespace, whatever its command stands for. */
export async function openConnection(a: Action, { command, tags }: DeviceConnection): Promise<Console> {
  a.log.info(`[${a.namespace}] ${a.name} Connecting to device using '${command}'`);
  const address = connectionAddress(command);
  const console = await open(a, address, tags);
  console.prompts = [literal(defaultPrompt(a)).source];
  return console;
}

function open(a: Action, address: ReturnType<typeof connectionAddress>, tags: readonly string[]): Promise<Console> {
  if (address.kind === 'serial') return connectSerial(a, address.path, address.line, tags);
  if (address.kind !== 'program') return connectTcp(a, address, tags);
  const farewell = tags.includes('telnet') ? farewells.telnet : tags.includes('ssh') ? farewells.ssh : undefined;
  return connectProcess(a, address.argv, { tags, terminal: true, ...(farewell && { farewell }) });
}

function defaultPrompt(a: Action): string {
  try {
    return asText(a.constant('default-shell-prompt'));
  } catch {
    return 'lava-test: # ';
  }
}

/** How programs are told to hang up, so that a serial server frees the line at once. */
const farewells: Record<'telnet' | 'ssh', (console: Console) => Promise<void>> = {
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
};
