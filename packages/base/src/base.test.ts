import { join } from 'node:path';
import { expect, test } from 'vitest';
import { daemonLog, daemonLogFormat, formatDuration, InfrastructureError, ConnectionClosedError, isoMicroseconds, LavaError, lavaPaths, parseDaemonLevel, sleep } from './index.ts';

test('durations print as LAVA prints them', () => {
  expect(formatDuration(0)).toBe('00:00:00');
  expect(formatDuration(59.9)).toBe('00:00:59');
  expect(formatDuration(3661)).toBe('01:01:01');
  expect(formatDuration(400 * 3600)).toBe('400:00:00');
  expect(formatDuration(-3)).toBe('00:00:00');
});

test('times have microseconds and an offset; a fraction of exactly 0 is left out', () => {
  expect(isoMicroseconds(new Date('2026-08-22T10:00:00.123Z'))).toBe('2026-08-22T10:00:00.123000+00:00');
  expect(isoMicroseconds(new Date('2026-08-22T10:00:00.000Z'))).toBe('2026-08-22T10:00:00+00:00');
});

test('errors know their type, their help and their relatives', () => {
  const error = new ConnectionClosedError('Connection closed', { code: 'serial-closed', hint: 'Is the board powered?' });
  expect(error).toBeInstanceOf(InfrastructureError);
  expect(error).toBeInstanceOf(LavaError);
  expect(error).toMatchObject({ type: 'Infrastructure', code: 'serial-closed', hint: 'Is the board powered?', help: 'ConnectionClosedError: connection closed' });
});

test('a daemon log is one line an entry, whatever a peer sent, from its level on', () => {
  const lines: string[] = [];
  const log = daemonLog('INFO', (line) => lines.push(line));
  log.debug('not this');
  log.info('peer said: a\r\nb');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}    INFO peer said: a\\r\\nb\n$/);
});

test('a daemon log as JSON: one object a line, with the job or the part of the program', () => {
  const lines: string[] = [];
  const log = daemonLog('INFO', (line) => lines.push(line), 'json');
  log.debug('unseen');
  log.info('[INIT] Name   : "a"\nb');
  log.error('[42] assigned');
  log.warn('[x] {"level": "info"}');
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: expect.stringMatching(/^\d{4}-.*Z$/), level: 'info', part: 'INIT', message: 'Name   : "a"\nb' },
    { time: expect.any(String), level: 'error', job: 42, message: 'assigned' },
    { time: expect.any(String), level: 'warn', message: '[x] {"level": "info"}' },
  ]);
  expect([daemonLogFormat(), daemonLogFormat('json')]).toEqual(['text', 'json']);
  expect(() => daemonLogFormat('xml')).toThrow('no log format "xml"');
});

test('level names are read in any case, WARNING too', () => {
  expect(parseDaemonLevel('debug')).toBe('DEBUG');
  expect(parseDaemonLevel('WARNING')).toBe('WARN');
  expect(parseDaemonLevel('loud')).toBeUndefined();
});

test('the root moves every path', () => {
  const moved = Object.values(lavaPaths('/srv/lab'));
  expect(moved.every((p) => p.startsWith('/srv/lab'))).toBe(true);
  expect(lavaPaths('/').certificates).toBe(join('/etc/lava-dispatcher/certificates.d'));
});

test('sleep ends early with the reason of its signal', async () => {
  const stop = new AbortController();
  const sleeping = sleep(60_000, stop.signal);
  stop.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await expect(sleep(1, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
});
