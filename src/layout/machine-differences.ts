import type { DebugInfo } from '../debuginfo/types.js';
import { diffLayouts } from './diff.js';
import { diffText } from './diff-text.js';
import { layoutsOf, type RecordLayout } from './layout.js';
import { typeName } from './type-name.js';

/** A build of the same sources for one machine, and what types mean there. */
export interface MachineBuild {
  readonly machine: string;
  readonly debug: Pick<DebugInfo, 'types' | 'variables'>;
  readonly charIsSigned: boolean;
  readonly longDouble: string;
}

/** Of so many places the first are named. */
const named = 3;

/** What of the same types is different on the other machine, in sentences; empty where nothing is. */
export function machineDifferences(here: MachineBuild, there: MachineBuild): readonly string[] {
  const layouts = [ownLayouts(here), ownLayouts(there)] as const;
  const places = placesOf(here, layouts[0]);
  const meaning = (type: string, one: string, other: string): readonly string[] => {
    const found = places.filter((place) => place.type === type).map((place) => place.name);
    if (one === other || found.length === 0) return [];
    const more = found.length > named ? ` and ${found.length - named} more` : '';
    const which = found.slice(0, named).join(', ') + more;
    return [`${type} is ${one} on ${here.machine} and ${other} on ${there.machine}: ${which}`];
  };
  const sign = ({ charIsSigned }: MachineBuild): string => (charIsSigned ? 'signed' : 'unsigned');
  return [
    // A record that only one of them has is the machine's own (va_list), or was meant for it.
    ...diffText(diffLayouts(...layouts).filter(({ change }) => change === 'changed')),
    ...meaning('char', sign(here), sign(there)),
    ...meaning('long double', here.longDouble, there.longDouble),
  ];
}

/** Those of the system's headers differ by their nature; what holds one of them has another size then, which tells enough. */
function ownLayouts({ debug }: MachineBuild): readonly RecordLayout[] {
  return layoutsOf(debug).filter(({ place }) => !place.file.startsWith('/usr/'));
}

/** Single values; of arrays of char a sign does not matter, because they are texts. */
function placesOf(
  { debug }: MachineBuild,
  layouts: readonly RecordLayout[],
): readonly { readonly name: string; readonly type: string }[] {
  const fields = layouts.flatMap((layout) =>
    layout.fields.map(({ name, type }) => ({ name: `${layout.name}.${name}`, type })),
  );
  return [...fields, ...debug.variables.map(({ name, type }) => ({ name, type: typeName(type) }))];
}
