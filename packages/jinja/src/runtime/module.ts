import { repr } from '../python/repr.ts';
import { PyObject, type Value } from '../python/values.ts';

/** What `import` gives: the exported names of a template. */
export class Module extends PyObject {
  readonly type = 'jinja2.environment.TemplateModule';
  readonly template: string;
  readonly text: string;
  private readonly exported: ReadonlyMap<string, Value>;
  constructor(template: string, text: string, exported: ReadonlyMap<string, Value>) {
    super();
    this.template = template;
    this.text = text;
    this.exported = exported;
  }
  override repr(): string { return `<TemplateModule ${repr(this.template)}>`; }
  override str(): string { return this.text; }
  override attribute(name: string): Value | undefined { return this.exported.get(name); }
}
