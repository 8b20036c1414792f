import type { Mapping } from '../mapping.ts';
import type { Finding } from '../schema/schema.ts';
import { blocksOf } from './blocks.ts';
import { filesAdvice } from './files.ts';
import { namespaceAdvice } from './namespaces.ts';
import { orderAdvice } from './order.ts';
import { patternAdvice } from './patterns.ts';
import { retryAdvice } from './retry.ts';
import { shapeAdvice } from './shape.ts';
import { timeoutAdvice } from './timeouts.ts';

/** What is surely not meant in a definition that the schema accepts. */
export function adviseJob(job: Mapping): Finding[] {
  const blocks = blocksOf(job);
  return [...shapeAdvice(job, blocks), ...timeoutAdvice(job, blocks), ...namespaceAdvice(blocks), ...orderAdvice(blocks), ...filesAdvice(blocks), ...patternAdvice(blocks), ...retryAdvice(job)];
}
