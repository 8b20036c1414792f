import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Console } from '../packages/dispatcher/src/console/console.ts';
import { ExpectStream } from '../packages/dispatcher/src/expect/expect-stream.ts';
import { Journal } from '../packages/dispatcher/src/log/journal.ts';

// The speed of waiting for prompts: 30 patterns on console text that comes in the small pieces of a serial line; and of a
// test that prints much, from its console to the journal on disk.

interface Row { readonly name: string; readonly value: string; readonly unit: string; readonly goal?: string }

const patterns = [
  /-\[ cut here \]/, /Unhandled fault/, /BUG: KCSAN:/, /BUG: KASAN:/, /BUG: KFENCE:/, /Oops(?: -|:)/, /WARNING:/, /(?:kernel BUG at|BUG:)/,
  /invalid opcode:/, /Kernel panic - not syncing/, /U-Boot SPL 20[0-9][0-9]/, 'root@guest:', 'login: ?$', 'Login incorrect', 'sh-5\\.2# $',
  ...Array.from({ length: 15 }, (_, i) => `<LAVA_SIGNAL_(?P<name>TEST${i}\\w*) (?P<args>[^>]+)>`),
];

async function megabytesPerSecond(pieceLength: number): Promise<number> {
  const line = (i: number) => `[${(i / 997).toFixed(6).padStart(12)}] usb 1-1.${i % 7}: new high-speed USB device number ${i} using xhci_hcd # driver, root@ 0x${(i * 7919).toString(16)}\r\n`;
  const text = Array.from({ length: 60_000 }, (_, i) => line(i)).join('');
  const stream = new ExpectStream();
  const waiting = stream.expect(patterns, { timeoutMs: 600_000 });
  const started = performance.now();
  for (let at = 0; at < text.length; at += pieceLength) stream.push(text.slice(at, at + pieceLength));
  const seconds = (performance.now() - started) / 1000;
  stream.push('root@guest:');
  if ((await waiting).index !== 11) throw new Error('the wrong pattern matched');
  return text.length / 1e6 / seconds;
}

/** Lines a second of a console with `signals` signals among 100,000 lines that somebody waits for and logs. */
async function consoleLinesPerSecond(signals: number): Promise<number> {
  const path = join(tmpdir(), `lava-bench-${process.pid}.yaml`);
  const log = new Journal({ path });
  const console = new Console({ log, actionName: 'bench', isForeground: () => true }, { namespace: 'common', tags: [] });
  const count = 100_000;
  const line = (i: number) => (i % (count / signals) === 0 ? `<LAVA_SIGNAL_STARTTC case${i}>` : `line ${i} of a test that prints [a little text]`);
  const bytes = Buffer.from(Array.from({ length: count }, (_, i) => `${line(i)}\r\n`).join(''));
  const started = performance.now();
  const follow = (async () => {
    for (let seen = 0; seen < signals; seen += 1) {
      const match = await console.expect([/<LAVA_TEST_RUNNER EXIT>/, /<LAVA_SIGNAL_(\S+) ([^>]+)>/], { timeoutMs: 600_000 });
      log.debug(`Received signal: <${match.captures[0]}> ${match.captures[1]}`);
    }
  })();
  for (let at = 0; at < bytes.length; at += 65_536) {
    console.receive(bytes.subarray(at, at + 65_536));
    await new Promise(setImmediate);
  }
  await follow;
  log.close();
  rmSync(path);
  return count / ((performance.now() - started) / 1000);
}

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [pieceLength, goal] of [[64, '>= 10'], [4096, undefined]] as const) {
    rows.push({ name: `30 patterns, pieces of ${pieceLength} bytes`, value: (await megabytesPerSecond(pieceLength)).toFixed(1), unit: 'MB/s', ...(goal && { goal }) });
  }
  for (const signals of [10, 2000]) {
    await consoleLinesPerSecond(signals);
    rows.push({ name: `100,000 console lines with ${signals} signals`, value: (await consoleLinesPerSecond(signals)).toFixed(0), unit: 'lines/s' });
  }
  return rows;
}
