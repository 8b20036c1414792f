import { YAMLException, parseEvents, type Event } from 'js-yaml';

/** Characters that may be parsed again for lines that were moved (about half a second); beyond, the text is refused. */
const mostParsed = 10_000_000;

/**
 * Parses as PyYAML does where brackets and quotes are open: there a line may start anywhere, also left of what it belongs
 * to (device types that close a list or a text at the first column are common). The parser of YAML 1.2 refuses that, so
 * such lines are moved to the right, which means nothing inside brackets and quotes; offsets are those of the given text.
 * @throws YAMLException; its `mark.position` is one of the text with the lines moved, see `original`
 */
export function parseAnyIndentation(text: string, maxDepth: number): { events: Event[]; original: (offset: number) => number } | { error: YAMLException; original: (offset: number) => number } {
  const moved: number[] = [];
  const by = Math.min(1000, longestIndentation(text) + 1);
  const original = (offset: number) => offset - moved.reduce((sum, start) => sum + Math.max(0, Math.min(by, offset - start)), 0);
  for (let source = text; ;) {
    try {
      const events = parseEvents(source, { maxDepth });
      return { events: moved.length ? events.map((event) => atOriginal(event, original)) : events, original };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      const start = source.lastIndexOf('\n', (error.mark?.position ?? 0) - 1) + 1;
      if (error.reason !== 'deficient indentation' || moved.includes(start) || moved.length * text.length > mostParsed) return { error, original };
      moved.push(start);
      source = source.slice(0, start) + ' '.repeat(by) + source.slice(start);
    }
  }
}

/** The deepest column at which a node can start: after blanks, and the marks of list entries and keys. */
function longestIndentation(text: string): number {
  let longest = 0;
  for (const [blanks] of text.matchAll(/^[ ?:-]+/gm)) longest = Math.max(longest, blanks.length);
  return longest;
}

/** An event with all its offsets (`start`, `valueEnd` …) in the original text. */
function atOriginal(event: Event, original: (offset: number) => number): Event {
  return Object.fromEntries(Object.entries(event).map(([key, value]: [string, unknown]) =>
    [key, typeof value === 'number' && value >= 0 && /(^start|Start|End)$/.test(key) ? original(value) : value])) as unknown as Event;
}
