import { Button } from '@mantine/core';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';

/** A page that failed to draw: a defect of the application, or a part that could not be loaded. */
export function Broken({ error }: { error: unknown }) {
  return (
    <Page title="This page broke">
      <Notice tone="bad" role="alert" title="The page could not be drawn" action={<Button variant="default" onClick={() => location.reload()}>Load it again</Button>}>
        {error instanceof Error ? error.message : String(error)}. If the server was just updated, loading the page again gets the matching parts; if it happens again, please report the address and this text.
      </Notice>
    </Page>
  );
}
