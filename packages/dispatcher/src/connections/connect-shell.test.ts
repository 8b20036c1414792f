import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, test } from 'vitest';
import type { LogRecord } from '@lava/job';
import { powerOn } from '../power/power-on.ts';
import { testAction, runTestAction } from '../testing/test-action.ts';
import { connectShell } from './connect-shell.ts';
import { disconnectDevice, resetConnection } from './disconnect-device.ts';
import type { ActionSpec } from '../pipeline/action.ts';

const folder = mkdtempSync(`${tmpdir()}/lava-connect-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const boot = { actions: { boot: { connections: { serial: null } } }, constants: { failure_retry: 1 } };
const device = (commands: object) => ({ ...boot, commands });
const three = { connections: { uart0: { connect: 'cat', tags: ['primary', 'shell'] }, uart1: { connect: 'cat -u', tags: ['other'] }, free: { connect: 'cat -n' } } };

function action(spec: ActionSpec, commands: object, parameters: object = {}) {
  const records: LogRecord[] = [];
  const a = testAction(folder, { spec: { ...spec, parameters: { namespace: 'common', ...parameters } }, context: { device: device(commands) }, records });
  return { a, said: () => records.map((r) => String(r.msg)) };
}

describe('another connection', () => {
  test.each([
    ['uart1', "[common] connect-shell Connecting to device using 'cat -u'"],
    // One without tags may be the one that is meant, whatever it is called.
    ['uart9', "[common] connect-shell Connecting to device using 'cat -n'"],
    ['uart0', "[common] connect-shell Connecting to device using 'cat -n'"],
  ])('%s', async (connection, line) => {
    const { a, said } = action(connectShell, three, { connection });
    await a.spec.validate?.(a);
    await runTestAction(a);
    expect({ errors: a.errors, alive: a.connection?.alive }).toEqual({ errors: [], alive: true });
    expect(said()).toContain(line);
    expect(said()).toContain("Sending line: ''");
    await a.connection?.close();
  });

  test('that the device has not is told before anything runs', async () => {
    const { a } = action(connectShell, { connections: { uart0: three.connections.uart0 } }, { connection: 'uart1' });
    await a.spec.validate?.(a);
    expect(a.errors).toEqual(["Unable to identify connection command for connection 'uart1'"]);
  });

  test('without a command is wrong', () => {
    const { a } = action(connectShell, { connections: { uart1: { tags: [] } } }, { connection: 'uart1' });
    expect(() => a.spec.validate?.(a)).toThrowError(expect.objectContaining({ type: 'Configuration', code: 'connection-command' }));
  });
});

describe('disconnecting', () => {
  test('gives the line back; connecting again makes a new one', async () => {
    const { a, said } = action(resetConnection, three);
    await runTestAction(a);
    const first = a.connection;
    await runTestAction(a);
    expect({ first: first?.alive, now: a.connection?.alive, same: first === a.connection }).toEqual({ first: false, now: true, same: false });
    expect(said()).toContain('No connection to disconnect');
    await a.connection?.close();
  });

  test('needs to know how the program hangs up', async () => {
    const { a } = action(disconnectDevice, { connections: { uart0: { connect: 'cat', tags: ['primary'] } } });
    await a.spec.validate?.(a);
    expect(a.errors).toEqual(["The primary connection must have one of the tags 'telnet', 'ssh' and 'shell' to be disconnected"]);
    const { a: inProcess } = action(disconnectDevice, { connect: 'telnet labsrv 7001' });
    await inProcess.spec.validate?.(inProcess);
    expect(inProcess.errors).toEqual([]);
  });
});

describe('power on', () => {
  test('runs what comes before it, then its commands in order', async () => {
    const { a, said } = action(powerOn, { pre_power_command: 'echo before', power_on: ['echo one', 'echo two'] });
    await runTestAction(a);
    expect(said().filter((line) => line.startsWith('>> ') || line.startsWith('Running'))).toEqual(['Running pre power command', '>> before', '>> one', '>> two']);
    expect(a.results).toEqual({ success: 'power-on' });
  });

  test('fails by the command that failed', async () => {
    const { a } = action(powerOn, { power_on: ['true', 'false', 'true'] });
    await expect(runTestAction(a)).rejects.toMatchObject({ message: "Unable to power-on: 'false' failed", code: 'power-failed', type: 'Infrastructure' });
  });

  test('without a command only warns', async () => {
    const { a, said } = action(powerOn, {});
    await runTestAction(a);
    expect(said()).toContain('Unable to power on the device');
  });
});
