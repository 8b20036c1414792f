import { isMapping, type Mapping } from '@lava/job';

/** A key at which two device configurations differ; a side is undefined where it lacks the key. */
export interface ConfigurationDifference {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Values of a configuration by path, as `actions/boot/methods`. Lists are values; an empty mapping means what null does. */
export function valuesByPath(value: unknown, path = ''): Map<string, unknown> {
  if (!isMapping(value) || Object.keys(value).length === 0) return new Map([[path, isMapping(value) ? null : value]]);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...valuesByPath(item, path ? `${path}/${key}` : key)]));
}

/** What differs between two device configurations, key by key, in the order of the first. */
export function compareConfigurations(before: Mapping, after: Mapping): ConfigurationDifference[] {
  const [a, b] = [valuesByPath(before), valuesByPath(after)];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((path) => {
    const [x, y] = [a.get(path), b.get(path)];
    return a.has(path) === b.has(path) && text(x) === text(y) ? [] : [{ path, before: x, after: y }];
  });
}

const text = (value: unknown): string | undefined => JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
