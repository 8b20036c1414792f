import { expect, test } from 'vitest';
import { checkDevice, checkRenderedDevice, renderDevice } from './index.ts';

const old = '# the panda in the corner\ndevice_type = panda\nhostname = panda01\nconnection_command = telnet ser2net 7001\nhard_reset_command = pduclient --port 4\n';

test('a device configuration of the first LAVA is recognised, and what to do is said', () => {
  const expected = [{ severity: 'error', code: 'legacy-device', at: { line: 2 }, message: expect.stringMatching(/first version of LAVA.*write a dictionary/) }];
  expect(checkDevice({ name: 'panda01', dictionary: old, lookup: [] }).problems).toMatchObject(expected);
  expect(checkRenderedDevice(old, 'panda01.conf')).toMatchObject(expected);
  expect(() => renderDevice({ name: 'panda01', dictionary: old, lookup: [] })).toThrow('first version of LAVA');
});

test('other texts are not', () => {
  expect(checkDevice({ name: 'a', dictionary: '{# device_type = panda #}\nhostname: a\n', lookup: [] }).problems.map(({ code }) => code)).not.toContain('legacy-device');
});
