import { isMapping, pythonRepr } from '@lava/job';

/** What somebody wrote where a text is expected, as a text: `String` throws for mappings that were loaded from YAML. */
export function asText(value: unknown): string {
  return isMapping(value) || Array.isArray(value) ? pythonRepr(value) : String(value);
}
