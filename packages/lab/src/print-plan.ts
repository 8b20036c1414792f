import { structuredPatch } from 'diff';
import { fieldsOf, kindNames, kindOf, type FieldValue, type Kind } from './kinds.ts';
import { countPlan, type FieldChange, type Plan, type PlanItem } from './plan.ts';

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold' | 'cyan';
/** Colours a text for a terminal, or returns it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const marks = { create: ['+', 'green'], change: ['~', 'yellow'], remove: ['-', 'red'], keep: [' ', 'dim'] } as const;

/** A plan for people: what is created, changed and removed, field by field, with what changes in long texts line by line. */
export function printPlan(plan: Plan, { paint = (_, text) => text }: { paint?: Paint } = {}): string {
  const out: string[] = [];
  for (const kind of kindNames) {
    const items = plan.filter((item) => item.kind === kind);
    const done = items.filter(({ action }) => action !== 'keep');
    const unnamed = items.filter(({ action, named }) => action === 'keep' && !named).map(({ name }) => name);
    if (done.length === 0 && unnamed.length === 0) continue;
    out.push(paint('bold', kind), ...done.flatMap((item) => printItem(item, paint)));
    if (unnamed.length > 0) out.push(paint('dim', `  not in the file, left alone: ${unnamed.join(', ')}`));
  }
  const count = countPlan(plan);
  out.push(`${count.create} to create, ${count.change} to change, ${count.remove} to remove, ${count.keep} as the file says, ${count.unnamed} not in the file.`);
  return `${out.join('\n')}\n`;
}

function printItem({ kind, name, action, fields }: PlanItem, paint: Paint): string[] {
  const [mark, colour] = marks[action];
  const removed = action === 'remove' ? ` (${Object.keys(kindOf(kind).pruned ?? {}).includes('retired') ? 'retired, not deleted' : 'hidden, not deleted'})` : '';
  return [paint(colour, `  ${mark} ${name}${removed}`), ...fields.flatMap((change) => printField(kind, change, action === 'create', paint))];
}

function printField(kind: Kind, { field, before, after }: FieldChange, created: boolean, paint: Paint): string[] {
  const declared = fieldsOf(kind).find(([name]) => name === field)?.[1];
  if (declared?.lines) return [`      ${field}:`, ...lineChanges(String(before ?? ''), String(after ?? ''), paint)];
  if (Array.isArray(after)) {
    const [old, now] = [before as readonly string[], after as readonly string[]];
    const words = [...now.filter((item) => !old.includes(item)).map((item) => paint('green', `+${item}`)), ...old.filter((item) => !now.includes(item)).map((item) => paint('red', `-${item}`))];
    return [`      ${field}: ${words.join(' ')}`];
  }
  return [`      ${field}: ${created ? '' : `${shown(before)} → `}${shown(after)}`];
}

/** Steps after which two texts count as altogether different: nobody reads such a comparison. */
const mostEdits = 2000;

function lineChanges(before: string, after: string, paint: Paint): string[] {
  const patch = structuredPatch('', '', before, after, undefined, undefined, { context: 2, maxEditLength: mostEdits });
  if (!patch) return [paint('red', `        - ${before.split('\n').length} lines`), paint('green', `        + ${after.split('\n').length} others`)];
  return patch.hunks.flatMap((hunk, i) => [
    ...(i > 0 ? [paint('cyan', '        …')] : []),
    ...hunk.lines.map((line) => {
      const text = `        ${line.slice(0, 1)} ${line.slice(1)}`;
      return line.startsWith('+') ? paint('green', text) : line.startsWith('-') ? paint('red', text) : line.startsWith('\\') ? paint('dim', '          (no line feed at its end)') : paint('dim', text);
    }),
  ]);
}

const shown = (value: FieldValue): string => (value === null || value === '' ? '(nothing)' : String(value));
