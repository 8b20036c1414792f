import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connectionAddress } from './address.ts';
import { confirmedBaud, lineRequests } from './com-port.ts';
import { spokenTrouble } from './connection-trouble.ts';
import { LineHealth } from '../console/line-health.ts';
import { TelnetCodec } from './telnet-codec.ts';

const codecOf = (options: Partial<ConstructorParameters<typeof TelnetCodec>[0]> = {}) => {
  const replies: number[] = [];
  return { replies, codec: new TelnetCodec({ reply: (bytes) => replies.push(...bytes), ...options }) };
};
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

describe('telnet', () => {
  test('options are answered once, unknown ones refused, and nothing of it is text', () => {
    const { codec, replies } = codecOf();
    // WILL ECHO, WILL SUPPRESS-GO-AHEAD, DO TERMINAL-TYPE, WILL 99, and WILL ECHO again.
    const out = codec.decode(Uint8Array.of(255, 251, 1, 97, 255, 251, 3, 255, 253, 24, 98, 255, 251, 99, 255, 251, 1, 99));
    expect(text(out)).toBe('abc');
    expect(replies).toEqual([255, 253, 1, 255, 253, 3, 255, 252, 24, 255, 254, 99]);
  });

  test('whatever text comes in whatever pieces, commands between, is the same text', () => {
    const command = fc.constantFrom([255, 251, 1], [255, 241], [255, 250, 24, 1, 255, 255, 2, 255, 240], [255, 252, 3]);
    const piece = fc.oneof(fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytes: [...bytes], data: true })), command.map((bytes) => ({ bytes, data: false })));
    fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), (pieces, size) => {
      const data = pieces.filter((p) => p.data).flatMap((p) => p.bytes).filter((b) => b !== 0 && b !== 13);
      const wire = pieces.flatMap((p) => (p.data ? p.bytes.filter((b) => b !== 0 && b !== 13).flatMap((b) => (b === 255 ? [255, 255] : [b])) : p.bytes));
      const { codec } = codecOf();
      const out: number[] = [];
      for (let at = 0; at < wire.length; at += size) out.push(...codec.decode(Uint8Array.from(wire.slice(at, at + size))));
      expect(out).toEqual(data);
    }));
  });

  test('what is typed: 255 twice, a carriage return with a NUL, a line feed as it is', () => {
    const { codec } = codecOf();
    expect([...codec.encode('ls\r\n')]).toEqual([108, 115, 13, 0, 10]);
    expect(text(codec.decode(Uint8Array.of(97, 13, 0, 98, 13, 10)))).toBe('a\rb\r\n');
  });

  test('the speed is asked for when the server knows RFC 2217', () => {
    const answers: boolean[] = [];
    const subs: number[][] = [];
    const { codec, replies } = codecOf({ perform: [44], answered: (_o, yes) => answers.push(yes), sub: (_o, bytes) => subs.push([...bytes]) });
    codec.offer();
    codec.decode(Uint8Array.of(255, 253, 44, 255, 250, 44, 101, 0, 1, 194, 0, 255, 240));
    expect(replies).toEqual([255, 251, 44]);
    expect({ answers, bauds: subs.map(confirmedBaud) }).toEqual({ answers: [true], bauds: [115_200] });
    expect(lineRequests({ baud: 115_200, parity: 'none', dataBits: 8, stopBits: 1 })).toEqual([[1, 0, 1, 194, 0], [2, 8], [3, 1], [4, 1]]);
  });
});

describe('connect commands', () => {
  test.each([
    ['telnet labsrv1 7001', { kind: 'telnet', host: 'labsrv1', port: 7001, asProgram: true }],
    ['telnet -E labsrv1 7001', { kind: 'program', argv: ['telnet', '-E', 'labsrv1', '7001'] }],
    ['ssh -t root@board', { kind: 'program', argv: ['ssh', '-t', 'root@board'] }],
    ['tcp://[::1]:7001', { kind: 'tcp', host: '::1', port: 7001, asProgram: false }],
    ['rfc2217://srv:7001?baud=9600e71', { kind: 'rfc2217', host: 'srv', port: 7001, asProgram: false, line: { baud: 9600, parity: 'even', dataBits: 7, stopBits: 1 } }],
    ['/dev/ttyUSB0', { kind: 'serial', path: '/dev/ttyUSB0' }],
    ['/dev/serial/by-id/usb-FTDI_A1 115200', { kind: 'serial', path: '/dev/serial/by-id/usb-FTDI_A1', line: { baud: 115_200, parity: 'none', dataBits: 8, stopBits: 1 } }],
    ['serial:///dev/ttyS0?baud=115200n8', { kind: 'serial', path: '/dev/ttyS0', line: { baud: 115_200, parity: 'none', dataBits: 8, stopBits: 1 } }],
  ])('%s', (command, address) => expect(connectionAddress(command)).toEqual(address));

  test.each(['tcp://host', 'telnet://:7001', 'tcp://host:99999', 'telnet://host:23?baud=9600', '/dev/ttyS0 fast', 'tcp://[', 'rfc2217://h:1?baud=115200x8'])('%s is refused', (command) => {
    expect(() => connectionAddress(command)).toThrowError(expect.objectContaining({ code: 'connection-address', type: 'Configuration' }));
  });
});

describe('what a line tells', () => {
  const health = (bytes: readonly number[]) => {
    const line = new LineHealth();
    line.take(new TextDecoder().decode(Uint8Array.from(bytes)));
    return line;
  };
  const letters = (s: string) => [...Buffer.from(s)];

  test('console text in any language is text, bytes of a wrong speed are not', () => {
    expect(health(letters('[    0.000000] Linux version 6.1.0\r\n\u001b[1mBoot größe 起動\u001b[0m\b\b\r')).garbled).toBe(false);
    expect(health(Array.from({ length: 60 }, (_, i) => 0x80 | ((i * 37) & 0x7f))).garbled).toBe(true);
    expect(health([0xff, 0xfe]).garbled).toBe(false);
  });

  test('silence', () => {
    expect(new LineHealth().silentSince(0)).toBe(true);
    expect(health(letters('x')).silentSince(0)).toBe(false);
  });

  test.each([['telnet: Unable to connect to remote host: Connection refused', 'serial-refused'], ['Port already in use', 'serial-busy'], ["Port's device already in use", 'serial-busy'], ['root@b: Permission denied (publickey).', 'connection-denied'], ['bye', undefined]])(
    '%s', (words, code) => expect(spokenTrouble(words)?.code).toBe(code));
});
