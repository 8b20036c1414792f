import { describe, expect, it } from 'vitest';
import { Environment } from '@lava/jinja';
import { loadYaml } from '@lava/yaml';
import { deviceFilters } from './filters.ts';

const environment = new Environment({ filters: deviceFilters });
const render = (source: string, context = {}) => environment.renderText(source, context);

describe('filters for device types', () => {
  it.each([['abc', 'abc'], ['', "''"], ['a b', "'a b'"], ["it's", `'it'"'"'s'`], ['a/b:c=d,e', 'a/b:c=d,e'], ['$x', "'$x'"], ['é', "'é'"]])('shlex_quote %s', (text, quoted) => {
    expect(render('{{ v|shlex_quote }}', { v: text })).toBe(quoted);
  });

  it('yaml_quote keeps every value what it is, on one line', () => {
    expect(render('{{ v|yaml_quote }}', { v: ['a', 'b'] })).toBe('["a", "b"]');
    const value = { text: 'a: "b" #c\n- d', list: ['1', 1, true, null, 1.5, []], map: { 'k: v': {} } };
    const text = render('{{ v|yaml_quote }}', { v: value });
    expect(text).not.toContain('\n');
    expect(JSON.parse(JSON.stringify(loadYaml(text)))).toEqual(value);
  });

  it.each([["'amd64'", 'ide'], ["'arm64'", 'virtio'], ['nothing', 'virtio'], ["'amd64'", 'scsi', "'scsi'"], ["'i386'", 'ide', 'nothing']])('qemu_guest_fs_interface of %s is %s', (arch, expected, override = 'nothing') => {
    expect(render(`{{ ${arch}|qemu_guest_fs_interface(${override}) }}`)).toBe(expected);
  });
});
