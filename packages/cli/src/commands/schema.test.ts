import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/lava.js', import.meta.url));

test('lava schema prints the JSON Schemas', () => {
  const schema = (name: string) => JSON.parse(execFileSync(process.execPath, [program, 'schema', name], { encoding: 'utf8' })) as object;
  expect(schema('job')).toMatchObject({ title: 'LAVA job', properties: { job_name: { type: 'string' } } });
  expect(schema('lab')).toMatchObject({ title: 'LAVA lab' });
  expect(schema('device')).toMatchObject({ title: 'LAVA device configuration', properties: { commands: { type: 'object' } } });
  expect(schema('test-definition')).toMatchObject({ title: 'LAVA test definition' });
});
