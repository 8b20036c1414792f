import { yaml } from '@codemirror/lang-yaml';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { Prec, type Text } from '@codemirror/state';
import { keymap } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup, EditorView } from 'codemirror';
import { type Ref, useEffect, useImperativeHandle, useRef } from 'react';
import type { Problem } from '../api/types.ts';
import { jinja } from './jinja.ts';

export interface EditorHandle {
  goTo(problem: Problem): void;
  replace(text: string): void;
}

export type Language = 'yaml' | 'jinja';

interface EditorProps {
  /** What screen readers call it. */
  label: string; language: Language; start: string; problems: readonly Problem[]; onChange: (text: string) => void; onSubmit: () => void; ref: Ref<EditorHandle>;
}

/** Colours come from the page's variables, so the editor follows the theme. */
const look = EditorView.theme({
  '&': { fontSize: '13px', backgroundColor: 'var(--panel)', color: 'var(--text)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '20px' },
  '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--panel)', color: 'var(--text-3)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--hover)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 26%, transparent)' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad-solid) 1.5px', textUnderlineOffset: '3px' },
  '.cm-lintRange-warning': { backgroundImage: 'none', textDecoration: 'underline wavy var(--warn-solid) 1.5px', textUnderlineOffset: '3px' },
  '.cm-tooltip': { backgroundColor: 'var(--panel)', color: 'var(--text)', border: '1px solid var(--line-strong)', borderRadius: '6px' },
  '.cm-diagnostic': { padding: '6px 10px', fontFamily: 'var(--font-text)', maxWidth: '480px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad-solid)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn-solid)' },
  '.cm-gutter-lint': { width: '18px' },
  '.cm-lint-marker': { width: '12px', height: '12px', margin: '4px 3px', content: 'none', borderRadius: '50%', backgroundColor: 'var(--bad-solid)' },
  '.cm-lint-marker-warning': { borderRadius: '2px', transform: 'rotate(45deg) scale(0.8)', backgroundColor: 'var(--warn-solid)' },
  '.cm-foldPlaceholder, .cm-panels, .cm-textfield, .cm-button': { backgroundColor: 'var(--sunken)', color: 'var(--text)', backgroundImage: 'none', borderColor: 'var(--line-strong)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--live-tint)' },
});

const highlights = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
  { tag: tags.comment, color: 'var(--text-3)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--ok)' },
  { tag: [tags.keyword, tags.bool, tags.null, tags.number], color: 'var(--warn)' },
  { tag: [tags.meta, tags.punctuation, tags.separator], color: 'var(--text-2)' },
]);

/** Where a problem stands in the text; without a column the whole line. */
function placeOf(doc: Text, p: Problem): { from: number; to: number } {
  if (p.line === undefined) return { from: 0, to: 0 };
  const line = doc.line(Math.min(doc.lines, Math.max(1, p.line)));
  const indent = line.text.length - line.text.trimStart().length;
  const from = line.from + Math.min(line.length, p.column === undefined ? indent : p.column - 1);
  const to = p.endColumn === undefined ? line.to : line.from + Math.min(line.length, p.endColumn - 1);
  return { from, to: Math.max(from, to) };
}

/** A text to write, with its problems at their places: marks in the margin and in the text; F8 goes from one to the next. */
export default function TextEditor({ label, language, start, problems, onChange, onSubmit, ref }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const calls = useRef({ onChange, onSubmit });
  useEffect(() => { calls.current = { onChange, onSubmit }; });

  useEffect(() => {
    if (place.current === null) return;
    const editor = new EditorView({
      parent: place.current,
      doc: start,
      extensions: [
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => { calls.current.onSubmit(); return true; } }])),
        basicSetup, lintGutter(), language === 'yaml' ? yaml() : jinja(), look, syntaxHighlighting(highlights),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => { if (update.docChanged) calls.current.onChange(update.state.doc.toString()); }),
        EditorView.domEventHandlers({ drop: dropFile }),
      ],
    });
    view.current = editor;
    editor.focus();
    return () => editor.destroy();
    // The text belongs to the editor once it is there.
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined) return;
    const marks = problems.filter((p) => p.line !== undefined).map((p): Diagnostic => ({
      ...placeOf(editor.state.doc, p), severity: p.severity, message: p.hint === undefined ? p.message : `${p.message}\n${p.hint}`,
    }));
    editor.dispatch(setDiagnostics(editor.state, marks));
  }, [problems]);

  useImperativeHandle(ref, () => ({
    goTo(problem) {
      const editor = view.current;
      if (editor === undefined) return;
      const { from } = placeOf(editor.state.doc, problem);
      editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      editor.focus();
    },
    replace(text) {
      const editor = view.current;
      editor?.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
      editor?.focus();
    },
  }));
  return <div ref={place} />;
}

/** A dropped file takes the place of the text. */
function dropFile(event: DragEvent, editor: EditorView): boolean {
  const file = event.dataTransfer?.files[0];
  if (file === undefined) return false;
  event.preventDefault();
  void file.text().then((text) => editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } }));
  return true;
}
