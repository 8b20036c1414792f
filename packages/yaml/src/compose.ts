import { EVENT_ID, getScalarValue, SCALAR_STYLE, type DocumentDirective, type Event, type ScalarEvent } from 'js-yaml';
import { resolvePlain, yamlTag } from './scalars.ts';
import { YamlError } from './error.ts';
import { hintFor } from './hints.ts';
import { parseAnyIndentation } from './indentation.ts';
import type { LineTable } from './lines.ts';

/** A node of the document; nodes that aliases name are shared. Offsets count UTF-16 units of the text; -1 where the text has nothing. */
export type YamlNode = ScalarNode | SequenceNode | MappingNode;
interface NodeBase {
  /** Full tag. */
  readonly tag: string;
  readonly start: number;
  readonly end: number;
  /** Size after alias expansion, and nesting below. */
  weight: number;
  height: number;
}
interface ScalarNode extends NodeBase { readonly kind: 'scalar'; readonly text: string }
export interface SequenceNode extends NodeBase { readonly kind: 'sequence'; readonly items: Occurrence[] }
export interface MappingNode extends NodeBase { readonly kind: 'mapping'; readonly pairs: [key: Occurrence, value: Occurrence][] }

/** A node where it stands: an alias stands elsewhere than the node it names. */
export interface Occurrence { readonly node: YamlNode; readonly start: number; readonly end: number }

export interface YamlLimits {
  /** Longest text, in characters (default 1 MiB). */
  readonly size?: number;
  /** Deepest nesting, aliases followed (default 100). */
  readonly depth?: number;
  /** Largest size after aliases are replaced by what they stand for: characters of scalars plus 4 for each node (default 8 × size). */
  readonly expandedSize?: number;
}

/** Weight of a node beside its text. */
const nodeWeight = 4;

