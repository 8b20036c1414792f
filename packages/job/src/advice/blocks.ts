import { isMapping, type Mapping } from '../mapping.ts';
import type { Path } from '../problem.ts';

/** A deploy, boot, test or command block and its place in the job. */
export interface Block { readonly kind: string; readonly block: Mapping; readonly path: Path }

/** All blocks of a job in the order in which they run. */
export function blocksOf(job: Mapping): Block[] {
  return listOf(job['actions']).flatMap((action, index) => (isMapping(action) ? Object.entries(action) : [])
    .flatMap(([kind, block]) => (isMapping(block) ? [{ kind, block, path: ['actions', index, kind] }] : [])));
}

/** A list, or nothing where there is none. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A value of the user's in a message. */
export const quoted = (text: string): string => `"${(text.length > 60 ? `${text.slice(0, 57)}...` : text).replaceAll(/[\n\r\t]/g, ' ')}"`;
