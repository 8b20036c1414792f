import './theme.css';
import './app/mantine.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { keepListsLive } from './api/live.ts';
import { queryClient } from './api/queries.ts';
import { router } from './app/router.tsx';
import { theme } from './app/theme.ts';

keepListsLive(queryClient);

const place = document.getElementById('app');
if (place === null) throw new Error('index.html has no element with id "app"');
createRoot(place).render(
  <StrictMode>
    {/* The variables are in a style sheet (app/mantine.css), so that the security policy may forbid inline styles. */}
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={queryClient}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
