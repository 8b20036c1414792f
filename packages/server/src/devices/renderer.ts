import { ConfigurationError } from '@lava/base';
import { checkDevice, lookupFolders, renderDevice, type DeviceProblem, type TemplateSource } from '@lava/device';
import { configurationFile, readConfiguration, storedConfigurations, type ConfigurationParts } from './configuration.ts';

/** Renders the configuration of a device for a job's context; throws ConfigurationError with template and line. */
export type DeviceRenderer = (hostname: string, deviceType: string, context: Readonly<Record<string, unknown>>) => Promise<string>;

/** Everything that is wrong or odd with what a device's dictionary gives. */
export async function deviceProblems(parts: ConfigurationParts, name: string, deviceType: string): Promise<readonly DeviceProblem[]> {
  try {
    return checkDevice({ name, deviceType, dictionary: await dictionaryOf(parts, name), lookup: await templateSources(parts) }).problems;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [{ severity: 'error', code: error.code, path: [], message: error.message, ...(error.hint !== undefined && { hint: error.hint }) }];
  }
}

async function dictionaryOf(parts: ConfigurationParts, name: string): Promise<string> {
  const dictionary = await readConfiguration(parts, 'dictionary', name);
  if (dictionary !== undefined) return dictionary;
  throw new ConfigurationError(`device ${name} has no dictionary`, {
    code: 'no-dictionary', hint: `Write ${configurationFile(parts.paths, 'dictionary', name)}, or: lava-server manage devices update ${name} --dictionary FILE`,
  });
}

/** Renders dictionaries with the admin's templates, those that came through the API and those that come with LAVA. */
export function renderFrom(parts: ConfigurationParts): DeviceRenderer {
  return async (name, deviceType, context) => {
    const [dictionary, lookup] = await Promise.all([dictionaryOf(parts, name), templateSources(parts)]);
    return renderDevice({ name, deviceType, dictionary, context, lookup }).text;
  };
}

/** Where the templates of dictionaries are: the admin's folders, then the database, then those that come with LAVA. */
export async function templateSources({ db, paths }: ConfigurationParts): Promise<TemplateSource[]> {
  const stored = await storedConfigurations(db, 'template');
  const [dictionaries, types, ...rest] = lookupFolders(paths) as [string, string, ...string[]];
  return [dictionaries, types, new Map([...stored].map(([name, text]) => [`${name}.jinja2`, text])), ...rest];
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
