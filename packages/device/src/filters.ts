import { filter, str, Undefined, PyDict, PyFloat, type Filter, type Value } from '@lava/jinja';

/** Filters that LAVA adds to Jinja2's for device types and dictionaries. */
export const deviceFilters: Readonly<Record<string, Filter>> = {
  /** One word for a POSIX shell, whatever the text holds. */
  shlex_quote: filter(['value'], (value = '') => shellQuote(str(value))),
  /** A value as YAML on one line, texts in double quotes: what it holds cannot change the structure around it. */
  yaml_quote: filter(['value'], (value = null) => yamlQuote(value)),
  /** QEMU's interface for the drive of the overlay: as given, else IDE on PCs and virtio elsewhere. */
  qemu_guest_fs_interface: filter(['arch', ['override', '']], (arch = '', override = '') => {
    if (!(override instanceof Undefined) && override !== null && str(override) !== '') return override;
    return ['amd64', 'x86_64', 'i386'].includes(str(arch)) ? 'ide' : 'virtio';
  }),
};

function shellQuote(text: string): string {
  if (text === '') return "''";
  return /[^\w@%+=:,./-]/u.test(text) ? `'${text.replaceAll("'", `'"'"'`)}'` : text;
}

function yamlQuote(value: Value): string {
  if (value instanceof PyDict) return `{${[...value.entries()].map(([key, item]) => `${yamlQuote(key)}: ${yamlQuote(item)}`).join(', ')}}`;
  if (Array.isArray(value)) return `[${Array.from(value, yamlQuote).join(', ')}]`;
  return tagOf(value) + JSON.stringify(str(value));
}

/** In double quotes everything is a text, unless a tag says what it is. */
function tagOf(value: Value): string {
  if (value === null) return '!!null ';
  if (typeof value === 'boolean') return '!!bool ';
  if (typeof value === 'number' || typeof value === 'bigint') return '!!int ';
  return value instanceof PyFloat ? '!!float ' : '';
}

