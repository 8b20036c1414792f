import { StreamLanguage } from '@codemirror/language';

/** Jinja templates, as device dictionaries are: comments, what stands in `{% %}` and `{{ }}`, and plain text around it. */
export const jinja = () => StreamLanguage.define<{ inside: '%' | '}' | '#' | undefined }>({
  name: 'jinja',
  startState: () => ({ inside: undefined }),
  token(stream, state) {
    if (state.inside === '#') {
      state.inside = stream.skipTo('#}') ? undefined : (stream.skipToEnd(), '#');
      if (state.inside === undefined) stream.match('#}');
      return 'comment';
    }
    if (state.inside === undefined) {
      if (stream.match('{#')) { state.inside = '#'; return 'comment'; }
      if (stream.match(/^\{%[-+]?/u)) { state.inside = '%'; return 'meta'; }
      if (stream.match('{{')) { state.inside = '}'; return 'meta'; }
      if (stream.sol() && stream.match(/^\s*(?:- )*[\w-]+(?=:(?:\s|$))/u)) return 'propertyName';
      stream.next();
      stream.eatWhile((c: string) => c !== '{');
      return null;
    }
    if (stream.match(state.inside === '%' ? /^[-+]?%\}/u : /^\}\}/u)) { state.inside = undefined; return 'meta'; }
    if (stream.match(/^(['"])(?:\\.|(?!\1).)*\1/u)) return 'string';
    if (stream.match(/^(?:extends|set|endset|if|elif|else|endif|for|endfor|in|not|and|or|is|block|endblock|include|import|macro|endmacro|true|false|none|True|False|None)\b/u)) return 'keyword';
    if (stream.match(/^\d+(?:\.\d+)?/u)) return 'number';
    if (stream.match(/^[A-Za-z_]\w*/u)) return null;
    stream.next();
    return null;
  },
});
