/** Whether the log keeps its end in view. */
export interface Follow { readonly on: boolean; readonly top: number }

/** Distance from the end, in pixels, that still counts as being there. */
const near = 24;

/** What a scroll container says of itself, in pixels. */
export interface ScrollPlace { readonly top: number; readonly height: number; readonly view: number }

/**
 * After a scroll event: going up by hand lets go, reaching the end takes hold again. The end moving away because lines
 * came changes nothing, and neither does a jump of the layout.
 */
export function followAfterScroll(follow: Follow, place: ScrollPlace, byHand: boolean): Follow {
  const atEnd = place.height - place.top - place.view <= near;
  if (atEnd) return { on: true, top: place.top };
  const wentUp = byHand && place.top < follow.top - 1;
  return { on: follow.on && !wentUp, top: place.top };
}
