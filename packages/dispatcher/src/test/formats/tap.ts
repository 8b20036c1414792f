import { caseName, type FormatCase, type FormatReader } from './format.ts';

/** A test that has tests of its own, or the whole output. */
interface Level {
  readonly indent: number;
  /** From `# Subtest: name`; else known when the line of the group itself comes. */
  name: string | undefined;
  planned: number | undefined;
  seen: number;
  /** Of a group whose name is not known yet. */
  held: FormatCase[];
}

const version = /^(?:K?TAP) version \d+/;
const plan = /^1\.\.(\d+)(?:\s*#\s*(skip\S*)\s*(.*))?$/i;
const subtest = /^# Subtest(?:: (.+))?$/i;
const outcome = /^(not )?ok\b(?:\s+(\d+))?(?:\s+-)?\s*(.*)$/;
const bailOut = /^Bail out!\s*(.*)$/i;
/** `[   12.345678] `, with `<6>` before it or a CPU or thread after the time, as kernels print it. */
const kernelPrefix = /^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])? ?/;

/**
 * Test Anything Protocol 12 to 14 and the kernel's KTAP, nested or not, also with the prefixes of kernel messages and
 * with other output in between. Groups become sets; the line of a group itself is a result beside them.
 * Sources: testanything.org/tap-version-14-specification.html, docs.kernel.org/dev-tools/ktap.html.
 */
export class TapReader implements FormatReader {
  #levels: Level[] = [level(0)];
  #diagnostics: number | undefined;
  #nextName: string | undefined;
  #problems: string[] = [];
  #bailed = false;

  line(text: string): FormatCase[] {
    const plain = text.replace(/\r$/, '').replace(kernelPrefix, '');
    const words = plain.trimStart();
    const indent = plain.length - words.length;
    // A block of YAML belongs to the test before it.
    if (this.#diagnostics !== undefined) {
      if (words.startsWith('...') && indent === this.#diagnostics) this.#diagnostics = undefined;
      return [];
    }
    if (words.trimEnd() === '---' && indent > 0) { this.#diagnostics = indent; return []; }
    if (version.test(words)) { this.#open(indent); return []; }
    const named = subtest.exec(words);
    if (named) { this.#name(indent, named[1] === undefined ? undefined : caseName(named[1])); return []; }
    const planned = plan.exec(words);
    if (planned) return this.#plan(indent, Number(planned[1]), planned[2] !== undefined);
    const done = outcome.exec(words);
    if (done && (done[2] !== undefined || done[3] !== '')) return this.#outcome(indent, done[1] === undefined, done[2], done[3] ?? '');
    const bailed = bailOut.exec(words);
    if (!bailed) return [];
    this.#bailed = true;
    this.#problems.push(`The test gave up: ${bailed[1] || 'no reason given'}`);
    return [{ name: 'bail-out', result: 'fail' }];
  }

  end(): FormatCase[] {
    const cases: FormatCase[] = [];
    while (this.#levels.length > 0) cases.push(...this.#close(undefined));
    this.#levels = [level(0)];
    return cases;
  }

  problems(): string[] {
    return this.#problems.splice(0);
  }

  /** The innermost level with this indentation; a deeper one is opened. */
  #open(indent: number): Level {
    const found = this.#levels.find((l) => l.indent === indent);
    if (found) return found;
    const made = { ...level(indent), name: this.#nextName };
    this.#nextName = undefined;
    this.#levels.push(made);
    return made;
  }

  /** KTAP names the group that its version line has opened, TAP the one that begins below. */
  #name(indent: number, name: string | undefined): void {
    const at = this.#levels.at(-1)!;
    if (this.#levels.length > 1 && at.indent === indent && at.name === undefined && at.seen === 0) at.name = name;
    else this.#nextName = name;
  }

  #plan(indent: number, count: number, skipped: boolean): FormatCase[] {
    const at = this.#open(indent);
    at.planned = count;
    return skipped && count === 0 && this.#levels.length === 1 ? this.#report({ name: 'all', result: 'skip' }, at) : [];
  }

  #outcome(indent: number, ok: boolean, number: string | undefined, rest: string): FormatCase[] {
    const [, description = '', directive = ''] = /^((?:[^\\#]|\\.)*?)(?:\s*#\s*(.*))?$/.exec(rest) ?? [];
    const name = caseName(description.replaceAll(/\\([\\#])/g, '$1')) || (number === undefined ? 'test' : `test-${number}`);
    const cases: FormatCase[] = [];
    // The line of a group comes after its tests, one step further out.
    while (this.#levels.length > 1 && this.#levels.at(-1)!.indent > indent) cases.push(...this.#close(name));
    const at = this.#open(indent);
    at.seen += 1;
    cases.push(...this.#report({ name, result: resultOf(ok, directive) }, at));
    return cases;
  }

  /** A result of a level: given out, or held until the names of all groups around it are known. */
  #report(found: FormatCase, at: Level): FormatCase[] {
    const around = this.#levels.slice(1, this.#levels.indexOf(at) + 1);
    const unnamed = around.findLast((l) => l.name === undefined);
    const inner = unnamed ? around.slice(around.indexOf(unnamed) + 1) : around;
    const named = withSet(found, inner.map((l) => l.name!));
    if (!unnamed) return [named];
    unnamed.held.push(named);
    return [];
  }

  /** Ends the innermost level. @param name of its group, when its own line tells it */
  #close(name: string | undefined): FormatCase[] {
    const ended = this.#levels.at(-1)!;
    ended.name ??= name ?? (this.#levels.length > 1 ? 'group' : undefined);
    const cases: FormatCase[] = [];
    const missing = (ended.planned ?? ended.seen) - ended.seen;
    if (missing > 0 && !this.#bailed) {
      this.#problems.push(`${ended.name === undefined ? 'The test' : `Group ${ended.name}`} announced ${ended.planned} tests, ${missing} of them did not report`);
      cases.push(...this.#report({ name: 'missing-tests', result: 'fail' }, ended));
    }
    const { held } = ended;
    ended.held = [];
    for (const found of held) cases.push(...this.#report(found, ended));
    this.#levels.pop();
    return cases;
  }
}

const level = (indent: number): Level => ({ indent, name: undefined, planned: undefined, seen: 0, held: [] });

function withSet(found: FormatCase, names: readonly string[]): FormatCase {
  const set = [...names, ...(found.set === undefined ? [] : [found.set])].join('.');
  return set === '' ? found : { ...found, set };
}

function resultOf(ok: boolean, directive: string): FormatCase['result'] {
  const [word = ''] = directive.toLowerCase().split(/[\s:]/);
  if (word.startsWith('skip')) return 'skip';
  // What is known not to work yet is no failure.
  if (word === 'todo' && !ok) return 'skip';
  return ok ? 'pass' : 'fail';
}
