import { SaxesParser } from 'saxes';
import { caseName, type FormatCase, type FormatReader } from './format.ts';

/** Characters of one report; more is no report that somebody wrote by hand or could read. */
const longest = 64 << 20;

/**
 * JUnit's XML, in the forms that test programs write: `testsuite` in one another or not, `testcase` with `failure`,
 * `error` or `skipped` in it. Suites become sets, a case's `time` becomes its measurement in seconds.
 */
export class JunitReader implements FormatReader {
  readonly #parser = new SaxesParser({ position: true });
  readonly #suites: string[] = [];
  #open: { name: string; result: FormatCase['result']; seconds: number | undefined } | undefined;
  #ready: FormatCase[] = [];
  #problems: string[] = [];
  #read = 0;
  #started = false;
  #broken = false;

  constructor() {
    this.#parser.on('opentag', (tag) => this.#opened(tag));
    this.#parser.on('closetag', (tag) => this.#closed(tag.name));
    this.#parser.on('error', (error) => this.#fail(error.message));
  }

  line(text: string): FormatCase[] {
    // What is printed before the report is none of it; an XML declaration must stand first.
    const begin = this.#started ? 0 : text.indexOf('<');
    if (this.#broken || begin < 0) return [];
    this.#started = true;
    this.#read += text.length;
    if (this.#read > longest) this.#fail(`the report is longer than ${longest >> 20} MiB`);
    else this.#write(`${text.slice(begin).replace(/\r$/, '')}\n`);
    return this.#ready.splice(0);
  }

  end(): FormatCase[] {
    if (!this.#broken && this.#started) {
      try { this.#parser.close(); } catch (error) { this.#fail((error as Error).message); }
    }
    if (!this.#started) this.#problems.push('There is no JUnit report in the output');
    const cases = this.#ready.splice(0);
    return this.#broken || !this.#started ? [...cases, { name: 'junit-report', result: 'fail' }] : cases;
  }

  problems(): string[] {
    return this.#problems.splice(0);
  }

  #write(text: string): void {
    try { this.#parser.write(text); } catch (error) { this.#fail((error as Error).message); }
  }

  #fail(reason: string): void {
    if (!this.#broken) this.#problems.push(`The JUnit report cannot be read further: ${reason}`);
    this.#broken = true;
  }

  #opened({ name, attributes }: { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }): void {
    const text = (key: string) => (typeof attributes[key] === 'string' ? attributes[key] : undefined);
    if (name === 'testsuite') this.#suites.push(caseName(text('name') ?? ''));
    else if (name === 'testcase') {
      const of = [text('classname'), text('name')].filter((part) => part !== undefined && part !== '').join('.');
      const seconds = Number(text('time') ?? Number.NaN);
      const status = ['notrun', 'disabled'].includes(text('status') ?? '') ? 'skip' : 'pass';
      this.#open = { name: caseName(of) || 'test', result: status, seconds: Number.isFinite(seconds) ? seconds : undefined };
    } else if (this.#open) {
      if (name === 'failure' || name === 'error') this.#open.result = 'fail';
      else if (name === 'skipped' && this.#open.result !== 'fail') this.#open.result = 'skip';
    }
  }

  #closed(name: string): void {
    if (name === 'testsuite') this.#suites.pop();
    if (name !== 'testcase' || !this.#open) return;
    const { name: of, result, seconds } = this.#open;
    const set = this.#suites.filter((suite) => suite !== '').join('.');
    this.#ready.push({ name: of, result, ...(set !== '' && { set }), ...(seconds !== undefined && { measurement: seconds, units: 'seconds' }) });
    this.#open = undefined;
  }
}
