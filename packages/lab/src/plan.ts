import { emptyLab, fieldsOf, initialFields, kindNames, kindOf, sameValue, type Fields, type FieldValue, type Kind, type Lab } from './kinds.ts';

/** What a plan does with one object. `keep`: nothing. */
export type Action = 'create' | 'change' | 'remove' | 'keep';

export interface FieldChange {
  readonly field: string;
  readonly before: FieldValue;
  readonly after: FieldValue;
}

export interface PlanItem {
  readonly kind: Kind;
  readonly name: string;
  readonly action: Action;
  /** The file names it; what it does not name is left alone, or removed by `--prune`. */
  readonly named: boolean;
  /** Of a new object: what differs from an object of which nothing is said. */
  readonly fields: readonly FieldChange[];
}

export type Plan = readonly PlanItem[];

/**
 * What has to be done to make `current` say what `wanted` says. Objects and fields that `wanted` does not name stay as
 * they are; with `prune`, devices and workers that it does not name are retired and device types hidden.
 * @param current all objects with all fields
 */
export function planLab(current: Lab, wanted: Lab, { prune = false }: { prune?: boolean } = {}): Plan {
  return kindNames.flatMap((kind) => {
    const named = [...wanted[kind]].map(([name, fields]) => planObject(kind, name, current[kind].get(name), fields));
    const others = [...current[kind]].filter(([name]) => !wanted[kind].has(name)).map(([name, before]) => planUnnamed(kind, name, before, prune));
    return [...named, ...others];
  });
}

function planObject(kind: Kind, name: string, before: Fields | undefined, wanted: Fields): PlanItem {
  const fields = changes(kind, before ?? initialFields(kind), wanted);
  return { kind, name, named: true, fields, action: before === undefined ? 'create' : fields.length > 0 ? 'change' : 'keep' };
}

function planUnnamed(kind: Kind, name: string, before: Fields, prune: boolean): PlanItem {
  const fields = changes(kind, before, prune ? kindOf(kind).pruned ?? {} : {});
  return { kind, name, named: false, fields, action: fields.length > 0 ? 'remove' : 'keep' };
}

function changes(kind: Kind, before: Fields, wanted: Fields): FieldChange[] {
  return fieldsOf(kind).flatMap(([field, { initial }]) => {
    const [old, now] = [before[field] ?? initial, wanted[field]];
    return now === undefined || sameValue(old, now) ? [] : [{ field, before: old, after: now }];
  });
}

/** The lab after a plan. */
export function applyPlan(current: Lab, plan: Plan): Lab {
  const after = emptyLab();
  for (const kind of kindNames) for (const [name, fields] of current[kind]) after[kind].set(name, fields);
  for (const { kind, name, action, fields } of plan) {
    if (action === 'keep') continue;
    const before = after[kind].get(name) ?? initialFields(kind);
    after[kind].set(name, { ...before, ...Object.fromEntries(fields.map(({ field, after: value }) => [field, value])) });
  }
  return after;
}

/** How many objects have each action, and how many the file does not name. */
export function countPlan(plan: Plan): Record<Action | 'unnamed', number> {
  const count = { create: 0, change: 0, remove: 0, keep: 0, unnamed: 0 };
  for (const { action, named } of plan) count[action === 'keep' && !named ? 'unnamed' : action]++;
  return count;
}

export const isEmptyPlan = (plan: Plan): boolean => plan.every(({ action }) => action === 'keep');
