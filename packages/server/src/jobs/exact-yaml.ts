import { loadYaml } from '@lava/yaml';

/**
 * A YAML text as plain objects, except for what these would lose and `dumpYaml` writes as it was: floats stay
 * `YamlFloat`, mappings with keys that are no words stay Maps.
 */
export function loadExactly(text: string): unknown {
  return opened(loadYaml(text, { exact: true }));
}

function opened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(opened);
  if (!(value instanceof Map)) return value;
  const entries = [...value].map(([key, inner]) => [key, opened(inner)] as const);
  // Objects put keys that look like numbers first.
  return entries.every(([key]) => typeof key === 'string' && !/^\d+$/.test(key)) ? Object.fromEntries(entries) : new Map(entries);
}
