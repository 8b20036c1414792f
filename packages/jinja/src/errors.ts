import { LavaError, type ErrorType } from '@lava/base';

/** A template cannot be parsed or rendered. Says which template, which line, and what to do about it. */
export class TemplateError extends LavaError {
  override readonly name = 'TemplateError';
  override readonly type: ErrorType = 'Configuration';
  override readonly help = 'ConfigurationError: The LAVA instance is not configured correctly. Please report this error to LAVA admins.';
  /** Name by which the template was loaded. */
  readonly template: string;
  readonly line: number;
  /** The message without its place. */
  readonly reason: string;

  constructor(reason: string, at: Location, options: { code?: string | undefined; hint?: string | undefined; cause?: unknown } = {}) {
    super(`${at.template}, line ${at.line}: ${reason}`, {
      code: options.code ?? 'template-error', hint: options.hint, cause: options.cause,
      at: { file: at.template, line: at.line, column: at.column },
    });
    this.template = at.template;
    this.line = at.line;
    this.reason = reason;
  }
}

/** A place in a template; line and column count from 1. */
export interface Location {
  readonly template: string;
  readonly line: number;
  readonly column: number;
}
