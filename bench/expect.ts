import { ExpectStream } from '../packages/dispatcher/src/expect/expect-stream.ts';

// The speed of waiting for prompts: 30 patterns on console text that comes in the small pieces of a serial line.

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

export async function run(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [pieceLength, goal] of [[64, '>= 10'], [4096, undefined]] as const) {
    rows.push({ name: `30 patterns, pieces of ${pieceLength} bytes`, value: (await megabytesPerSecond(pieceLength)).toFixed(1), unit: 'MB/s', ...(goal && { goal }) });
  }
  return rows;
}
