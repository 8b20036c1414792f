import * as boot from './boot.ts';
import * as deploy from './deploy.ts';
import * as test from './test.ts';
import * as top from './top.ts';
import { whole } from './whole.ts';

/** A definition: valid ones are written by hand, broken ones derived from them. */
export interface Sample {
  readonly name: string;
  readonly job: unknown;
}

type Group = 'classic' | 'newer' | 'beyond' | 'whole';

const jobs = (of: Readonly<Record<string, object>>): Sample[] => Object.entries(of).map(([name, job]) => ({ name: `job: ${name}`, job }));

const blocks = (kind: string, of: Readonly<Record<string, object>>): Sample[] =>
  Object.entries(of).map(([name, block]) => ({ name: `${kind}: ${name}`, job: { ...top.base, actions: [{ [kind]: block }] } }));

const samples: Readonly<Record<Group, readonly Sample[]>> = {
  classic: [...jobs(top.classic), ...blocks('deploy', deploy.classic), ...blocks('boot', boot.classic), ...blocks('test', test.classic), ...blocks('command', test.commands)],
  newer: [...jobs(top.newer), ...blocks('deploy', deploy.newer), ...blocks('boot', boot.newer), ...blocks('test', test.newer)],
  whole: Object.entries(whole).map(([name, job]) => ({ name: `whole job: ${name}`, job })),
  beyond: [...jobs(top.beyond), ...blocks('deploy', deploy.beyond), ...blocks('boot', boot.beyond), ...blocks('test', test.beyond)],
};

/** Valid definitions of one group, see `deploy.ts`. */
export const valid = (group: Group) => samples[group];

const instead: readonly unknown[] = [5, 'x', '', true, null, [], {}, 1.5, [5], { x: 1 }, 0, -1, ['x']];

/** Each sample with one of its parts missing, misspelt, doubled by an unknown key or replaced by another value. */
export function broken(samples: readonly Sample[]): Sample[] {
  const made: Sample[] = [];
  const seen = new Set<string>();
  for (const { name, job } of samples) {
    const add = (what: string, at: readonly (string | number)[], change: (parent: Record<string | number, unknown>, key: string | number) => void) => {
      const copy = structuredClone({ job });
      let parent: Record<string | number, unknown> = copy;
      const path = ['job', ...at];
      for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
      change(parent, path.at(-1) as string | number);
      const text = JSON.stringify(copy.job);
      if (!seen.has(text)) made.push({ name: `${name}, ${at.join('.')} ${what}`, job: copy.job });
      seen.add(text);
    };
    const visit = (value: unknown, at: readonly (string | number)[]) => {
      // What stands around a block is broken in the samples of whole jobs.
      const ofBlock = at.length > 1 || name.startsWith('job: ');
      if (at.length && ofBlock) {
        const type = typeof value;
        instead.forEach((other) => { if (typeof other !== type || other === '' || (type === 'object' && JSON.stringify(other) !== JSON.stringify(value))) add(`is ${JSON.stringify(other)}`, at, (parent, key) => { parent[key] = other; }); });
        if (typeof at.at(-1) === 'string') {
          add('is missing', at, (parent, key) => { delete parent[key]; });
          add('is misspelt', at, (parent, key) => { parent[`${key}x`] = parent[key]; delete parent[key]; });
        }
      }
      if (Array.isArray(value)) value.forEach((item, i) => { visit(item, [...at, i]); });
      else if (typeof value === 'object' && value !== null) {
        if (ofBlock) add('has an unknown key', at, (parent, key) => { (parent[key] as Record<string, unknown>)['bogus'] = 1; });
        for (const [key, item] of Object.entries(value)) if (ofBlock || key === 'actions') visit(item, [...at, key]);
      }
    };
    visit(job, []);
  }
  return made;
}
