import { isMapping } from '../mapping.ts';
import type { Finding } from '../schema/schema.ts';
import { listOf, quoted, type Block } from './blocks.ts';

/** Bootloaders whose commands for a download need to know the kind of kernel. */
const needKernelType: ReadonlySet<unknown> = new Set(['u-boot']);

/** Blocks that lack what should come before them: a shell test needs a deploy block (for its files) and a boot block (for a shell). */
export function orderAdvice(blocks: readonly Block[]): Finding[] {
  const found: Finding[] = [];
  const deployed = new Map<unknown, Block>();
  const booted = new Set<unknown>();
  const names = new Map<string, string>();
  for (const one of blocks) {
    const { kind, block, path } = one;
    const namespace = block['namespace'] ?? 'common';
    if (kind === 'deploy') deployed.set(namespace, one);
    if (kind === 'boot') {
      booted.add(namespace);
      found.push(...kernelType(one, deployed.get(namespace)));
    }
    if (kind !== 'test' || !Array.isArray(block['definitions'])) continue;
    if (!deployed.has(namespace)) found.push({ path, part: 'key', code: 'no-deploy', message: 'no deploy block comes before this test block: the test will not reach the device', hint: 'Add a deploy block before it; "to: overlay" if there is nothing else to deploy.' });
    if (!booted.has(block['connection-namespace'] ?? namespace) && !Object.hasOwn(block, 'docker')) found.push({ path, part: 'key', code: 'no-boot', message: 'no boot block comes before this test block: there will be no connection to the device', hint: 'Add a boot block before it; "method: minimal" if the device runs already.' });
    for (const [i, definition] of block['definitions'].entries()) {
      const name: unknown = isMapping(definition) ? definition['name'] : undefined;
      if (typeof name !== 'string') continue;
      const id = JSON.stringify([namespace, block['role'], name]);
      if (names.has(id)) found.push({ path: [...path, 'definitions', i, 'name'], code: 'duplicate-name', message: `a test definition is called ${quoted(name)} already: the job will fail when it runs`, hint: 'Give every test definition a name of its own.' });
      names.set(id, name);
    }
  }
  return found;
}

/** Without the kind of kernel the load addresses are not known, and the commands keep their placeholders. */
function kernelType({ block }: Block, before: Block | undefined): Finding[] {
  const kernel = before?.block['kernel'];
  // An image of the kind FIT says itself where it belongs.
  if (before?.block['to'] !== 'tftp' || block['commands'] === 'fit' || !needKernelType.has(block['method']) || !isMapping(kernel)) return [];
  const ownCommands = listOf(block['commands']);
  if (Object.hasOwn(kernel, 'type') || (ownCommands.length && !ownCommands.some((line) => typeof line === 'string' && /\{(?:BOOTX|\w+_ADDR)\}/.test(line)))) return [];
  return [{ path: [...before.path, 'kernel'], part: 'key', code: 'kernel-type-missing', message: 'the kernel has no "type", so its load address is not known: U-Boot will get commands with {KERNEL_ADDR} and {BOOTX} in them', hint: 'Add "type:" with image, uimage or zimage.' }];
}
