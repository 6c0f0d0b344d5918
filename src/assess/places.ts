import { isAbsolute, relative } from 'node:path';
import type { Place } from '../debuginfo/types.js';

/** `modules/city/city.c:12`: relative to the project where the file lies inside it; '' where nothing is known. */
export function whereIs(place: Place | undefined, root: string): string {
  if (place === undefined || place.file === '') return '';
  const inside = isAbsolute(place.file) ? relative(root, place.file) : place.file;
  const file = inside.startsWith('..') ? place.file : inside;
  return place.line > 0 ? `${file}:${place.line}` : file;
}
