import { expectForced } from '../connections/forced-prompt.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { promptList } from '../text/prompts.ts';

/** Makes sure that a shell answers before tests type into it. */
export const expectShellConnection: ActionSpec = {
  name: 'expect-shell-connection',
  summary: 'Expect a shell prompt',
  description: 'Wait for a shell',
  validate(a) {
    if (a.parameters['prompts'] === undefined) a.error("Unable to identify test shell prompts from parameters.");
  },
  async run(a) {
    const connection = a.needConnection();
    connection.prompts = promptList(a.parameters['prompts']);
    await connection.sendLine('');
    await expectForced(a, connection, connection.prompts);
  },
};
