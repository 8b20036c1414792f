import { describe, expect, it } from 'vitest';
import { contextVariables } from '@lava/job';
import { listTemplates } from '../packages/device/src/templates.ts';
import { dictionaryLines } from '../packages/device/test/dictionaries.ts';
import { canCompare, renderFrom, renderUpstream, upstreamTypes, type Outcome, type Render } from '../packages/device/test/upstream.ts';

// The templates that labs have, rendered by this project and by CPython's Jinja2: every character must be the same.

const given = { scheduled_device_name: 'board01', scheduled_device_type: 'a-type' };
const lines = (...groups: string[]): string => groups.map((name) => {
  const text = dictionaryLines[name];
  if (text === undefined) throw new Error(`no dictionary lines ${name}`);
  return text;
}).join('');

/** All that a job can say, with characters that quoting and escaping must keep. */
const everyVariable = Object.fromEntries(contextVariables.map((name) => [name, `'${name}', "is" \\ é`]));

const dictionaries: Readonly<Record<string, { source: string; context?: Readonly<Record<string, unknown>> }>> = {
  'nothing set': { source: '' },
  'wiring and identity': { source: lines('connections', 'identity', 'media', 'console', 'u-boot', 'containers', 'constants and timeouts') },
  'boards with many ways to boot': { source: lines('several connections', 'u-boot, own commands', 'addresses', 'ssh', 'boot loaders', 'microcontrollers', 'uuu') },
  'a job that says a little': { source: lines('connections'), context: { arch: 'arm64', extra_kernel_args: 'quiet', boot_character_delay: 7, no_kvm: true, memory: 2048, console_device: 'ttyAMA0' } },
  'a job that says everything': { source: lines('connections', 'identity'), context: { ...everyVariable, arch: 'x86_64' } },
};

describe.skipIf(!canCompare)('packaged templates (needs the package lava-server, installed or downloadable, and python3-jinja2)', () => {
  it.each(Object.entries(dictionaries))('render character for character as with CPython: %s', { timeout: 120_000 }, (_, { source, context }) => {
    const folder = upstreamTypes as string;
    const cases = listTemplates([folder]).map((type): Render => ({ source: `{% extends '${type}.jinja2' %}\n${source}`, context: { ...given, ...context } }));
    const expected = renderUpstream(cases);
    const different = cases.flatMap((one, i) => {
      const [ours, theirs] = [renderFrom(one, folder), expected[i] as Outcome];
      const same = 'text' in ours && 'text' in theirs ? ours.text === theirs.text : 'error' in ours && 'error' in theirs;
      return same ? [] : [{ template: one.source.split('\n')[0], ours, theirs }];
    });
    expect(different.slice(0, 3), `${different.length} differ`).toEqual([]);
    // Five dictionaries make more than 1,500 texts.
    expect(expected.filter((one) => 'text' in one).length).toBeGreaterThan(300);
  });
});
