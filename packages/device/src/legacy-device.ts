import type { DeviceProblem } from './device-problem.ts';

/**
 * What is wrong with a device configuration of LAVA's first version, which had lines such as `connection_command = telnet
 * ser2net 7001` below `device_type = panda`; undefined for other texts.
 */
export function legacyDevice(text: string, file: string): DeviceProblem | undefined {
  const lines = text.split('\n').filter((line) => !/^\s*(?:#.*)?$/.test(line));
  if (!lines.some((line) => /^\s*device_type\s*=/.test(line)) || !lines.every((line) => /^\s*(?:[\w.-]+\s*=|\[\w+\]|\s)/.test(line))) return undefined;
  return {
    severity: 'error', code: 'legacy-device', path: [], at: { file, line: text.split('\n').findIndex((line) => /^\s*device_type\s*=/.test(line)) + 1, column: 1 },
    message: "this device configuration is written for the first version of LAVA, which is gone: write a dictionary that extends a device type and sets its commands, such as {% set connection_command = 'telnet ser2net 7001' %}",
  };
}
