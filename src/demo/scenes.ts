import type { Level, Outcome } from '../events/events.js';

/** One step of the tour: what is said before it, what it does to a file, and what must come of it. */
export interface Scene {
  readonly title: string;
  readonly announcement: string;
  readonly module: string;
  /** Relative to the project. */
  readonly file: string;
  /** Replacements, all in one save. */
  readonly edits: readonly Edit[];
  readonly expect: { readonly outcome: Outcome; readonly level?: Level; readonly code?: string };
}

export interface Edit {
  /** Must stand in the file, or the tour does not fit the samples any more. */
  readonly from: string;
  readonly to: string;
}

const simulation = 'modules/simulation/simulation.c';
const graphics = 'modules/graphics/graphics.c';

const semicolon = 'const uint32_t today = city->day;';
const noSemicolon = 'const uint32_t today = city->day';
const entry = 'module_interface_t *get_module_interface(void) {';
const noEntry = 'static module_interface_t *no_longer_the_entry(void) {';
const readsLayout = 'if (layout != SAVE_LAYOUT ||';
const readsOther = 'if (layout != 99u ||';

/** The tour through the sample city. Each scene edits what the scenes before it left. */
export const scenes: readonly Scene[] = [
  {
    title: 'A constant',
    announcement: 'Taxes double. The new rate applies from the next frame on; people and money stay.',
    module: 'simulation',
    file: simulation,
    edits: [{ from: '#define TAX 0.9 ', to: '#define TAX 1.8 ' }],
    expect: { outcome: 'reloaded', level: 'SAFE' },
  },
  {
    title: 'A function',
    announcement:
      'Rain falls and water glitters twice as fast: one function of graphics changes. That module saves no ' +
      'state, so the verdict is a WARNING that names what starts afresh.',
    module: 'graphics',
    file: graphics,
    edits: [
      {
        from: 'void graphics_update(double dt) { seconds += dt; }',
        to: 'void graphics_update(double dt) { seconds += 2.0 * dt; }',
      },
    ],
    expect: { outcome: 'reloaded', level: 'WARNING', code: 'HM404' },
  },
  {
    title: 'A syntax error',
    announcement: 'A semicolon gets lost. The compiler says where; the city goes on.',
    module: 'simulation',
    file: simulation,
    edits: [{ from: semicolon, to: noSemicolon }],
    expect: { outcome: 'buildFailed', code: 'HM201' },
  },
  {
    title: 'A missing entry',
    announcement: 'The semicolon is back, but the entry function has another name: refused before it is loaded.',
    module: 'simulation',
    file: simulation,
    edits: [
      { from: noSemicolon, to: semicolon },
      { from: entry, to: `${noEntry.replace('{', '__attribute__((used));')}\n${noEntry}` },
    ],
    expect: { outcome: 'refused', level: 'BLOCKED', code: 'HM305' },
  },
  {
    title: 'A load_state that fails',
    announcement:
      'The entry is back, but the new version does not take the saved city. All is taken back, nobody is lost.',
    module: 'simulation',
    file: simulation,
    edits: [
      { from: `${noEntry.replace('{', '__attribute__((used));')}\n${noEntry}`, to: entry },
      { from: readsLayout, to: readsOther },
    ],
    expect: { outcome: 'rolledBack', code: 'HM506' },
  },
  {
    title: 'The mend',
    announcement: 'load_state is as it was, and taxes fall to 0.5. The city is the one that was.',
    module: 'simulation',
    file: simulation,
    edits: [
      { from: readsOther, to: readsLayout },
      { from: '#define TAX 1.8 ', to: '#define TAX 0.5 ' },
    ],
    expect: { outcome: 'reloaded', level: 'SAFE' },
  },
];
