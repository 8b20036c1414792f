import { dumpYaml } from '@lava/yaml';

// Definitions with mistakes as people, and as templates of people, make them. All by chance, but the same for a seed.

/** Numbers from 0 to 1, the same ones for a seed (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

type Parent = Record<string | number, unknown>;

/** Every place of a value: what holds it, and its key or index there. */
function places(value: unknown, found: [Parent, string | number][] = []): [Parent, string | number][] {
  if (typeof value !== 'object' || value === null) return found;
  for (const [key, item] of Object.entries(value)) {
    found.push([value as Parent, Array.isArray(value) ? Number(key) : key]);
    places(item, found);
  }
  return found;
}

const values: readonly unknown[] = [null, true, false, 0, -1, 1, 1.5, 1e30, '', 'x', 'on', '2024-01-01', '.*', '(', '{{ x }}', '%s', [], {}, [[]], [{}], { x: 1 }, ['x'], 'é\u{1f600}\u0000', 'x'.repeat(300), '__proto__'];
const marks = ['[', ']', '{', '}', ':', ': ', '#', '&a', '*a', '!', '!!python/object', '%', '@', '`', '"', "'", '|', '>', '-', '- ', '\t', '  ', '\n', '---', '...', '<<: ', ',', '?', '\u0000', '\ufeff', '\r'];

/**
 * Definitions, each made of one of `samples` by one to four changes: to its structure, to its text or to both.
 * @param samples definitions; parts of one are also put into another
 */
export function* mutated(samples: readonly unknown[], count: number, seed: number): Generator<string> {
  const random = chance(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;

  const anyValue = () => structuredClone(pick(values));
  const misspelt = (word: string): string => {
    const at = below(word.length + 1);
    return pick([
      () => word.slice(0, at) + word.slice(at + 1), () => word.slice(0, at) + pick([...'abcxyz_-']) + word.slice(at), () => word.toUpperCase(), () => `${word}s`,
      () => word.replaceAll('_', '-'), () => word.replaceAll('-', '_'), () => word.slice(0, at) + word.slice(at, at + 2).split('').toReversed().join('') + word.slice(at + 2),
    ])();
  };
  const rename = (parent: Parent, key: string | number) => {
    const { [key]: value } = parent;
    delete parent[key];
    parent[misspelt(String(key))] = value;
  };
  const ofStructure: readonly ((parent: Parent, key: string | number) => void)[] = [
    (parent, key) => { if (Array.isArray(parent)) parent.splice(Number(key), 1); else delete parent[key]; },
    rename,
    (parent, key) => { parent[key] = anyValue(); },
    (parent, key) => { parent[key] = [parent[key]]; },
    (parent, key) => { const value = parent[key]; parent[key] = Array.isArray(value) ? value[0] : { [String(key)]: value }; },
    (parent, key) => { const [from, name] = pick(places(pick(samples))); parent[key] = structuredClone(from[name]); },
    (parent, key) => { const value = parent[key]; parent[key] = typeof value === 'string' ? misspelt(value) : typeof value === 'number' ? String(value) : value; },
    (parent) => { if (Array.isArray(parent)) parent.push(anyValue()); else parent[pick(['bogus', 'timeout', 'namespace', 'role', 'repeat', 'name', 'docker'])] = anyValue(); },
    (parent, key) => { if (Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)])); },
  ];
  const ofText: readonly ((lines: string[], i: number) => void)[] = [
    (lines, i) => { lines[i] = ` ${lines[i]}`; },
    (lines, i) => { lines[i] = (lines[i] ?? '').replace(/^ {1,2}/, ''); },
    (lines, i) => { lines.splice(i, 1); },
    (lines, i) => { lines.splice(i, 0, lines[i] ?? ''); },
    (lines, i) => { const line = lines[i] ?? ''; const at = below(line.length + 1); lines[i] = line.slice(0, at) + pick(marks) + line.slice(at); },
    (lines, i) => { const line = lines[i] ?? ''; const at = below(line.length + 1); lines[i] = line.slice(0, at) + line.slice(at + 1); },
    (lines, i) => { lines.length = i; },
    (lines, i) => { const j = below(lines.length); [lines[i], lines[j]] = [lines[j] ?? '', lines[i] ?? '']; },
  ];

  for (let n = 0; n < count; n++) {
    const job = structuredClone(pick(samples));
    const rounds = 1 + below(4);
    let textRounds = 0;
    for (let i = 0; i < rounds; i++) {
      const all = places(job);
      if (random() < 0.6 && all.length) pick(ofStructure)(...pick(all));
      else textRounds++;
    }
    const lines = dumpYaml(job).split('\n');
    for (let i = 0; i < textRounds; i++) pick(ofText)(lines, below(lines.length));
    yield lines.join('\n');
  }
}
