import { InfrastructureError, JobError, LavaError } from '@lava/base';
import { mappingAt } from '@lava/job';
import { asText } from '../text/as-text.ts';
import { characterDelay } from '../connections/character-delay.ts';
import type { Action, ActionSpec } from '../pipeline/action.ts';
import type { JobContext } from '../pipeline/job-context.ts';
import { commandList, deviceCommand, runCommands } from './device-command.ts';

/** Milliseconds. */
const marginMs = 200;

export const pduReboot: ActionSpec = {
  name: 'pdu-reboot',
  summary: 'hard reboot using PDU',
  description: 'issue commands to a PDU to power cycle a device',
  timeoutError: 'Infrastructure',
  async run(a) {
    await runCommands(a, deviceCommand(a.job.device, 'hard_reset') ?? [], (command) => `Unable to reboot: '${command}' failed`);
    a.results['status'] = 'success';
  },
};

const sendRebootCommands: ActionSpec = {
  name: 'send-reboot-commands',
  summary: 'reboot the device',
  description: 'type the commands that reboot the device',
  async run(a) {
    const connection = a.connection;
    if (!connection) throw new InfrastructureError('Called reboot without an active Connection', { code: 'no-connection' });
    const asked = commandList(a.parameters['soft_reboot'], 'soft_reboot') ?? deviceCommand(a.job.device, 'soft_reboot');
    if (!asked) a.log.warning('No soft reboot command defined in the test job. Using defaults.');
    const message = asText(mappingAt(a.parameters, 'parameters')?.['shutdown-message'] ?? a.constant('shutdown-message'));
    const commands = asked ?? ['reboot', 'reboot -n', 'reboot -nf'];
    for (const [i, command] of commands.entries()) {
      await connection.sendLine(command, { delayMs: characterDelay(a) });
      // Each gets its share of the time; a moment is left to say that none helped.
      if (await saw(a, message, Math.max(0, a.remainingMs() / (commands.length - i) - marginMs))) return;
    }
    throw new JobError('Soft reboot failed.', { code: 'soft-reboot-failed' });
  },
};

async function saw(a: Action, message: string, timeoutMs: number): Promise<boolean> {
  try {
    await a.needConnection().expect([message], { timeoutMs, signal: a.signal });
    return true;
  } catch (error) {
    if (error instanceof LavaError && error.code === 'prompt-timeout') return false;
    throw error;
  }
}

/** Resets the device by its `hard_reset` command or, without one, by typing `reboot`. */
export function resetDevice(job: JobContext): ActionSpec {
  return {
    name: 'reset-device',
    summary: 'reboot or power-cycle the device',
    description: 'reboot or power-cycle the device',
    timeoutError: 'Infrastructure',
    children: [deviceCommand(job.device, 'hard_reset') ? pduReboot : sendRebootCommands],
  };
}
