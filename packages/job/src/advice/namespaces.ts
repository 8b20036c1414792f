import type { Finding } from '../schema/schema.ts';
import type { Block } from './blocks.ts';

/** Namespaces that the dispatcher refuses. */
export function namespaceAdvice(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  const named = blocks.some(({ block }) => typeof block['namespace'] === 'string');
  for (const { block, path, kind } of blocks) {
    const name = block['namespace'];
    if (named && name === undefined) found.push({ path, part: 'key', code: 'namespace-missing', message: `this ${kind} block has no "namespace", but others have: the job will fail when it runs`, hint: 'Give every block a namespace, or none.' });
    else if (name === 'common' || name === 'docker-test-shell') found.push({ path: [...path, 'namespace'], code: 'namespace-reserved', message: "'common' and 'docker-test-shell' are reserved namespace names: the job will fail when it runs", hint: 'Choose another name.' });
  }
  return found;
}
