import { expect, test } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { maskedSecrets, withoutSecrets, withSecrets } from './job-secrets.ts';

const definition = (secrets: string) => `# mine\njob_name: a # first\n${secrets}\nactions: [] # none\n`;

test.each([
  ['plain values', 'secrets:\n  TOKEN: hunter2 # of ada\n  OTHER: abc', "secrets:\n  TOKEN: '[MASKED]' # of ada\n  OTHER: '[MASKED]'", { TOKEN: 'hunter2', OTHER: 'abc' }],
  ['quoted ones', `secrets: {"TOKEN": "hunter\\n2", 'o t': 'it''s'}`, `secrets: {"TOKEN": '[MASKED]', 'o t': '[MASKED]'}`, { 'TOKEN': 'hunter\n2', 'o t': "it's" }],
  ['lines', 'secrets:\n  KEY: |\n    -----BEGIN\n    abc\n  OTHER: x', "secrets:\n  KEY: '[MASKED]'\n  OTHER: '[MASKED]'", { KEY: '-----BEGIN\nabc\n', OTHER: 'x' }],
  ['numbers', 'secrets: {PIN: 1234}', "secrets: {PIN: '[MASKED]'}", { PIN: 1234 }],
])('%s are taken out, and all else stays', (_, given, left, secrets) => {
  const text = definition(given);
  const without = withoutSecrets(text);
  expect(without.text).toBe(definition(left));
  expect(loadYaml(without.secrets!)).toEqual(secrets);
  expect(loadYaml(withSecrets(without.text, without.secrets!))).toEqual(loadYaml(text));
  expect(withoutSecrets(without.text)).toEqual({ text: without.text, secrets: undefined });
});

test.each([
  ['an alias', 'metadata: {a: &s hunter2}\nsecrets: {TOKEN: *s}'],
  ['an anchor', 'secrets: {TOKEN: &s hunter2}\nmetadata: {a: *s}'],
  ['a merged mapping', 'metadata: &m {TOKEN: hunter2}\nsecrets: {<<: *m}'],
  ['an empty value', 'secrets: {TOKEN: hunter2, NONE: }'],
  ['a tag', 'secrets: {TOKEN: !!str hunter2}'],
])('the secrets of a definition with %s are masked, and can be put back', (_, given) => {
  const text = definition(given);
  const { text: left, secrets } = withoutSecrets(text);
  expect((loadYaml(left) as { secrets: object }).secrets).toEqual(Object.fromEntries(Object.keys((loadYaml(text) as { secrets: object }).secrets).map((name) => [name, '[MASKED]'])));
  expect(loadYaml(withSecrets(left, secrets!))).toEqual(loadYaml(text));
});

test.each(['', 'secrets', 'secrets: [', 'secrets: {}', 'secrets: hunter2', 'job_name: secrets', '- secrets: {a: b}'])('there is nothing to take out of %j', (text) => {
  expect(withoutSecrets(text)).toEqual({ text, secrets: undefined });
});

test('only hidden secrets are put back', () => {
  const put = (secrets: string) => withSecrets(`job_name: a\nsecrets: ${secrets} # mine\n`, 'TOKEN: hunter2\nOLD: x\n');
  expect(loadYaml(put(`{TOKEN: '[MASKED]', NEW: y, OTHER: '[MASKED]'}`))).toEqual({ job_name: 'a', secrets: { TOKEN: 'hunter2', NEW: 'y', OTHER: '[MASKED]' } });
  for (const stays of ['{TOKEN: z}', '{}', 'hunter2', '[']) expect(put(stays)).toBe(`job_name: a\nsecrets: ${stays} # mine\n`);
});

test('says which secrets are hidden', () => {
  expect(maskedSecrets({ secrets: { A: '[MASKED]', B: 'x' } })).toEqual(['A']);
  expect([maskedSecrets({}), maskedSecrets({ secrets: 'x' })]).toEqual([[], []]);
});
