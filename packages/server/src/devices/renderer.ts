import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { ConfigurationError } from '@lava/base';
import { checkDevice, lookupFolders, renderDevice, renderText, type DeviceProblem, type TemplateSource } from '@lava/device';
import { prepared } from '../store/prepared.ts';
import { configurationFile, readConfiguration, type ConfigurationParts } from './configuration.ts';
import { storedTemplates } from './stored-templates.ts';

/** Renders the configuration of a device for a job's context; throws ConfigurationError with template and line, or as there is no such device. */
export type DeviceRenderer = (hostname: string, context: Readonly<Record<string, unknown>>) => Promise<string>;

export const unknownDevice = (hostname: string) => new ConfigurationError(`Device '${hostname}' does not exist.`, { code: 'unknown-device' });

/** Everything that is wrong or odd with what a device's dictionary gives. */
export async function deviceProblems(parts: ConfigurationParts, name: string, deviceType: string): Promise<readonly DeviceProblem[]> {
  try {
    return checkDevice({ name, deviceType, dictionary: await dictionaryOf(parts, name), lookup: await templateSources(parts) }).problems;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [{ severity: 'error', code: error.code, path: [], message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }];
  }
}

async function dictionaryOf(parts: ConfigurationParts, name: string, stored?: string | null): Promise<string> {
  const dictionary = await readConfiguration(parts, 'dictionary', name, stored);
  if (dictionary !== undefined) return dictionary;
  throw new ConfigurationError(`device ${name} has no dictionary`, {
    code: 'no-dictionary', hint: `Write ${configurationFile(parts.paths, 'dictionary', name)}, or: lava-server manage devices update ${name} --dictionary FILE`,
  });
}

/** Renders dictionaries with the admin's templates, those that came through the API and those that come with LAVA. */
export function renderFrom(parts: ConfigurationParts): DeviceRenderer {
  // Digests of texts that were found right: a device has the same one for job after job.
  const right = new Set<string>();
  return async (name, context) => {
    const { rows: [device] } = await sql<{ type: string; dictionary: string | null }>`
      select device_type as type, dictionary from devices where hostname = ${name} ${prepared}`.execute(parts.db);
    if (!device) throw unknownDevice(name);
    const [dictionary, lookup] = await Promise.all([dictionaryOf(parts, name, device.dictionary), templateSources(parts)]);
    const request = { name, deviceType: device.type, dictionary, context, lookup };
    const text = renderText(request);
    const digest = createHash('sha256').update(text).digest('base64');
    if (!right.has(digest)) {
      renderDevice(request);
      if (right.size >= 1000) right.clear();
      right.add(digest);
    }
    return text;
  };
}

/** Where the templates of dictionaries are: the admin's folders, then the database, then those that come with LAVA. */
export async function templateSources({ db, paths }: ConfigurationParts): Promise<TemplateSource[]> {
  const [dictionaries, types, ...rest] = lookupFolders(paths) as [string, string, ...string[]];
  return [dictionaries, types, await storedTemplates(db), ...rest];
}

/** The same without dictionaries: what there is of device types. */
export async function typeSources(parts: ConfigurationParts): Promise<TemplateSource[]> {
  return (await templateSources(parts)).slice(1);
}

/** What is wrong with a dictionary that is no device's yet; undefined when it can be used. */
export async function checkDictionary(parts: ConfigurationParts, dictionary: string): Promise<string | undefined> {
  try {
    renderDevice({ name: 'device', dictionary, lookup: await templateSources(parts) });
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message;
  }
}
