const extending = /\{%[-+]?\s*extends\s+(['"])([^'"]+)\1\s*[-+]?%\}/;

/**
 * Name of the device type that a dictionary extends: `qemu` for `{% extends 'qemu.jinja2' %}`. Read from the text, so it is
 * also known for dictionaries that cannot be rendered. Undefined if it extends nothing or an expression.
 */
export function deviceTypeOf(dictionary: string): string | undefined {
  return extending.exec(withoutComments(dictionary))?.[2]?.replace(/\.(jinja2|yaml)$/, '');
}

function withoutComments(template: string): string {
  const kept: string[] = [];
  let from = 0;
  for (;;) {
    const start = template.indexOf('{#', from);
    const end = start < 0 ? -1 : template.indexOf('#}', start + 2);
    if (end < 0) return kept.join('') + template.slice(from);
    kept.push(template.slice(from, start));
    from = end + 2;
  }
}
