import type { BinaryOperator } from '../python/operators.ts';
import type { Value } from '../python/values.ts';

/** Place of a node; line and column count from 1. */
export interface At {
  readonly line: number;
  readonly column: number;
}

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

export interface Arguments {
  readonly args: readonly Expr[];
  readonly kwargs: readonly (readonly [string, Expr])[];
  readonly dynArgs?: Expr | undefined;
  readonly dynKwargs?: Expr | undefined;
}

export type Name = At & { readonly kind: 'name'; readonly name: string };
export type Filter = At & { readonly kind: 'filter'; readonly node: Expr | undefined; readonly name: string; readonly args: Arguments };
export type Call = At & { readonly kind: 'call'; readonly callee: Expr; readonly args: Arguments };

export type Expr =
  | Name
  | At & { readonly kind: 'const'; readonly value: Value }
  | At & { readonly kind: 'tuple' | 'list'; readonly items: readonly Expr[] }
  | At & { readonly kind: 'dict'; readonly items: readonly (readonly [Expr, Expr])[] }
  | At & { readonly kind: 'cond'; readonly test: Expr; readonly value: Expr; readonly otherwise: Expr | undefined }
  | At & { readonly kind: 'binary'; readonly op: BinaryOperator; readonly left: Expr; readonly right: Expr }
  | At & { readonly kind: 'logic'; readonly op: 'and' | 'or'; readonly left: Expr; readonly right: Expr }
  | At & { readonly kind: 'not'; readonly node: Expr }
  | At & { readonly kind: 'sign'; readonly op: '+' | '-'; readonly node: Expr }
  | At & { readonly kind: 'concat'; readonly items: readonly Expr[] }
  | At & { readonly kind: 'compare'; readonly left: Expr; readonly ops: readonly (readonly [CompareOperator, Expr])[] }
  | At & { readonly kind: 'attribute'; readonly node: Expr; readonly name: string }
  | At & { readonly kind: 'item'; readonly node: Expr; readonly key: Expr }
  | At & { readonly kind: 'slice'; readonly start: Expr | undefined; readonly stop: Expr | undefined; readonly step: Expr | undefined }
  | Call
  | Filter
  | At & { readonly kind: 'test'; readonly node: Expr; readonly name: string; readonly args: Arguments };

/** What can stand left of `=` or between `for` and `in`. */
export type Target =
  | Name
  | At & { readonly kind: 'field'; readonly name: string; readonly attribute: string }
  | At & { readonly kind: 'targets'; readonly items: readonly Target[] };

export interface Parameters {
  readonly params: readonly Name[];
  /** Of the last parameters. */
  readonly defaults: readonly Expr[];
}

export type For = At & { readonly kind: 'for'; readonly target: Target; readonly iter: Expr; readonly body: readonly Stmt[]; readonly otherwise: readonly Stmt[]; readonly test: Expr | undefined; readonly recursive: boolean };
export type If = At & { readonly kind: 'if'; readonly test: Expr; readonly body: readonly Stmt[]; readonly elifs: readonly If[]; readonly otherwise: readonly Stmt[] };
export type Macro = At & Parameters & { readonly kind: 'macro'; readonly name: string; readonly body: readonly Stmt[] };
export type CallBlock = At & Parameters & { readonly kind: 'call-block'; readonly call: Call; readonly body: readonly Stmt[] };
export type Block = At & { readonly kind: 'block'; readonly name: string; readonly body: readonly Stmt[]; readonly scoped: boolean; readonly required: boolean };
export type Include = At & { readonly kind: 'include'; readonly template: Expr; readonly ignoreMissing: boolean; readonly withContext: boolean };
export type Import = At & { readonly kind: 'import'; readonly template: Expr; readonly target: string; readonly withContext: boolean };
export type FromImport = At & { readonly kind: 'from-import'; readonly template: Expr; readonly names: readonly (readonly [name: string, alias: string])[]; readonly withContext: boolean };
type Set = At & { readonly kind: 'set'; readonly target: Target; readonly value: Expr };
export type SetBlock = At & { readonly kind: 'set-block'; readonly target: Target; readonly filter: Filter | undefined; readonly body: readonly Stmt[] };
export type FilterBlock = At & { readonly kind: 'filter-block'; readonly filter: Filter; readonly body: readonly Stmt[] };
export type With = At & { readonly kind: 'with'; readonly targets: readonly Target[]; readonly values: readonly Expr[]; readonly body: readonly Stmt[] };
type Autoescape = At & { readonly kind: 'autoescape'; readonly value: Expr; readonly body: readonly Stmt[] };
/** Text and printed expressions in a row. */
export type Output = At & { readonly kind: 'output'; readonly items: readonly (string | Expr)[] };
export type Extends = At & { readonly kind: 'extends'; readonly template: Expr };

export type Stmt = Output | For | If | Macro | CallBlock | FilterBlock | With | Block | Include | Import | FromImport | Extends | Set | SetBlock | Autoescape;
