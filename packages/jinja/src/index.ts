export { Environment, type EnvironmentOptions, type Loader } from './environment.ts';
export { TemplateError } from './errors.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { filter, test, type Filter, type Test } from './builtins/define.ts';
export { PyFloat, PyTuple, Undefined, type Value } from './python/values.ts';
export { PyDict } from './python/dict.ts';
export { PyError } from './python/errors.ts';
export { str } from './python/repr.ts';
