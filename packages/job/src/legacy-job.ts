import { isMapping, type Mapping } from './mapping.ts';

/**
 * True for a job definition of LAVA's first version, which was JSON: its actions are `{"command": "deploy_linaro_image",
 * "parameters": {…}}`, and beside them stand `timeout`, a number, and `target` or `device_group`.
 */
export function isLegacyJob(definition: Mapping): boolean {
  const { actions } = definition;
  return !Object.hasOwn(definition, 'timeouts') && Array.isArray(actions) && actions.some((action) => isMapping(action) && typeof action['command'] === 'string');
}
