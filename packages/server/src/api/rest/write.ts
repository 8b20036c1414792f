import { HttpError } from '../errors.ts';
import { fieldError } from './refusals.ts';

/** What a field of a request may hold, and the column it is kept in. */
export type WriteField =
  | { readonly kind: 'text'; readonly column: string; readonly most: number; readonly nullable?: boolean; readonly blank?: boolean }
  | { readonly kind: 'integer'; readonly column: string; readonly nullable?: boolean }
  | { readonly kind: 'boolean'; readonly column: string }
  /** A word of a list, stored as its number. */
  | { readonly kind: 'choice'; readonly column: string; readonly words: readonly string[] }
  /** One of these texts. */
  | { readonly kind: 'word'; readonly column: string; readonly words: readonly string[] }
  /** A text without blanks and signs, such as the name of a tag. */
  | { readonly kind: 'slug'; readonly column: string; readonly most: number };

type Value = string | number | boolean | null;
/** Columns to write and their values. */
export type WrittenColumns = Record<string, Value>;

/**
 * The columns that a request sets. Fields that are not known are ignored, as LAVA does; what is wrong with the others is
 * told for each.
 * @param required fields that must be there; none for PATCH
 */
export function writtenColumns(request: { readonly body: unknown }, fields: Readonly<Record<string, WriteField>>, required: readonly string[]): WrittenColumns {
  const body = typeof request.body === 'object' && request.body !== null ? request.body as Record<string, unknown> : {};
  const columns: WrittenColumns = {};
  const wrong: Record<string, string[]> = {};
  for (const [name, field] of Object.entries(fields)) {
    if (!Object.hasOwn(body, name)) {
      if (required.includes(name)) wrong[name] = ['This field is required.'];
      continue;
    }
    const value = read(field, body[name]);
    if (typeof value === 'object' && value !== null) wrong[name] = [value.error];
    else columns[field.column] = value;
  }
  if (Object.keys(wrong).length > 0) throw new HttpError(400, 'bad-field', 'The request has wrong fields.', { body: wrong });
  return columns;
}

function read(field: WriteField, given: unknown): Value | { error: string } {
  // A form sends everything as text.
  if ('nullable' in field && field.nullable && (given === null || given === '')) return null;
  if (given === null || given === undefined) return { error: 'This field may not be null.' };
  switch (field.kind) {
    case 'text':
      if (typeof given !== 'string') return { error: 'Not a valid string.' };
      if (given.trim() === '' && !field.blank && field.column !== 'description') return { error: 'This field may not be blank.' };
      return given.length > field.most ? { error: `Ensure this field has no more than ${field.most} characters.` } : given;
    case 'integer': {
      const n = typeof given === 'string' && /^-?\d{1,9}$/.test(given) ? Number(given) : given;
      if (Number.isInteger(n) && (n as number) < 0) return { error: 'Ensure this value is greater than or equal to 0.' };
      return Number.isInteger(n) && (n as number) < 2 ** 31 ? n as number : { error: 'A valid integer is required.' };
    }
    case 'boolean':
      if (given === true || given === 'true' || given === 'True' || given === '1' || given === 'on') return true;
      return given === false || given === 'false' || given === 'False' || given === '0' || given === '' ? false : { error: 'Must be a valid boolean.' };
    case 'slug':
      if (typeof given !== 'string' || !/^[-\w]+$/.test(given)) return { error: 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.' };
      return given.length > field.most ? { error: `Ensure this field has no more than ${field.most} characters.` } : given;
    case 'word':
      return field.words.includes(String(given)) ? String(given) : { error: `"${String(given).slice(0, 100)}" is not a valid choice.` };
    case 'choice': {
      const n = field.words.indexOf(String(given));
      return n >= 0 ? n : { error: `"${String(given).slice(0, 100)}" is not a valid choice.` };
    }
  }
}

/** What LAVA calls a key where that is not its name. */
const labels: Readonly<Record<string, string>> = { 'device hostname': 'Hostname', 'worker hostname': 'Hostname', 'alias name': 'Alias for this device-type' };

/** Names what the database refused: an object that is there already, or one that does not exist. */
export async function refused<T>(kind: string, key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    const [, column = key, value = ''] = /^Key \(([^)]*)\)=\(([^)]*)\)/.exec(detail ?? '') ?? [];
    if (code === '23505') throw fieldError(key, `${kind} with this ${labels[`${kind} ${key}`] ?? key.replaceAll('_', ' ')} already exists.`);
    if (code === '23503') throw fieldError({ worker: 'worker_host', tag_id: 'tags' }[column] ?? column, `Invalid pk "${value}" - object does not exist.`);
    if (code === '23514') throw fieldError(key, 'Enter a valid value: it must not contain a slash.');
    throw error;
  }
}
