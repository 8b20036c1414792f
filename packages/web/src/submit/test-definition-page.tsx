import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { post } from '../api/http.ts';
import type { Problem } from '../api/types.ts';
import { Editor } from '../editor/editor.tsx';
import type { EditorHandle } from '../editor/text-editor.tsx';
import { useCheck } from '../editor/use-check.ts';
import { Page } from '../parts/page.tsx';
import { draft } from './draft.ts';
import { testExample } from './example.ts';
import { submitTabs } from './submit-tabs.tsx';

const ask = (definition: string) => post<{ problems: Problem[] }>('validate', { definition, kind: 'test-definition' });

/** Write a test definition and see its problems; it is kept in a repository or inline in a job, so there is nothing to submit. */
export function TestDefinitionPage() {
  const [start] = useState(() => draft('test-definition').read());
  const [text, setText] = useState(start);
  const [check] = useCheck(text, ask);
  const editor = useRef<EditorHandle>(null);
  useEffect(() => draft('test-definition').write(text), [text]);
  return (
    <Page title="Check a test definition" beside={text.trim() === '' && <Button variant="default" onClick={() => { setText(testExample); editor.current?.replace(testExample); }}>Insert an example</Button>}>
      {submitTabs('test-definition')}
      <Editor label="Test definition (YAML)" language="yaml" start={start} check={check} onChange={setText} onSubmit={() => undefined} handle={editor}>
        Type or paste a test definition: the file that a job’s test block names. It is checked as you type; keep it in your repository.
      </Editor>
    </Page>
  );
}
