import { expect, test } from 'vitest';
import { readable } from './answers.ts';

test('a secret is found in answers of each form, but not in definitions', () => {
  const word = 'hidden-word-1';
  const definition = JSON.stringify({ secrets: { A: word }, quoted: '"' });
  const members = (value: string) => `<struct><member><name>id</name><value><int>1</int></value></member><member><name>original_definition</name><value><string>${definition}</string></value></member><member><name>log</name><value>${value}</value></member></struct>`;
  expect(readable(JSON.stringify({ id: 1, definition, original_definition: definition, multinode_definition: '' }))).not.toContain(word);
  expect(readable(JSON.stringify({ definition, name: word }))).toContain(word);
  expect(readable(members('<string>a</string>'))).not.toContain(word);
  expect(readable(members(`<base64>${Buffer.from(`a ${word}`).toString('base64')}</base64>`))).toContain(word);
});
