import type { Arguments, Expr, If, Stmt, Target } from '../syntax/ast.ts';

function ofArguments({ args, kwargs, dynArgs, dynKwargs }: Arguments): (Expr | undefined)[] {
  return [...args, ...kwargs.map(([, value]) => value), dynArgs, dynKwargs];
}

/** The expressions directly inside an expression, in the order they are evaluated. */
export function childExpressions(node: Expr): Expr[] {
  const children = (): (Expr | undefined)[] => {
    switch (node.kind) {
      case 'name': case 'const': return [];
      case 'tuple': case 'list': case 'concat': return [...node.items];
      case 'dict': return node.items.flat();
      case 'cond': return [node.test, node.value, node.otherwise];
      case 'binary': case 'logic': return [node.left, node.right];
      case 'not': case 'sign': case 'attribute': return [node.node];
      case 'compare': return [node.left, ...node.ops.map(([, operand]) => operand)];
      case 'item': return [node.node, node.key];
      case 'slice': return [node.start, node.stop, node.step];
      case 'call': return [node.callee, ...ofArguments(node.args)];
      case 'filter': case 'test': return [node.node, ...ofArguments(node.args)];
      default: return node satisfies never;
    }
  };
  return children().filter((child) => child !== undefined);
}

/** The bodies and expressions directly inside a statement. */
function inside(node: Stmt): { bodies: readonly (readonly Stmt[])[]; expressions: readonly (Expr | undefined)[]; targets?: readonly Target[] } {
  switch (node.kind) {
    case 'output': return { bodies: [], expressions: node.items.filter((item) => typeof item !== 'string') };
    case 'for': return { bodies: [node.body, node.otherwise], expressions: [node.iter, node.test], targets: [node.target] };
    case 'if': return { bodies: [node.body, ...node.elifs.map((elif): Stmt[] => [elif]), node.otherwise], expressions: [node.test] };
    case 'macro': return { bodies: [node.body], expressions: node.defaults };
    case 'call-block': return { bodies: [node.body], expressions: [...node.defaults, node.call] };
    case 'filter-block': return { bodies: [node.body], expressions: [node.filter] };
    case 'with': return { bodies: [node.body], expressions: node.values, targets: node.targets };
    case 'block': return { bodies: [node.body], expressions: [] };
    case 'set': return { bodies: [], expressions: [node.value], targets: [node.target] };
    case 'set-block': return { bodies: [node.body], expressions: [node.filter], targets: [node.target] };
    case 'autoescape': return { bodies: [node.body], expressions: [node.value] };
    case 'include': case 'import': case 'from-import': case 'extends': return { bodies: [], expressions: [node.template] };
    default: return node satisfies never;
  }
}

/** All statements of a kind, inner ones included. */
export function* find<K extends Stmt['kind']>(body: readonly Stmt[], kind: K): Generator<Extract<Stmt, { kind: K }>> {
  for (const node of body) {
    if (node.kind === kind) yield node as Extract<Stmt, { kind: K }>;
    for (const inner of inside(node).bodies) yield* find(inner, kind);
  }
}

/** Which of the names are read in the statements; blocks inside do not count. */
export function reads(body: readonly Stmt[], names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const expression = (node: Expr): void => {
    if (node.kind === 'name' && names.includes(node.name)) found.add(node.name);
    for (const child of childExpressions(node)) expression(child);
  };
  const statements = (nodes: readonly Stmt[]): void => {
    for (const node of nodes) {
      if (node.kind === 'block') continue;
      const { bodies, expressions } = inside(node);
      for (const child of expressions) if (child) expression(child);
      for (const inner of bodies) statements(inner);
    }
  };
  statements(body);
  return found;
}

/** True if a target anywhere in the statements assigns the name. */
export function assigns(body: readonly (Stmt | If)[], name: string): boolean {
  const target = (node: Target): boolean => (node.kind === 'targets' ? node.items.some(target) : node.kind === 'name' && node.name === name);
  return body.some((node) => {
    const { bodies, targets } = inside(node);
    return (targets ?? []).some(target) || bodies.some((inner) => assigns(inner, name));
  });
}
