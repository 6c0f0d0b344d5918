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
const fewerFields = '  uint32_t seed;\n  city_t city;';
const moreFields = '  double visitors;\n  city_t city;\n  uint32_t seed;';

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
      'Rain falls and water glitters twice as fast: one function of graphics changes, and its variables are kept.',
    module: 'graphics',
    file: graphics,
    edits: [
      {
        from: 'void graphics_update(double dt) { seconds += dt; }',
        to: 'void graphics_update(double dt) { seconds += 2.0 * dt; }',
      },
    ],
    expect: { outcome: 'reloaded', level: 'SAFE' },
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
    title: 'Another layout',
    announcement:
      'The entry is back, and the struct that holds the city gets a field at its beginning; another moves to its end. ' +
      'No code carries the city over, and yet nobody is lost: the verdict says which fields moved.',
    module: 'simulation',
    file: simulation,
    edits: [
      { from: `${noEntry.replace('{', '__attribute__((used));')}\n${noEntry}`, to: entry },
      { from: fewerFields, to: moreFields },
    ],
    expect: { outcome: 'reloaded', level: 'WARNING', code: 'HM421' },
  },
  {
    title: 'Values that would be lost',
    announcement:
      'The street shall have 8 lots in place of 11, but buildings stand on the last three: refused. All four modules ' +
      'include that header, and none of them changes.',
    module: 'simulation',
    file: 'modules/shared/city.h',
    edits: [{ from: '#define CITY_LOTS 11', to: '#define CITY_LOTS 8' }],
    expect: { outcome: 'refused', level: 'UNSAFE', code: 'HM426' },
  },
  {
    title: 'Values that are added',
    announcement: 'It becomes 13 lots: the city goes on with all it had, and two parks more.',
    module: 'simulation',
    file: 'modules/shared/city.h',
    edits: [{ from: '#define CITY_LOTS 8', to: '#define CITY_LOTS 13' }],
    expect: { outcome: 'reloaded', level: 'WARNING', code: 'HM425' },
  },
];
