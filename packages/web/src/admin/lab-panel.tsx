import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { getText, post } from '../api/http.ts';
import type { LabPlan } from '../api/types.ts';
import { Editor } from '../editor/editor.tsx';
import type { EditorHandle } from '../editor/text-editor.tsx';
import { errorsOf, useCheck } from '../editor/use-check.ts';
import { Failure } from '../parts/failure.tsx';
import { plural } from '../parts/format.ts';
import { HelpLink } from '../parts/links.tsx';
import { Notice } from '../parts/notice.tsx';
import { Panel } from '../parts/page.tsx';
import form from '../parts/form.module.css';
import { PlanList } from './plan-list.tsx';

/** The lab as one file: taken out, changed, and put back after a look at what that would do. */
export function LabPanel() {
  const [text, setText] = useState('');
  const [prune, setPrune] = useState(false);
  const [plan, setPlan] = useState<{ text: string; prune: boolean; answer: LabPlan }>();
  const editor = useRef<EditorHandle>(null);
  const queries = useQueryClient();
  const ask = async (lab: string, pruned = prune) => {
    const answer = await post<LabPlan>('lab/plan', { lab, prune: pruned });
    setPlan({ text: lab, prune: pruned, answer });
    return answer;
  };
  const [check] = useCheck(text, ask);
  const errors = errorsOf(check).length;
  const take = useMutation({ mutationFn: () => getText('lab'), onSuccess: (lab) => { setText(lab); editor.current?.replace(lab); } });
  const apply = useMutation({
    mutationFn: () => post<LabPlan>('lab/apply', { lab: text, prune, revision: plan?.answer.revision ?? '' }),
    onSuccess: () => { void queries.invalidateQueries(); void ask(text); },
  });
  // What is applied is what was looked at.
  const current = text.trim() !== '' && plan?.text === text && plan.prune === prune ? plan.answer : undefined;
  const changes = (current?.plan ?? []).filter((i) => i.action !== 'keep');
  return (
    <>
      <Panel title="The lab as one file" beside={<HelpLink page="lab-file">How it is written</HelpLink>}>
        <div className={form.row}>
          <Button variant="default" loading={take.isPending} onClick={() => take.mutate()}>Take out the lab as it is</Button>
          <div className={form.flags}><label><input type="checkbox" checked={prune} onChange={(e) => { setPrune(e.currentTarget.checked); if (text.trim() !== '') void ask(text, e.currentTarget.checked); }} />also remove what the file does not name</label></div>
        </div>
      </Panel>
      <Panel title={current === undefined ? 'What it would change' : changes.length === 0 ? 'Nothing would change' : `${plural(changes.length, 'object')} would change`}
        beside={<Button disabled={errors > 0 || changes.length === 0} loading={apply.isPending} onClick={() => apply.mutate()}>Apply</Button>}>
        <PlanList items={changes} />
      </Panel>
      {(take.error ?? apply.error) !== null && <Failure error={take.error ?? apply.error} what="The lab file" />}
      {apply.isSuccess && current !== undefined && changes.length === 0 && <Notice tone="ok" role="status" title="Done">The lab is as the file says.</Notice>}
      <Editor label="Lab file (YAML)" language="yaml" start="" check={check} onChange={setText} onSubmit={() => undefined} handle={editor}>Take out the lab as it is, or paste a lab file. What it would change is shown above; nothing is done before you apply it.</Editor>
    </>
  );
}
