import { checkText, isMapping, validate, type Mapping, type Path } from '@lava/job';
import { loadYaml, type Located } from '@lava/yaml';
import { emptyLab, fieldsOf, kindNames, kindOf, normalised, type Fields, type FieldValue, type Kind, type Lab } from './kinds.ts';
import { problem, type LabProblem, type Place } from './problem.ts';
import { fileKey, labSchema } from './schema.ts';
import { dictionaryOf } from './variables.ts';

/** Characters of a lab file; the dictionaries of a thousand devices fit in. */
export const labLimits = { size: 8 << 20 } as const;

/** A file that was read. What it says is only there without errors. */
export interface ReadLab {
  readonly problems: readonly LabProblem[];
  /** Objects with those of their fields that the file says. */
  readonly lab?: Lab;
  readonly places: LabPlaces;
}

/** Where things stand in a lab file. */
export interface LabPlaces {
  /** Place of an object, of one of its fields, or of a text in a field that is a list. */
  of(kind: Kind, name: string, field?: string, entry?: string): Place & { readonly path: Path };
  /** Place of something inside a text that the lab file holds or names. */
  inside(kind: Kind, name: string, field: string, at: { readonly line: number; readonly column: number }): Place & { readonly path: Path };
}

/** Where the text of a field comes from, when the field itself does not say it. */
type Origin = { readonly file: string } | { readonly variables: readonly string[] };

interface Reading {
  readonly text: string;
  readonly readFile: (path: string) => string | undefined;
  readonly problems: LabProblem[];
  readonly origins: Map<string, Origin>;
  located?: Located;
  /** The document with floats and the order of keys kept: variables print as Python would. */
  exact?: unknown;
}

/**
 * Reads a lab file: everything that is wrong with its form, and what it says. Never throws for any text.
 * @param readFile text of a file that the lab file names, by the path that stands there; undefined if it cannot be read
 */
export function readLab(text: string, readFile: (path: string) => string | undefined = () => undefined): ReadLab {
  const reading: Reading = { text, readFile, problems: [], origins: new Map() };
  const { problems, definition } = checkText(text, {
    limits: labLimits,
    empty: 'the lab file is empty',
    noMapping: `a lab file is a mapping of ${kindNames.join(', ')}`,
    find: (value, located) => {
      reading.located = located;
      return validate(labSchema, value, located);
    },
    advise: () => [],
  });
  // Two devices of one name are no slip of the pen to be passed over.
  reading.problems.push(...problems.map((p) => (p.code === 'duplicate-key' ? { ...p, severity: 'error' as const } : p)));
  const lab = definition && readObjects(definition, reading);
  return { problems: reading.problems, ...(reading.problems.every((p) => p.severity !== 'error') && { lab }), places: placesOf(reading) };
}

function readObjects(definition: Mapping, reading: Reading): Lab {
  const lab = emptyLab();
  for (const kind of kindNames) {
    for (const [name, value] of Object.entries(isMapping(definition[kind]) ? definition[kind] : {})) {
      if (name === kindOf(kind).reserved) {
        reading.problems.push(problem('lab-name', [kind, name], `the ${kindOf(kind).noun} ${name} belongs to the server itself`, 'Remove it from the file.', placesOf(reading).of(kind, name)));
      }
      lab[kind].set(name, readFields(kind, name, isMapping(value) ? value : {}, reading));
    }
  }
  return lab;
}

function readFields(kind: Kind, name: string, value: Mapping, reading: Reading): Fields {
  const fields: Record<string, FieldValue> = {};
  for (const [key, field] of fieldsOf(kind)) {
    const [level, inner] = key.split('.') as [string, string?];
    const holder = inner === undefined ? value : isMapping(value[level]) ? value[level] : {};
    const given = holder[inner ?? level] as FieldValue | undefined;
    const found = given ?? (given === undefined && field.lines ? textFor(kind, name, key, value, reading) : given);
    if (found === undefined) continue;
    fields[key] = normalised(field, found);
    if (!storable(found)) {
      const place = placesOf(reading).of(kind, name, key);
      reading.problems.push(problem('lab-text', place.path, `the ${key} of ${kindOf(kind).noun} ${name} has a NUL character or half a character, which cannot be stored`, 'Remove it.', place));
    }
  }
  return fields;
}

const storable = (value: FieldValue): boolean => [value].flat().every((text) => typeof text !== 'string' || (text.isWellFormed() && !text.includes('\0')));

/** A text that stands elsewhere than at its own key. */
function textFor(kind: Kind, name: string, field: string, value: Mapping, reading: Reading): string | undefined {
  const id = idOf(kind, name, field);
  const file = value[fileKey(field)];
  if (typeof file === 'string') {
    reading.origins.set(id, { file });
    const text = reading.readFile(file);
    if (text !== undefined) return text;
    const path = [kind, name, fileKey(field)];
    reading.problems.push(problem('lab-file', path, `the file ${JSON.stringify(file)} cannot be read`, 'Paths are relative to the lab file.', reading.located?.position(path)));
  } else if (kind === 'devices' && field === 'dictionary' && isMapping(value['variables'])) {
    reading.exact ??= loadYaml(reading.text, { limits: labLimits, exact: true });
    const variables = [kind, name, 'variables'].reduce<unknown>((at, key) => (at instanceof Map ? at.get(key) : undefined), reading.exact);
    const entries = variables instanceof Map ? [...variables as Map<unknown, unknown>].map(([key, item]) => [String(key), item] as const) : [];
    reading.origins.set(id, { variables: entries.map(([key]) => key) });
    return dictionaryOf({ template: String(value['extends'] ?? value['device_type']), values: new Map(entries) });
  }
  return undefined;
}

const idOf = (kind: Kind, name: string, field: string) => JSON.stringify([kind, name, field]);

function placesOf({ text, located, origins }: Reading): LabPlaces {
  const lines = text.split(/\r\n|\r|\n/);
  const at = (path: Path): Place & { path: Path } => {
    for (let length = path.length; length >= 0; length--) {
      const found = located?.position(path.slice(0, length), length === path.length && length > 2 ? 'value' : 'key');
      if (found) return { path, line: found.line, column: found.column, endColumn: found.endColumn };
    }
    return { path };
  };
  return {
    of(kind, name, field, entry) {
      const path = [kind, name, ...(field?.split('.') ?? [])];
      const list = entry === undefined ? undefined : path.reduce<unknown>((value, key) => (isMapping(value) ? value[key] : undefined), located?.value);
      return at(Array.isArray(list) && list.includes(entry) ? [...path, list.indexOf(entry)] : path);
    },
    inside(kind, name, field, { line, column }) {
      const origin = origins.get(idOf(kind, name, field));
      if (!origin) return within(at([kind, name, ...field.split('.')]), lines, line, column);
      if ('file' in origin) return { path: [kind, name, fileKey(field)], file: origin.file, line, column };
      // The first line of a dictionary of variables names the template.
      const variable = origin.variables[line - 2];
      if (variable !== undefined) return at([kind, name, 'variables', variable]);
      return at([kind, name, located?.position([kind, name, 'extends']) ? 'extends' : 'device_type']);
    },
  };
}

/** The line of a text in a literal block has the same line in the file; other styles of YAML only tell where the text begins. */
function within<P extends Place>(begin: P, lines: readonly string[], line: number, column: number): P {
  if (begin.line === undefined || begin.column !== 1) return begin;
  const first = lines[begin.line - 1] ?? '';
  const indent = first.length - first.trimStart().length;
  const wanted = begin.line + line - 1;
  return { ...begin, line: wanted, column: indent + column, endColumn: undefined };
}
