import { mappingAt, type Mapping } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import type { Row } from './source.ts';

/** What older releases keep of a job in its definition only. */
export function fromDefinition(row: Row): { metadata: unknown; role: string; host_role: string | null; essential: boolean } {
  const text = String(row['definition']);
  // Most definitions have neither, and reading YAML is what takes the time.
  const definition = row['target_group'] || /^metadata:/m.test(text) ? yamlMapping(text) : {};
  const multinode = mappingAt(definition, 'protocols', 'lava-multinode') ?? {};
  const role = typeof multinode['role'] === 'string' ? multinode['role'] : '';
  const host = definition['host_role'] ?? multinode['host_role'];
  return {
    metadata: row['metadata'] ?? definition['metadata'] ?? {}, role,
    host_role: typeof host === 'string' ? host : null, essential: multinode['essential'] === true,
  };
}

/** A YAML text as a mapping; one that is none, or no YAML, is an empty one. */
export function yamlMapping(text: string): Mapping {
  try {
    return mappingAt(loadYaml(text)) ?? {};
  } catch {
    return {};
  }
}
