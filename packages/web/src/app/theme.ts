import { ActionIcon, Button, createTheme, PasswordInput, Textarea, TextInput } from '@mantine/core';

/** Defaults of the few Mantine components that are used; colours are in theme.css. */
export const theme = createTheme({
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs', radius: 'sm' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 28, radius: 'sm', variant: 'subtle', color: 'gray' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs', radius: 'sm' } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'sm', radius: 'sm' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs', radius: 'sm' } }),
  },
});
