import { didYouMean } from '@lava/base';
import { isMapping, type Mapping } from '../mapping.ts';
import { rolesOf } from '../schema/protocols.ts';
import type { Finding } from '../schema/schema.ts';
import { listOf, quoted, type Block } from './blocks.ts';

/** Systems that LAVA knows: shell, place of its files and installer of packages follow from them. */
const systems = ['android', 'apertis', 'archlinux', 'centos', 'centos_installer', 'debian', 'debian_installer', 'fedora', 'lede', 'oe', 'qnx', 'slackware', 'ubuntu'];

/** What is odd in the outline of a job and of its blocks. */
export function shapeAdvice(job: Mapping, blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  if (Array.isArray(job['actions']) && !job['actions'].length) found.push({ path: ['actions'], code: 'no-actions', message: 'this job has no actions: it will do nothing', hint: 'Add deploy, boot and test blocks, each with "- " before it.' });
  for (const [index, action] of listOf(job['actions']).entries()) {
    const kinds = isMapping(action) ? Object.keys(action) : [];
    if (kinds[1] !== undefined) found.push({ path: ['actions', index, kinds[1]], part: 'key', code: 'several-blocks', message: `one entry of "actions" has ${kinds.length} blocks: ${kinds.join(', ')}`, hint: `Write "- " before "${kinds[1]}:".` });
  }
  for (const [name, role] of Object.entries(rolesOf(job) ?? {})) {
    if (isMapping(role) && role['count'] === 0) found.push({ path: ['protocols', 'lava-multinode', 'roles', name, 'count'], code: 'empty-role', message: `no job is made for the role ${quoted(name)}`, hint: 'Give a count of at least 1, or remove the role.' });
  }
  for (const { kind, block, path } of blocks) {
    const { os } = block;
    if (kind === 'deploy' && typeof os === 'string' && !systems.includes(os)) found.push({ path: [...path, 'os'], code: 'unknown-os', message: `LAVA has no scripts for the system ${quoted(os)}: packages cannot be installed on it`, hint: didYouMean(os, systems) ?? `Known systems: ${systems.join(', ')}.` });
    if (kind === 'boot' && isMapping(block['auto_login']) && !Object.hasOwn(block, 'prompts')) found.push({ path: [...path, 'auto_login'], part: 'key', code: 'login-without-prompts', message: 'nobody signs in without "prompts": "auto_login" does nothing', hint: 'Add "prompts:" with the prompt of the shell after signing in.' });
  }
  return found;
}
