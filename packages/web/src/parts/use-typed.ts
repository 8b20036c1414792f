import { useEffect, useRef, useState } from 'react';

/**
 * The text of a field whose value lives elsewhere (the address) and follows a moment after the last key. A value that
 * changes elsewhere comes into the field; the echo of what was typed does not undo what was typed since.
 */
export function useTyped(value: string, change: (text: string | undefined) => void, milliseconds = 250): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }
  const send = () => {
    if (text === sent.current) return;
    sent.current = text;
    change(text === '' ? undefined : text);
  };
  useEffect(() => {
    if (text === sent.current) return;
    const timer = setTimeout(send, milliseconds);
    return () => clearTimeout(timer);
  });
  return [text, setText, send];
}
