import type { ActionSpec } from '../pipeline/action.ts';
import { promptList } from '../text/prompts.ts';

/** Waits for what an installer says when it has finished. */
export const installerWait: ActionSpec = {
  name: 'installer-wait',
  summary: 'wait for task to finish match arbitrary string',
  description: 'installer wait',
  async run(a) {
    const connection = a.needConnection();
    const finished = promptList(a.parameters['boot_finished']);
    a.log.debug(`Not expecting a shell, so waiting for boot_finished: ${finished.join(', ')}`);
    connection.prompts = finished;
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
  },
};