/** The tree of a text with at most one document; undefined if the text is empty. */
export function compose(text: string, lines: LineTable, limits: YamlLimits = {}): Occurrence | undefined {
  const size = limits.size ?? 1 << 20;
  const maxDepth = limits.depth ?? 100;
  const expandedSize = limits.expandedSize ?? 8 * size;
  if (text.length > size) {
    throw new YamlError(`this text is too long: ${text.length} characters, at most ${size} are allowed`, lines.at(0), {
      code: 'yaml-too-long', hint: 'Keep large data out of it, for example behind a URL that the job downloads.',
    });
  }
  const events = parse(text, lines, maxDepth);
  const anchors = new Map<string, YamlNode | null>();
  let directives: DocumentDirective[] = [];
  let next = 0;
  let total = 0;
  const fail = (offset: number, reason: string, code: string, hint?: string): never => { throw new YamlError(reason, lines.at(Math.max(0, offset)), { code, hint }); };
  const addWeight = (weight: number, offset: number) => {
    total += weight;
    if (total > expandedSize) fail(offset, 'aliases make this text too large', 'yaml-alias-bomb', `With every alias replaced by its anchor it would pass ${expandedSize} characters. Use fewer or smaller anchors.`);
  };

  // YAML 1.2 allows more, which PyYAML reads differently.
  const checkName = (name: string, offset: number) => {
    if (!/^[A-Za-z0-9_-]+$/.test(name)) fail(offset, 'names of anchors consist of letters, digits, "-" and "_"', 'yaml-anchor-name');
  };
  const fullTag = (from: number, to: number): string => {
    const raw = text.slice(from, to);
    if (raw.startsWith('!<')) return decodeTag(raw.slice(2, -1));
    const end = raw.indexOf('!', 1);
    const handle = end < 0 ? '!' : raw.slice(0, end + 1);
    const declared = directives.find((d) => d.kind === 'tag' && d.handle === handle);
    const prefix = declared?.kind === 'tag' ? declared.prefix : handle === '!!' ? yamlTag : handle;
    return decodeTag(prefix + raw.slice(handle.length));
  };

  const node = (depth: number): Occurrence => {
    const event = events[next++] as Exclude<Event, { type: typeof EVENT_ID.POP | typeof EVENT_ID.DOCUMENT }>;
    if (event.type === EVENT_ID.ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      checkName(name, event.anchorStart);
      const target = anchors.get(name);
      if (target === undefined) return fail(event.anchorStart, `there is no anchor &${name} before this alias`, 'yaml-unknown-alias', `Quote it if a text that begins with "*" is meant; an alias needs "&${name}" before it.`);
      if (target === null) return fail(event.anchorStart, `the alias *${name} stands inside its own anchor`, 'yaml-recursive-alias');
      addWeight(target.weight, event.anchorStart);
      if (depth + target.height > maxDepth) fail(event.anchorStart, `nested deeper than ${maxDepth} levels through this alias`, 'yaml-too-deep');
      return { node: target, start: event.anchorStart - 1, end: event.anchorEnd };
    }
    const anchor = event.anchorStart < 0 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) checkName(anchor, event.anchorStart);
    const given = event.tagStart < 0 ? '' : fullTag(event.tagStart, event.tagEnd);
    const tag = given === '!' ? '' : given;
    const before = total;
    let made: YamlNode;
    if (event.type === EVENT_ID.SCALAR) {
      const value = scalarText(text, event);
      const plain = (event.style === SCALAR_STYLE.PLAIN && given === '') || (given === '!' && event.valueStart >= 0);
      const start = event.valueStart < 0 ? Math.max(event.tagStart, event.anchorStart) : event.valueStart;
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
      addWeight(nodeWeight + value.length, start);
      made = {
        kind: 'scalar', text: value, tag: tag || yamlTag + (plain ? resolvePlain(value) : 'str'), weight: 0, height: 0,
        start: start - quoted, end: event.valueStart < 0 ? Math.max(event.tagEnd, event.anchorEnd) : event.valueEnd + quoted,
      };
    } else {
      if (depth >= maxDepth) fail(event.start, `nested deeper than ${maxDepth} levels`, 'yaml-too-deep');
      if (anchor !== undefined) anchors.set(anchor, null);
      addWeight(nodeWeight, event.start);
      let height = 0;
      const child = () => { const o = node(depth + 1); height = Math.max(height, o.node.height); return o; };
      if (event.type === EVENT_ID.SEQUENCE) {
        const items: Occurrence[] = [];
        while (events[next]?.type !== EVENT_ID.POP) items.push(child());
        made = { kind: 'sequence', items, tag: tag || `${yamlTag}seq`, weight: 0, height: 0, start: event.start, end: -1 };
      } else {
        const pairs: [Occurrence, Occurrence][] = [];
        while (events[next]?.type !== EVENT_ID.POP) pairs.push([child(), child()]);
        made = { kind: 'mapping', pairs, tag: tag || `${yamlTag}map`, weight: 0, height: 0, start: event.start, end: -1 };
      }
      made.height = height + 1;
      next++;
    }
    made.weight = total - before;
    if (anchor !== undefined) anchors.set(anchor, made);
    return { node: made, start: made.start, end: made.end };
  };

  const head = events[next++];
  if (!head) return undefined;
  if (head.type === EVENT_ID.DOCUMENT) directives = head.directives;
  const root = node(0);
  const second = events[next + 1];
  if (second) {
    fail(offsetOf(events.slice(next + 2).find((e) => offsetOf(e) >= 0)), 'there is a second document', 'yaml-second-document', 'Only one document is expected: remove the line --- and what follows it.');
  }
  return root;
}

/** YAML 1.1: a block scalar that the end of the text cuts off has no line feed at its end. */
function scalarText(text: string, event: ScalarEvent): string {
  const value = getScalarValue(text, event);
  const block = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
  return block && event.valueEnd === text.length && !/[\r\n]$/.test(text) && value.endsWith('\n') ? value.slice(0, -1) : value;
}

function offsetOf(event: Event | undefined): number {
  if (!event || event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) return -1;
  return event.type === EVENT_ID.SCALAR ? event.valueStart : event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start;
}

function decodeTag(tag: string): string {
  try { return decodeURIComponent(tag); } catch { return tag; }
}

function parse(text: string, lines: LineTable, maxDepth: number): Event[] {
  const parsed = parseAnyIndentation(text, maxDepth + 1);
  if ('events' in parsed) return parsed.events;
  const { reason, mark } = parsed.error;
  const deep = reason.startsWith('nesting exceeded');
  throw new YamlError(deep ? `nested deeper than ${maxDepth} levels` : reason, lines.at(parsed.original(mark?.position ?? 0)), {
    code: deep ? 'yaml-too-deep' : 'yaml-syntax', hint: hintFor(reason, text, parsed.original(mark?.position ?? 0)),
  });
}
