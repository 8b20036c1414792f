import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadYaml } from '@lava/yaml';
import { dictionaryLines } from '../test/dictionaries.ts';
import { unexplained, unusedDifferences } from '../test/meaning.ts';
import { qemuDictionaries } from '../test/qemu-dictionaries.ts';
import { canCompare, loadUpstream, renderFrom, upstreamTypes as folder, type Render } from '../test/upstream.ts';
import { sourcesOf } from './place.ts';
import { listTemplates, readTemplate } from './templates.ts';
import { checkDevice } from './check-device.ts';

const ours = fileURLToPath(new URL('../../../device-types', import.meta.url));

/** Types of upstream's that we do not have. */
const missing = {
  lxc: 'containers of LXC were removed in later releases',
  'adb-nuc': 'can only start containers of LXC',
};

/** Boards of the two large families differ in a few values: each is compared with a third of the dictionaries. */
const isOfLargeFamily = (type: string): boolean =>
  sourcesOf({ file: `${type}.jinja2`, text: readTemplate(`${type}.jinja2`, [ours]) ?? '' }, [ours]).slice(1).some(({ file }) => /^base-(uboot|depthcharge)\./.test(file));

/** What has been loaded, by its text. */
const loaded = new Map<string, unknown>();

/** What is wrong with types of upstream's. */
const wrongTypes = {
  'hp-x360-14-G1-sona': 'timeouts.connections is missing in timeouts',
};

/** The configuration of ours; a text if there is none. */
function loadOurs(one: Render): unknown {
  const own = renderFrom(one, ours);
  if (!('text' in own)) return own.error;
  // Many dictionaries change nothing for a type.
  if (!loaded.has(own.text)) loaded.set(own.text, loadYaml(own.text));
  return loaded.get(own.text);
}

const contextOf = (type: string) => ({ scheduled_device_name: 'board01', scheduled_device_type: type });

describe.skipIf(!canCompare)("upstream's device types (needs Debian's package lava-server, or LAVA_UPSTREAM_DEVICE_TYPES, and python3-jinja2)", () => {
  const theirs = folder === undefined ? [] : listTemplates([folder]);
  const shared = listTemplates([ours]).filter((type) => type !== 'base' && theirs.includes(type));

  it('all give configurations of which there is nothing to say, but for those that are listed', () => {
    const lines = "{% set connection_command = 'x' %}{% set hard_reset_command = 'x' %}{% set power_off_command = 'x' %}";
    const said = theirs.filter((type) => type !== 'base').flatMap((type) =>
      checkDevice({ name: 'board', dictionary: `{% extends '${type}.jinja2' %}${lines}`, lookup: [folder as string] }).problems.map(({ message }): [string, string] => [type, message]));
    expect(Object.fromEntries(said)).toEqual(wrongTypes);
  });

  it("are ours, too, but for those that are listed", () => {
    expect(theirs.filter((type) => type !== 'base' && !shared.includes(type)).sort()).toEqual(Object.keys(missing).sort());
  });

  it("our qemu means what upstream's does, key by key", () => {
    const expected = loadUpstream(qemuDictionaries);
    expect(qemuDictionaries.flatMap((one, i) => unexplained('qemu', one.source, loadOurs(one), expected[i]))).toEqual([]);
  });

  it("our types mean what upstream's of the same name do, key by key, with the dictionaries of labs", () => {
    const cases = Object.entries(dictionaryLines).flatMap(([dictionary, lines], i) => shared.filter((type, j) => !isOfLargeFamily(type) || (i + j) % 3 === 0).map((type) => ({ type, dictionary, source: `{% extends '${type}.jinja2' %}\n${lines}`, context: contextOf(type) })));
    const expected = loadUpstream(cases);
    // Some of upstream's types cannot be rendered with some dictionaries.
    expect(expected.filter((one) => one !== undefined).length).toBeGreaterThan(0.95 * cases.length);
    const found = cases.flatMap((one, i) => (expected[i] === undefined ? [] : unexplained(one.type, one.dictionary, loadOurs(one), expected[i])));
    expect(found.slice(0, 20), `${found.length} differences`).toEqual([]);
    expect(unusedDifferences()).toEqual([]);
  });
});
