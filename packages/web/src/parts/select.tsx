import { NativeSelect, type NativeSelectProps } from '@mantine/core';

/** The browser's own list of choices, in the size of the other fields. Not in the theme: few pages have one. */
export const Select = (props: NativeSelectProps) => <NativeSelect size="xs" radius="sm" {...props} />;
