import { dumpYaml, loadYaml } from '@lava/yaml';

/**
 * The definition of a job as its worker gets it: where a header of a download or one of the secrets is the name of one of
 * the submitter's tokens for remote files, the token stands in its place. The very same text when it names none of them.
 * @param tokens by name
 */
export function withRemoteTokens(definition: string, tokens: ReadonlyMap<string, string>): string {
  if (tokens.size === 0) return definition;
  const value = loadYaml(definition, { exact: true });
  if (!(value instanceof Map)) return definition;
  let found = false;
  const replace = (values: unknown) => {
    if (!(values instanceof Map)) return;
    for (const [key, given] of values) {
      const token = typeof given === 'string' ? tokens.get(given) : undefined;
      if (token === undefined) continue;
      values.set(key, token);
      found = true;
    }
  };
  // What aliases repeat is looked at once.
  const seen = new Set<unknown>();
  const inBlock = (node: unknown): void => {
    if (seen.has(node)) return;
    if (Array.isArray(node) || node instanceof Map) seen.add(node);
    if (Array.isArray(node)) node.forEach(inBlock);
    if (!(node instanceof Map)) return;
    if (node.has('url') || (node.get('from') === 'url' && node.has('repository'))) replace(node.get('headers'));
    for (const part of node.values()) inBlock(part);
  };
  replace(value.get('secrets'));
  const actions: unknown = value.get('actions');
  for (const action of Array.isArray(actions) ? actions as unknown[] : []) {
    if (action instanceof Map) for (const kind of ['deploy', 'test']) inBlock(action.get(kind));
  }
  return found ? dumpYaml(value) : definition;
}
