import { bind } from '../python/call.ts';
import { didYouMean } from '@lava/base';
import { PyError } from '../python/errors.ts';
import { listFilters } from './filters-lists.ts';
import { tests as standardTests } from './tests.ts';
import { textFilters } from './filters-texts.ts';
import { webFilters } from './filters-web.ts';
import type { Kwargs, Value } from '../python/values.ts';
import type { Builtins, Filter, Scope, Test } from './define.ts';

const standardFilters: Record<string, Filter> = { ...listFilters, ...textFilters, ...webFilters, d: textFilters['default'] as Filter };

/** The filters and tests of Jinja2 and those that an environment adds. */
export function builtins(filters: Readonly<Record<string, Filter>> = {}, tests: Readonly<Record<string, Test>> = {}): Builtins {
  return new Tables(new Map(Object.entries({ ...standardFilters, ...filters })), new Map([...standardTests, ...Object.entries(tests)]));
}

class Tables implements Builtins {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;

  constructor(filters: ReadonlyMap<string, Filter>, tests: ReadonlyMap<string, Test>) {
    this.filters = filters;
    this.tests = tests;
  }

  filter(name: string, scope: Scope, args: Value[], kwargs: Kwargs): Value {
    const filter = this.filters.get(name) ?? missing('filter', name, this.filters);
    return filter.run(scope, bind(`filter '${name}'`, filter.signature, args, kwargs));
  }

  test(name: string, scope: Scope, args: Value[], kwargs: Kwargs): boolean {
    const test = this.tests.get(name) ?? missing('test', name, this.tests);
    return test.run(scope, bind(`test '${name}'`, test.signature, args, kwargs));
  }
}

function missing(kind: string, name: string, table: ReadonlyMap<string, unknown>): never {
  throw new PyError('TemplateRuntimeError', `No ${kind} named '${name}' found.`, { hint: didYouMean(name, table.keys()), code: `template-unknown-${kind}` });
}
