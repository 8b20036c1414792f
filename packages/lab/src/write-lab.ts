import { dumpYaml } from '@lava/yaml';
import { fieldsOf, kindNames, sameValue, type Fields, type Kind, type Lab } from './kinds.ts';
import { variablesOf } from './variables.ts';

interface WriteOptions {
  /** Also fields that have the value of a new object. */
  readonly full?: boolean;
  /** Lines of the comment at the top. */
  readonly comment?: readonly string[];
}

/** A lab as a lab file; what it says reads back equal. Dictionaries of plain variables are written as those. Objects and fields come in a fixed order, so that two files compare well. */
export function writeLab(lab: Lab, { full = false, comment = [] }: WriteOptions = {}): string {
  const head = comment.map((line) => (line === '' ? '#\n' : `# ${line}\n`)).join('');
  const sections = kindNames.filter((kind) => lab[kind].size > 0).map((kind) => {
    const objects = [...lab[kind]].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, fields]) => [name, written(kind, fields, full)] as const);
    // A Map keeps names that look like numbers in their place.
    return dumpYaml(new Map([[kind, new Map(objects)]]));
  });
  return head + (sections.join('\n') || '{}\n');
}

function written(kind: Kind, fields: Fields, full: boolean): unknown {
  const object: Record<string, unknown> = {};
  for (const [name, { initial }] of fieldsOf(kind)) {
    const value = fields[name];
    if (value === undefined || (!full && sameValue(value, initial))) continue;
    const variables = kind === 'devices' && name === 'dictionary' && typeof value === 'string' ? variablesOf(value) : undefined;
    if (variables) {
      if (variables.template !== fields['device_type']) object['extends'] = variables.template;
      object['variables'] = variables.values;
      continue;
    }
    const [level, inner] = name.split('.') as [string, string?];
    if (inner === undefined) object[level] = value;
    else (object[level] ??= {} as Record<string, unknown>, object[level] as Record<string, unknown>)[inner] = value;
  }
  return object;
}
