/**
 * What Python would raise, without a place; the renderer adds template and line. `kind` is Python's class (`TypeError`),
 * or `UndefinedError`, `SecurityError`, `LimitError`, `TemplateNotFound`.
 */
export class PyError extends Error {
  readonly kind: string;
  readonly hint: string | undefined;
  readonly code: string | undefined;

  constructor(kind: string, message: string, options: { hint?: string | undefined; code?: string } = {}) {
    super(message);
    this.kind = kind;
    this.hint = options.hint;
    this.code = options.code;
  }
}

export function typeError(message: string, hint?: string): PyError {
  return new PyError('TypeError', message, { hint });
}

export function valueError(message: string, hint?: string): PyError {
  return new PyError('ValueError', message, { hint });
}
