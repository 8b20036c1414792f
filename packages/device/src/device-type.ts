const extending = /\{%[-+]?\s*extends\s+(['"])([^'"]+)\1\s*[-+]?%\}/;

/**
 * Name of the device type that a dictionary extends: `qemu` for `{% extends 'qemu.jinja2' %}`. Read from the text, so it is
 * also known for dictionaries that cannot be rendered. Undefined if it extends nothing or an expression.
 */
export function deviceTypeOf(dictionary: string): string | undefined {
  const withoutComments = dictionary.replace(/\{#[^]*?#\}/g, '');
  return extending.exec(withoutComments)?.[2]?.replace(/\.(jinja2|yaml)$/, '');
}
