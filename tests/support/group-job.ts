import type { GuestImage } from '@lava/testbed';
import { ramdiskJob } from './jobs.ts';

/** A role of a group: its steps, how many jobs, and the worker whose devices they run on. */
interface Role {
  readonly steps: readonly string[];
  readonly count?: number;
  readonly worker?: string;
}

type Block = Readonly<Record<string, object>>;

/** A multinode job whose members boot the guest and run steps of their role. */
export function groupJob(image: GuestImage, roles: Readonly<Record<string, Role>>): string {
  const { device_type, context, actions, ...job } = JSON.parse(ramdiskJob(image, ['true'])) as Record<string, unknown> & { actions: Block[] };
  const names = Object.keys(roles);
  const forAll = (block: Block = {}) => Object.fromEntries(Object.entries(block).map(([kind, value]) => [kind, { ...value, role: names }]));
  const tests = Object.entries(roles).map(([role, { steps }]) => {
    const [, , { test: block } = { test: {} }] = (JSON.parse(ramdiskJob(image, steps)) as { actions: Block[] }).actions;
    return { test: { ...block, role: [role] } };
  });
  const declared = Object.fromEntries(Object.entries(roles).map(([role, { count = 1, worker }]) => [role, { device_type, context, count, ...(worker === undefined ? {} : { worker }) }]));
  return JSON.stringify({ ...job, protocols: { 'lava-multinode': { roles: declared, timeout: { minutes: 2 } } }, actions: [forAll(actions[0]), forAll(actions[1]), ...tests] });
}
