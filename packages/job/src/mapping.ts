/** A mapping of a definition or device configuration, as `loadYaml` gives it. */
export type Mapping = Readonly<Record<string, unknown>>;

/** True for mappings; lists, dates and the like are none. */
export function isMapping(value: unknown): value is Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** The mapping at a path of keys; undefined if anything on the way is missing or no mapping. */
export function mappingAt(from: unknown, ...keys: string[]): Mapping | undefined {
  let at: unknown = from;
  for (const key of keys) at = isMapping(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isMapping(at) ? at : undefined;
}
