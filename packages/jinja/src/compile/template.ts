import { parse } from '../syntax/parser.ts';
import { Frame, type BlockCode, type TemplateCode } from '../runtime/runtime.ts';
import { TemplateReference, superBlock } from '../runtime/objects.ts';
import { compileBody } from './statements.ts';
import { Compilation, CompileFrame, enter, type Exec } from './frame.ts';
import { FunctionScope, Symbols } from './scope.ts';
import { find, reads } from './walk.ts';
import type { Builtins } from '../builtins/define.ts';
import type { Whitespace } from '../syntax/lexer.ts';
import type { Block, Stmt } from '../syntax/ast.ts';

/** Parses and compiles a template. @throws TemplateError */
export function compileTemplate(source: string, template: string, whitespace: Whitespace, builtins: Builtins): TemplateCode {
  const body = parse(source, template, whitespace);
  const c = new Compilation(template, builtins, compileBody);
  const blockNodes = new Map<string, Block>();
  for (const block of find(body, 'block')) {
    if (blockNodes.has(block.name)) c.fail(`block '${block.name}' defined twice`, block);
    blockNodes.set(block.name, block);
  }
  const run = compileRoot(c, body);
  const blocks = new Map<string, BlockCode>();
  for (const [name, node] of blockNodes) blocks.set(name, compileBlockCode(c, node));
  return { name: template, blocks, run };
}

function newFrame(): CompileFrame {
  return new CompileFrame(new Symbols(undefined, new FunctionScope(0)), false);
}

function compileRoot(c: Compilation, body: readonly Stmt[]): TemplateCode['run'] {
  const frame = newFrame();
  const { symbols } = frame;
  const own = reads(body, ['self']).has('self') ? symbols.parameter('self').index : undefined;
  symbols.statements(body);
  frame.toplevel = true;
  frame.rootlevel = true;
  frame.checkOutput = !find(body, 'extends').next().done;
  const begin = enter(frame);
  const statements: Exec = c.body(body, frame);
  return (context, runtime) => {
    const f = new Frame(symbols.owner.size, context, runtime);
    if (own !== undefined) f.slots[own] = new TemplateReference(context, runtime);
    begin(f);
    statements(f);
    const { parent } = f;
    if (parent) runtime.nested(() => parent.run(context, runtime));
  };
}

function compileBlockCode(c: Compilation, node: Block): BlockCode {
  const frame = newFrame();
  const { symbols } = frame;
  frame.blockFrame = true;
  const special = reads(node.body, ['self', 'super']);
  const own = special.has('self') ? symbols.parameter('self').index : undefined;
  const parent = special.has('super') ? symbols.parameter('super').index : undefined;
  symbols.statements(node.body);
  const begin = enter(frame);
  const statements = c.body(node.body, frame);
  const code: BlockCode = {
    name: node.name,
    run(context, runtime) {
      const f = new Frame(symbols.owner.size, context, runtime);
      if (own !== undefined) f.slots[own] = new TemplateReference(context, runtime);
      if (parent !== undefined) f.slots[parent] = superBlock(context, runtime, node.name, code);
      begin(f);
      statements(f);
    },
  };
  return code;
}
