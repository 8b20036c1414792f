import { constructScalar, yamlTag } from './scalars.ts';
import { YamlError } from './error.ts';
import { YamlDate, YamlFloat, pythonFloat } from './values.ts';
import type { LineTable } from './lines.ts';
import type { MappingNode, Occurrence, SequenceNode, YamlNode } from './compose.ts';

/** Where the entries of each constructed list and mapping stand. */
export type Places = Map<object, Map<string | number, { readonly key: Occurrence | undefined; readonly value: Occurrence }>>;
type Pair = [key: Occurrence, value: Occurrence];
type Key = string | number | bigint | boolean | null | YamlDate | YamlFloat | Uint8Array;

/**
 * Makes JavaScript values of nodes, as PyYAML's SafeConstructor makes Python ones.
 * @param exact mappings become Maps with their true keys, floats `YamlFloat`
 */
export function construct(root: Occurrence, lines: LineTable, exact: boolean): { value: unknown; places: Places; duplicates: Occurrence[] } {
  const duplicates: Occurrence[] = [];
  const places: Places = new Map();
  const made = new Map<YamlNode, unknown>();
  const flat = new Map<MappingNode, Pair[]>();
  const fail = (at: { start: number; end: number }, reason: string, code: string, hint?: string): never => {
    throw new YamlError(reason, lines.at(Math.max(0, at.start), at.end), { code, hint });
  };

  const value = ({ node, ...at }: Occurrence): unknown => {
    if (node.kind !== 'scalar' && made.has(node)) return made.get(node);
    const short = node.tag.startsWith(yamlTag) ? node.tag.slice(yamlTag.length) : '';
    let result: unknown;
    if (node.kind === 'scalar') {
      result = constructScalar(short, node.text, exact);
      if (result === undefined) refuse(node, at, short);
    } else if (node.kind === 'sequence' && short === 'seq') {
      const list: unknown[] = [];
      const table = new Map();
      for (const [i, item] of node.items.entries()) { list.push(value(item)); table.set(i, { key: undefined, value: item }); }
      places.set(list, table);
      result = list;
    } else if (node.kind === 'sequence' && (short === 'omap' || short === 'pairs')) {
      result = node.items.map((item) => pairOf(item, short));
    } else if (node.kind === 'mapping' && (short === 'map' || short === 'set')) {
      result = mapping(node);
      if (short === 'set') result = result instanceof Map ? new Set(result.keys()) : Object.keys(result as object);
    } else refuse(node, at, short);
    made.set(node, result);
    return result;
  };

  const refuse = (node: YamlNode, at: { start: number; end: number }, short: string): never => {
    const known = ['str', 'null', 'bool', 'int', 'float', 'timestamp', 'binary', 'seq', 'map', 'set', 'omap', 'pairs'].includes(short);
    const shown = short ? `!!${short}` : node.tag;
    if (node.kind === 'scalar' && short === 'value') fail(at, 'a lone "=" has a special meaning in YAML', 'yaml-value', 'Quote it: "=".');
    if (node.kind === 'scalar' && short === 'merge') fail(at, '"<<" stands for merging and can only be a key', 'yaml-merge', 'Quote it if the text is meant: "<<".');
    if (node.kind === 'scalar' && short === 'timestamp') fail(at, `${JSON.stringify(node.text)} looks like a date but is none`, 'yaml-date', 'Quote it if the text is meant.');
    if (!known) fail(at, `the tag ${shown} is not known`, 'yaml-tag', 'Only the standard tags of YAML are accepted. Quote the text if it is meant to start with "!".');
    return fail(at, `this is not a valid ${shown}`, 'yaml-tag');
  };

  const pairOf = (item: Occurrence, short: string): unknown[] => {
    const pair = item.node.kind === 'mapping' && item.node.pairs.length === 1 ? item.node.pairs[0] : undefined;
    if (!pair) return fail(item, `entries of !!${short} are mappings of one key`, 'yaml-tag');
    return [value(pair[0]), value(pair[1])];
  };

  /** Pairs of a mapping with its merge keys (`<<`) replaced: merged ones first, so that the mapping's own win. */
  const flatten = (node: MappingNode): Pair[] => {
    const known = flat.get(node);
    if (known) return known;
    const merged: Pair[] = [];
    const own: Pair[] = [];
    for (const pair of node.pairs) {
      const [key, { node: target, ...at }] = pair;
      if (key.node.tag !== `${yamlTag}merge`) { own.push(pair); continue; }
      const sources = target.kind === 'sequence' ? (target as SequenceNode).items.toReversed() : [{ node: target, ...at }];
      for (const source of sources) {
        if (source.node.kind !== 'mapping') fail(source, 'only a mapping or a list of mappings can be merged', 'yaml-merge', 'After "<<:" write an alias of a mapping, or a list of them.');
        // Copied key by key, so that many merges of a large mapping stay cheap.
        else merged.push(...distinct(flatten(source.node)));
      }
    }
    const pairs = merged.length ? distinct([...merged, ...own]) : own;
    flat.set(node, pairs);
    return pairs;
  };

  const distinct = (pairs: Pair[]): Pair[] => {
    const table = new Map<string, Pair>();
    for (const pair of pairs) table.set(keyOf(pair[0]).id, pair);
    return [...table.values()];
  };

  const keyOf = (at: Occurrence): { id: string; key: Key } => {
    if (at.node.kind !== 'scalar') return fail(at, 'a list or a mapping cannot be a key', 'yaml-key', 'Quote the key if the text is meant; a template placeholder such as {{ name }} must be quoted or rendered first.');
    const key = (at.node.tag === `${yamlTag}value` ? at.node.text : value(at)) as Key;
    return { id: keyId(key), key };
  };

  const mapping = (node: MappingNode): unknown => {
    const table = new Map<string, { key: Occurrence; value: Occurrence }>();
    const object = Object.create(null) as Record<string, unknown>;
    const entries = new Map<string, [Key, unknown]>();
    let own: Set<Occurrence> | undefined;
    for (const [keyAt, valueAt] of flatten(node)) {
      const { id, key } = keyOf(keyAt);
      const text = keyText(key);
      if (table.has(text)) {
        own ??= new Set(node.pairs.map(([k]) => k));
        if (own.has(keyAt)) duplicates.push(keyAt);
      }
      table.set(text, { key: keyAt, value: valueAt });
      // A later value of the same key wins, in the place of the first.
      if (exact) entries.set(id, [entries.get(id)?.[0] ?? key, value(valueAt)]);
      else object[text] = value(valueAt);
    }
    const result = exact ? new Map(entries.values()) : object;
    places.set(result, table);
    return result;
  };

  return { value: value(root), places, duplicates };
}

/** A key as text: what YAML would write for it (`1`, `true`, `null`, `2024-01-01`). */
function keyText(key: unknown): string {
  return key instanceof YamlFloat ? pythonFloat(key.value) : typeof key === 'number' && !Number.isInteger(key) ? pythonFloat(key) : String(key);
}

// Python's dictionaries hold 1, 1.0 and True for the same key, and so must this.
function keyId(key: Key): string {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `n${Number(key)}`;
  if (key instanceof YamlFloat) return `n${Number.isInteger(key.value) ? BigInt(key.value) : key.value}`;
  if (typeof key === 'number' || typeof key === 'bigint') return `n${key}`;
  return `${key === null ? 'null' : key.constructor.name} ${String(key)}`;
}
