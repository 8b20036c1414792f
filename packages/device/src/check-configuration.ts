import { readablePath, toJsonSchema, validate, type JsonSchema, type Mapping, type Path } from '@lava/job';
import { acceptedConfiguration } from './schema/accepted.ts';
import { checkCommands } from './schema/check-commands.ts';
import { deviceConfiguration } from './schema/configuration.ts';

/** Something wrong in a device configuration. An error keeps jobs from the device; a warning is surely a mistake. */
export interface ConfigurationProblem {
  readonly severity: 'error' | 'warning';
  /** Stable name of the kind of problem; docs/errors.md has a section on each. */
  readonly code: string;
  readonly path: Path;
  /** The place is marked at the key, not the value. */
  readonly part?: 'key' | 'value';
  readonly message: string;
  readonly hint?: string;
}

/** Tells the tags of values in the text; without it, texts in quotes and keys are what they seem. */
interface Tags { tag(path: Path, part?: 'key' | 'value'): string | undefined }

const untagged: Tags = { tag: (_, part) => (part === 'key' ? 'str' : undefined) };

/** Checks a device configuration: all errors, then all warnings. Empty: it is fine. */
export function checkConfiguration(value: Mapping, tags: Tags = untagged): ConfigurationProblem[] {
  const { errors, warnings } = validate(acceptedConfiguration, value, tags);
  const said = new Set<string>();
  const found = [...errors, ...warnings].flatMap(({ severity, code, path, part, message, hint }): ConfigurationProblem[] => {
    // Of what is an error, the full declaration need not speak again.
    const place = readablePath(path);
    if (said.size === said.add(place).size) return [];
    return [{ severity, code: severity === 'error' ? 'device-configuration' : code, path, ...(part && { part }), message: withPath(message, path), ...hinted(hint, path, value) }];
  });
  const all = [...found, ...checkCommands(value)];
  return [...all.filter((one) => one.severity === 'error'), ...all.filter((one) => one.severity === 'warning')];
}

/** JSON Schema (draft 7) of a rendered device configuration. */
export function deviceJsonSchema(): JsonSchema {
  const definitions: Record<string, JsonSchema> = {};
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'LAVA device configuration', ...toJsonSchema(deviceConfiguration, definitions), definitions };
}

/** The message with the whole path instead of its last part. */
function withPath(message: string, path: Path): string {
  // Where a text and a list of texts are allowed, they are programs.
  return message.replace(' must be a text or a list,', ' must be a command, or a list of commands,').replace(/^(?:"[^"]*"|entry \d+ of "[^"]*")(?= (?:must|is|has) )/, readablePath(path)).replace(/ in "[^"]*"$/, ` in ${readablePath(path.slice(0, -1))}`);
}

function hinted(hint: string | undefined, path: Path, value: Mapping): { hint?: string } {
  const at = path.reduce<unknown>((one, part) => (one as Record<string | number, unknown> | undefined)?.[part], value);
  // "off", "no" and numbers are no texts in YAML unless they are quoted.
  if (['boolean', 'number'].includes(typeof at)) return { hint: 'if a text is meant, put quotes around it inside the variable: "\'off\'"' };
  if (path.length === 1 && at === undefined) return { hint: 'does the dictionary extend a device type?' };
  return hint === undefined ? {} : { hint };
}
