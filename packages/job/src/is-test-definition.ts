import { YamlError, loadYaml } from '@lava/yaml';
import { isMapping } from './mapping.ts';

/** True for a text that is the file of a test definition rather than a job; texts that are neither count as jobs. */
export function isTestDefinition(text: string): boolean {
  try {
    const value = loadYaml(text);
    return isMapping(value) && ['metadata', 'run', 'install', 'parse'].filter((key) => Object.hasOwn(value, key)).length > 1 && !Object.hasOwn(value, 'actions') && !Object.hasOwn(value, 'job_name');
  } catch (error) {
    if (error instanceof YamlError) return false;
    throw error;
  }
}
