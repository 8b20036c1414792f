import { readTemplate } from '@lava/device';
import type { ConfigurationParts } from './configuration.ts';
import { typeSources } from './renderer.ts';

/** Text of the template of a device type, wherever it is kept; undefined when there is none. */
export async function readTypeTemplate(parts: ConfigurationParts, name: string): Promise<string | undefined> {
  return readTemplate(`${name}.jinja2`, await typeSources(parts));
}
