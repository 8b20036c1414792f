import { LavaBug } from '@lava/base';
import { builtins } from './builtins/builtins.ts';
import { compileTemplate } from './compile/template.ts';
import { fromNative } from './native.ts';
import { globals } from './builtins/globals.ts';
import { PyError } from './python/errors.ts';
import { Context, Runtime, type TemplateCode } from './runtime/runtime.ts';
import { TemplateError, type Location } from './errors.ts';
import { defaultLimits, withBudget, type Limits } from './limits.ts';
import { isText, textOf, typeName } from './python/types.ts';
import type { Builtins, Filter, Test } from './builtins/define.ts';
import type { Value } from './python/values.ts';
import type { Whitespace } from './syntax/lexer.ts';

/** Gives the text of a template, or undefined if there is none of this name. */
export type Loader = (name: string) => string | undefined;

export interface EnvironmentOptions extends Partial<Whitespace> {
  /** Default: no template can be loaded. */
  readonly loader?: Loader;
  readonly limits?: Partial<Limits>;
  /** Filters beside those of Jinja2; see `filter()`. */
  readonly filters?: Readonly<Record<string, Filter>>;
  readonly tests?: Readonly<Record<string, Test>>;
}

/** Templates that are kept compiled, and characters of their texts. */
const mostCached = 1000;
const mostCachedText = 10_000_000;

/**
 * A sandboxed Jinja2: renders templates as CPython's Jinja2 with `SandboxedEnvironment` does. By default whitespace is
 * treated as LAVA does: `trim_blocks` on, `lstrip_blocks` and `keep_trailing_newline` off.
 */
export class Environment {
  private readonly limits: Limits;
  private readonly builtins: Builtins;
  private readonly whitespace: Whitespace;
  private readonly loader: Loader;
  private readonly compiled = new Map<string, TemplateCode>();
  private compiledText = 0;

  constructor(options: EnvironmentOptions = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.builtins = builtins(options.filters, options.tests);
    this.loader = options.loader ?? (() => undefined);
    this.whitespace = {
      trimBlocks: options.trimBlocks ?? true, lstripBlocks: options.lstripBlocks ?? false, keepTrailingNewline: options.keepTrailingNewline ?? false,
    };
  }

  /**
   * Renders a template that the loader knows.
   * @param context variables: strings, numbers (integers become int, others float), booleans, null, arrays, Maps, plain objects
   * @param loader instead of the environment's; compiled templates are shared, as they are kept by their text
   * @throws TemplateError with template, line and hint; also when a limit is exceeded
   */
  render(name: string, context: Readonly<Record<string, unknown>> = {}, loader: Loader = this.loader): string {
    return this.run(name, context, loader, (load) => load(name));
  }

  /** Renders a text; `name` is what errors call it. */
  renderText(source: string, context: Readonly<Record<string, unknown>> = {}, name = '<template>', loader: Loader = this.loader): string {
    return this.run(name, context, loader, () => this.compile(name, source));
  }

  private run(name: string, context: Readonly<Record<string, unknown>>, loader: Loader, main: (load: (name: Value) => TemplateCode) => TemplateCode): string {
    const start: Location = { template: name, line: 1, column: 1 };
    const loaded = new Map<string, TemplateCode>();
    const load = (wanted: Value): TemplateCode => {
      if (!isText(wanted)) throw new PyError('TypeError', `the name of a template is a text, not ${typeName(wanted)}`);
      const template = textOf(wanted);
      let code = loaded.get(template);
      if (!code) {
        const source = loader(template);
        if (source === undefined) throw new PyError('TemplateNotFound', `there is no template '${template}'`, { code: 'template-not-found', hint: 'check its name, or put it into the folder of device types' });
        loaded.set(template, code = this.compile(template, source));
      }
      return code;
    };
    const runtime = new Runtime(start, this.builtins, globals, load);
    return withBudget(this.limits, () => {
      try {
        const code = main(load);
        const given = new Map(globals);
        for (const [key, value] of Object.entries(context)) given.set(key, fromNative(value));
        code.run(Context.of(code, given), runtime);
        return runtime.out;
      } catch (error) {
        throw located(error, runtime.at);
      }
    });
  }

  private compile(name: string, source: string): TemplateCode {
    const key = `${name}\0${source}`;
    const cached = this.compiled.get(key);
    const code = cached ?? compileTemplate(source, name, this.whitespace, this.builtins);
    // Last used, last dropped.
    if (cached) this.compiled.delete(key);
    else this.compiledText += key.length;
    this.compiled.set(key, code);
    for (const old of this.compiled.keys()) {
      if (this.compiled.size <= mostCached && this.compiledText <= mostCachedText) break;
      this.compiled.delete(old);
      this.compiledText -= old.length;
    }
    return code;
  }
}

function located(error: unknown, at: Location): Error {
  if (error instanceof TemplateError) return error;
  if (error instanceof PyError) return new TemplateError(error.message, at, { code: error.code ?? 'template-error', hint: error.hint });
  if (error instanceof RangeError) {
    return new TemplateError('the template nests values or calls too deeply', at, { code: 'template-limit-depth', hint: 'look for a recursion without end', cause: error });
  }
  return new LavaBug(`${at.template}, line ${at.line}: the template engine failed: ${error instanceof Error ? error.message : String(error)}`, { code: 'template-bug', cause: error });
}
