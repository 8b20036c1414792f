import { open } from 'node:fs/promises';

/** What daemons said on standard output and error, read on from one look to the next. */
export class DaemonLogs {
  readonly #read = new Map<string, number>();

  /** Lines of these files in which a text stands and that came since the last look. */
  async freshLinesWith(text: string, paths: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const path of paths) {
      const file = await open(path, 'r');
      try {
        const from = this.#read.get(path) ?? 0;
        const bytes = Buffer.alloc(Math.max(0, (await file.stat()).size - from));
        await file.read(bytes, 0, bytes.length, from);
        // A line that is still being written is looked at next time.
        const end = bytes.lastIndexOf(0x0a) + 1;
        this.#read.set(path, from + end);
        for (const line of bytes.toString('utf8', 0, end).split('\n')) if (line.includes(text)) found.push(`${path}: ${line.slice(0, 300)}`);
      } finally {
        await file.close();
      }
    }
    return found;
  }
}
