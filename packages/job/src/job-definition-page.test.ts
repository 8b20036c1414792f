import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bootMethods } from './schema/boot.ts';
import { deployMethods } from './schema/deploy.ts';
import { checkJob, checkTestDefinition } from './index.ts';

// The examples of docs/job-definition.md are definitions without any problem, and its lists are whole.

const page = readFileSync(new URL('../../../docs/job-definition.md', import.meta.url), 'utf8');
const head = { multinode: 'job_name: a\nvisibility: public\n', part: 'job_name: a\nvisibility: public\ndevice_type: qemu\n' };

describe('the examples', () => {
  for (const [i, [, kind = '', text = '']] of [...page.matchAll(/^```yaml ?(\S*)\n([\s\S]*?)^```/gm)].entries()) {
    test(`${i + 1}: ${kind || 'a whole job'}`, () => {
      const whole = kind === 'part' || kind === 'multinode' ? `${head[kind]}${text}` : text;
      const missing = kind && kind !== 'test-definition' ? `${/^timeouts:/m.test(whole) ? '' : 'timeouts: {job: {hours: 1}}\n'}${/^actions:/m.test(whole) ? '' : 'actions: [{deploy: {to: overlay}}]\n'}` : '';
      const { problems } = kind === 'test-definition' ? checkTestDefinition(text) : checkJob(`${whole}${missing}`);
      expect(problems).toEqual([]);
    });
  }
});

test.each([['deploy', deployMethods.methods], ['boot', bootMethods.methods]])('all %s methods are named', (kind, methods) => {
  const [, listed = ''] = new RegExp(`^\\*\\*${kind}\\*\\*([\\s\\S]*?)\\n\\n`, 'm').exec(page) ?? [];
  expect(Object.keys(methods).filter((name) => !listed.includes(`\`${name}\``))).toEqual([]);
});
