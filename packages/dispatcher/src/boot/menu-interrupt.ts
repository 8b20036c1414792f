import { asText } from '../text/as-text.ts';
import type { ActionSpec } from '../pipeline/action.ts';
import { methodParameters } from '../pipeline/method-parameters.ts';

interface InterruptKeys {
  readonly prompt: string;
  readonly text: string;
}

/** Stops a firmware before it boots by itself: waits for its word and types the device's text, as it is. */
export function menuInterrupt(method: string, name: string, keys: InterruptKeys = { prompt: 'interrupt_prompt', text: 'interrupt_string' }): ActionSpec {
  return {
    name,
    summary: 'interrupt the firmware',
    description: 'keep the firmware from booting by itself, to get its menu or shell',
    timeoutError: 'Infrastructure',
    validate(a) {
      const parameters = methodParameters(a, method);
      if (parameters[keys.prompt] === undefined) a.error('Missing interrupt prompt');
      if (parameters[keys.text] === undefined) a.error('Missing interrupt string');
    },
    async run(a) {
      const connection = a.needConnection();
      const parameters = methodParameters(a, method);
      connection.prompts = [asText(parameters[keys.prompt])];
      await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
      await connection.send(asText(parameters[keys.text]));
    },
  };
}
