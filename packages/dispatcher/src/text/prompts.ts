import { asText } from './as-text.ts';

/** The `prompts` of a block, which may be one text or a list. */
export function promptList(prompts: unknown): string[] {
  return Array.isArray(prompts) ? prompts.map(asText) : prompts === undefined || prompts === null ? [] : [asText(prompts)];
}
