import { compose, type Occurrence, type YamlLimits } from './compose.ts';
import { construct, type Places } from './construct.ts';
import { LineTable } from './lines.ts';
import { yamlTag } from './scalars.ts';
import type { YamlPosition } from './error.ts';

export interface LoadOptions {
  /** Name shown in errors. */
  readonly file?: string;
  readonly limits?: YamlLimits;
  /**
   * Keeps what plain JavaScript values lose: mappings become Maps (order and type of every key), floats `YamlFloat`
   * (`1.0` is not `1`). What `dumpYaml` writes of it loads equal in Python. Default: false.
   */
  readonly exact?: boolean;
}

/** A value and where its parts stand in the text. */
export interface Located {
  readonly value: unknown;
  /**
   * Place of the entry at a path: of its key, or of its value (default). An empty value stands at its key. Undefined if
   * there is no such entry; the path `[]` is the document.
   */
  position(path: readonly (string | number)[], part?: 'key' | 'value'): YamlPosition | undefined;
  /** Where in the text the value at a path stands, as offsets; undefined if there is none, or it is empty. */
  span(path: readonly (string | number)[]): { readonly start: number; readonly end: number } | undefined;
  /** Short tag of the key or value at a path: `str`, `int`, `float`, `bool`, `null`, `timestamp`, `map`, `seq` … */
  tag(path: readonly (string | number)[], part?: 'key' | 'value'): string | undefined;
  /** Keys that their mapping holds already: YAML takes the last, which is seldom meant. */
  readonly duplicates: readonly { readonly key: string; readonly at: YamlPosition }[];
}

/**
 * Loads one YAML 1.1 document as PyYAML's safe loader does: `yes` and `on` are true, `010` is 8, `12:30` is 750, the last
 * of equal keys wins, `<<` merges. Mappings become objects without prototype, dates `YamlDate`, integers beyond 2^53
 * bigint. An empty text is null.
 * @throws YamlError with line and column; also for a text beyond the limits
 */
export function loadYaml(text: string, options: LoadOptions = {}): unknown {
  return load(text, options).value;
}

/** As `loadYaml`, with the places of keys and values. */
export function loadYamlWithPositions(text: string, options: LoadOptions = {}): Located {
  const { value, root, places, duplicates = [], lines } = load(text, options);
  const find = (path: readonly (string | number)[]): { key: Occurrence | undefined; value: Occurrence } | undefined => {
    let entry = root && { key: undefined as Occurrence | undefined, value: root };
    let at: unknown = value;
    for (const part of path) {
      entry = typeof at === 'object' && at !== null ? places?.get(at)?.get(Array.isArray(at) ? Number(part) : String(part)) : undefined;
      at = Array.isArray(at) ? at[Number(part)] : at instanceof Map ? at.get(part) : (at as Record<string, unknown> | null)?.[part];
      if (!entry) return undefined;
    }
    return entry;
  };
  return {
    value,
    duplicates: duplicates.map((at) => ({ key: at.node.kind === 'scalar' ? at.node.text : '', at: lines.at(Math.max(0, at.start), at.end) })),
    position(path, part = 'value') {
      const entry = find(path);
      const at = entry && ((part === 'key' || entry.value.start < 0) && entry.key ? entry.key : entry.value);
      return at && lines.at(Math.max(0, at.start), at.end);
    },
    span(path) {
      const entry = find(path)?.value;
      return entry && entry.start >= 0 ? { start: entry.start, end: entry.end } : undefined;
    },
    tag(path, part = 'value') {
      const tag = find(path)?.[part]?.node.tag;
      return tag?.startsWith(yamlTag) ? tag.slice(yamlTag.length) : tag;
    },
  };
}

function load(text: string, options: LoadOptions): { value: unknown; root?: Occurrence; places?: Places; duplicates?: Occurrence[]; lines: LineTable } {
  const lines = new LineTable(text, options.file);
  const root = compose(text, lines, options.limits);
  if (!root) return { value: null, lines };
  return { ...construct(root, lines, options.exact ?? false), root, lines };
}
