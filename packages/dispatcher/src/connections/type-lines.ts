import { characterDelay } from './character-delay.ts';
import type { Action } from '../pipeline/action.ts';

/** Types lines at a prompt, one at each; what follows the last is the next action's. */
export async function typeLines(a: Action, prompt: string, lines: readonly string[]): Promise<void> {
  const connection = a.needConnection();
  connection.prompts = [prompt];
  for (const line of lines) {
    await connection.waitPrompt({ timeoutMs: a.remainingMs(), signal: a.signal });
    await connection.sendLine(line, { delayMs: characterDelay(a) });
  }
}
