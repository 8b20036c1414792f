import { ConfigurationError, messageOf } from '@lava/base';
import { loadYaml } from '@lava/yaml';

/** Names of the daemon's own settings: they are not the job's business. */
const own = /^LAVA_(?!ROOT$)/;

/**
 * Environment of `lava-run` by the rules of env.yaml (LAVA): `purge` starts empty, `removes` takes names out,
 * `overrides` sets them. Without rules it is that of the daemon. Throws ConfigurationError when the text is no such mapping.
 */
export function runEnvironment(envYaml: string, base: NodeJS.ProcessEnv): Record<string, string> {
  const rules = parse(envYaml);
  const result: Record<string, string> = {};
  if (rules['purge'] !== true) {
    for (const [name, value] of Object.entries(base)) if (value !== undefined && !own.test(name)) result[name] = value;
  }
  const removes = rules['removes'] ?? [];
  if (!Array.isArray(removes)) throw broken('"removes" must be a list of names');
  for (const name of removes) delete result[String(name)];
  const overrides = rules['overrides'] ?? {};
  if (typeof overrides !== 'object' || Array.isArray(overrides)) throw broken('"overrides" must map names to values');
  for (const [name, value] of Object.entries(overrides as object)) {
    if (name.includes('=') || name.includes('\0') || String(value).includes('\0')) throw broken(`"${name}" cannot be a variable`);
    result[name] = String(value);
  }
  return result;
}

const broken = (what: string) => new ConfigurationError(`env.yaml of this worker: ${what}`, {
  code: 'env-yaml', hint: 'Correct env.yaml in /etc/lava-server on the server.',
});

function parse(text: string): Record<string, unknown> {
  let rules: unknown;
  try {
    rules = loadYaml(text, { file: 'env.yaml' });
  } catch (error) {
    throw broken(messageOf(error));
  }
  if (rules === null || rules === undefined) return {};
  if (typeof rules !== 'object' || Array.isArray(rules)) throw broken('it must be a mapping');
  return rules as Record<string, unknown>;
}
