import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runOn } from './support/run-on.ts';

// A microcontroller without any system: its program prints results, and never ends.

const folder = mkdtempSync(join(tmpdir(), 'lava-monitors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Firmware of a Cortex-M3 that writes a text to the serial port of TI's LM3S6965 and sleeps. It lies at address 0. */
function firmware(text: string): Buffer {
  const words = (...values: number[]) => Buffer.from(Uint32Array.from(values).buffer);
  const code = Uint16Array.from([
    0x4804, //       ldr  r0, uart
    0xa105, //       adr  r1, text
    0x780a, // next: ldrb r2, [r1]
    0x2a00, //       cmp  r2, #0
    0xd002, //       beq  end
    0x7002, //       strb r2, [r0]
    0x3101, //       adds r1, #1
    0xe7f9, //       b    next
    0xbf30, // end:  wfi
    0xe7fd, //       b    end
  ]);
  const stack = 0x20010000;
  const start = 8 | 1; // behind these two words, in Thumb
  return Buffer.concat([words(stack, start), Buffer.from(code.buffer), words(0x4000c000), Buffer.from(`${text}\0`)]);
}

test('results of firmware that runs without a shell', async () => {
  writeFileSync(join(folder, 'firmware.bin'), firmware([
    '*** Booting ***', 'Running test suite kernel', 'PASS - test_thread', 'FAIL - test_timer', 'SKIP - test_fpu', 'end of kernel', 'Running speed', 'latency 12.5 us', 'end of speed', '',
  ].join('\r\n')));
  const { outcome, cases, records, texts } = await runOn(folder, `{% extends 'qemu.jinja2' %}
{% set no_network = True %}
{% set cpu = 'cortex-m3' %}
{% set machine = 'lm3s6965evb' %}
{% set memory = '64k' %}
`, [
    { deploy: { to: 'tmpfs', type: 'monitor', images: { firmware: { url: `file://${folder}/firmware.bin`, image_arg: '-kernel {firmware}' } } } },
    { boot: { method: 'monitor' } },
    { test: { monitors: [
      { name: 'kernel', start: 'Running test suite', end: 'end of kernel', pattern: '(?P<result>(PASS|FAIL|SKIP)) - (?P<test_case_id>\\w+)\\r\\n', fixupdict: { PASS: 'pass', FAIL: 'fail', SKIP: 'skip' }, expected: ['test_thread', 'test_timer', 'test_fpu', 'test_gone'] },
      { name: 'speed', start: 'Running speed', end: 'end of speed', pattern: '(?P<test_case_id>\\w+) (?P<measurement>[0-9.]+) (?P<units>\\w+)\\r\\n' },
    ] } },
  ], { job: { context: { arch: 'arm' } } });
  expect(outcome).toEqual({ result: 'pass', poweredOff: true });
  expect(texts('target')).toContain('*** Booting ***');
  expect(cases).toEqual(['kernel/test_thread pass', 'kernel/test_timer fail', 'kernel/test_fpu skip', 'kernel/test_gone fail', 'speed/latency pass']);
  expect(records).toContainEqual(expect.objectContaining({ lvl: 'results', msg: expect.objectContaining({ definition: 'speed', measurement: 12.5, units: 'us' }) as unknown }));
});
