import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import type { JobContext } from '../pipeline/job-context.ts';
import { environmentFile, environmentParts, secretsFile } from './environment.ts';

const job = (more: Partial<JobContext>): JobContext => ({
  id: '4212', definition: {}, device: {}, dispatcher: {}, deviceEnvironment: {}, dispatcherIp: '198.51.100.1', ...more,
} as JobContext);

test('device, job and LAVA\'s own variables, flattened and quoted', () => {
  const text = environmentFile(environmentParts(job({
    device: {
      hostname: 'qemu01', devicetype: 'qemu', environment: { FOO: 'bar baz', L: ['a', 'b'] },
      device_info: [{ board_id: '0123456' }], storage_info: [{ UMS: '/dev/disk/by-id/ums' }],
    },
    definition: { environment: { JOBENV: "a b'c", FLAG: false, NONE: null, NESTED: { A: { B: 3 } } }, tags: ['usb', 'big'] },
  })));
  expect(text).toBe(`export FOO='bar baz'
export L_0=a
export L_1=b
export LAVA_DEVICE_INFO_0_board_id=0123456
export LAVA_STORAGE_INFO_0_UMS=/dev/disk/by-id/ums
export JOBENV='a b'"'"'c'
export FLAG=0
export NONE=''
export NESTED_A_B=3
export LAVA_JOB_ID=4212
export LAVA_DISPATCHER_IP=198.51.100.1
export LAVA_JOB_TAGS=usb,big
export LAVA_DISPATCHER_PREFIX=''
export LAVA_DEVICE_HOSTNAME=qemu01
export LAVA_DEVICE_TYPE=qemu
`);
  expect(execFileSync('sh', ['-c', `${text}printf '%s|%s' "$JOBENV" "$FOO"`], { encoding: 'utf8' })).toBe("a b'c|bar baz");
});

test('secrets are raw, and absent when there is nothing to tell', () => {
  expect(secretsFile(job({}))).toBeUndefined();
  expect(secretsFile(job({ definition: { secrets: { TOKEN: 'x y' } }, deviceEnvironment: { LANG: 'C' } }))).toBe('TOKEN=x y\nLANG=C\n');
});
