import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { assetFolder } from '@lava/base';

/**
 * Programs that flash boards, played: each writes down the words it is called with, and says what the real one says when
 * all goes well. For trying device types and jobs where neither the board nor its vendor's program is at hand.
 */
export class FakeTools {
  readonly folder = mkdtempSync(join(tmpdir(), 'lava-tools-'));

  /** @param names of the programs, such as `dfu-util` */
  constructor(...names: string[]) {
    for (const name of names) symlinkSync(join(assetFolder(import.meta.url, 'fake-tools'), 'fake-tool'), join(this.folder, name));
  }

  /** A `PATH` on which the programs come first. */
  get path(): string {
    return `${this.folder}${delimiter}${process.env['PATH'] ?? ''}`;
  }

  /** What a program says from now on, and the exit status it ends with. */
  says(name: string, text: string, status = 0): void {
    writeFileSync(join(this.folder, `${name}.says`), text);
    writeFileSync(join(this.folder, `${name}.status`), `${status}\n`);
  }

  /** Shell code that a program runs before it says anything; its words are `$@`. */
  does(name: string, code: string): void {
    writeFileSync(join(this.folder, `${name}.does`), code, { mode: 0o755 });
  }

  /** The calls so far, each as a list of words, the program's name first. @param name only those of this program */
  calls(name?: string): string[][] {
    const file = join(this.folder, 'calls');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter((line) => line !== '') : [];
    return lines.map((line) => line.split('\u001f')).filter(([program]) => name === undefined || program === name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
