import { asText } from '../text/as-text.ts';

import { ConfigurationError } from '@lava/base';
import { isMapping } from '@lava/job';

/**
 * Applies an env file (env.yaml, env-dut.yaml): `purge` starts from nothing, `removes` takes names away, `overrides` sets.
 * @param file the loaded file; null and undefined mean that there is none
 * @param base environment to start from
 */
export function applyEnvironmentFile(file: unknown, base: Readonly<Record<string, string | undefined>>): Record<string, string> {
  if (file === undefined || file === null) return {};
  if (!isMapping(file)) throw new ConfigurationError('env-dut.yaml is not a mapping with purge, removes, overrides', { code: 'environment-file' });
  const result: Record<string, string> = {};
  if (file['purge'] !== true) for (const [name, value] of Object.entries(base)) if (value !== undefined) result[name] = value;
  if (Array.isArray(file['removes'])) for (const name of file['removes']) delete result[asText(name)];
  if (isMapping(file['overrides'])) for (const [name, value] of Object.entries(file['overrides'])) result[name] = asText(value ?? '');
  return result;
}
