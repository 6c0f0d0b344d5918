import { gte, inc, major, satisfies } from 'semver';
import { conflictRules } from './conflict-rules.js';
import { remarkDisappeared } from './disappeared.js';
import { listNames } from './lists.js';
import { whereIs } from './places.js';
import { stateMode } from './state-mode.js';
import type { AssessRequest, Remark, Rule } from './types.js';

/** Everything but the state itself, which state-rules.ts judges. Further rules are further entries. */
export const rules: readonly Rule[] = [
  {
    code: 'HM402',
    recommendation: 'Build the module against the module_interface.h of this hotmod.',
    test: remarkApiVersion,
  },
  {
    code: 'HM403',
    recommendation: 'Keep the function, or change the modules that use it in the same save.',
    test: (request) => remarkDisappeared(request, (symbol) => symbol.kind === 'function', 'function'),
  },
  {
    code: 'HM406',
    recommendation: 'Give the new version a migrate_state, or make sure that its load_state reads the old form.',
    test: remarkNoMigration,
  },
  {
    code: 'HM408',
    recommendation: 'Keep the variable, or change the modules that use it in the same save.',
    test: (request) => remarkDisappeared(request, (symbol) => symbol.kind !== 'function', 'variable'),
  },
  {
    code: 'HM443',
    recommendation: 'Change the callers in the same save, or give the new form another name.',
    test: remarkSignatures,
  },
  {
    code: 'HM446',
    recommendation: 'Raise the version in module.json as the message says, or keep what others may use.',
    test: remarkVersion,
  },
  {
    code: 'HM447',
    recommendation: 'Change the range in their module.json in the same save, or keep a version that they accept.',
    test: remarkRanges,
  },
  {
    code: 'HM445',
    recommendation:
      'Raise the module version and give it a migrate_state, declare the saved struct with HOTMOD_STATE_TYPE, or drop save_state and load_state: variables are carried over by themselves.',
    test: remarkUnconverted,
  },
  ...conflictRules,
];

/**
 * HM402. Modules of plain functions may export the number; those of the interface style state it in a table, which is
 * only known once they are loaded.
 */
function remarkApiVersion({ library, staged, apiVersion }: AssessRequest): readonly Remark[] {
  const inTable = staged?.facts.style === 'interface' ? staged.facts.apiVersion : null;
  const found = inTable ?? library?.apiVersion ?? null;
  if (found === null || found === apiVersion) return [];
  return [
    {
      level: 'BLOCKED',
      message: `the module was built for version ${found} of the module interface; this engine speaks version ${apiVersion}`,
      where: 'api_version',
    },
  ];
}

/** HM406 speaks only where state is saved and loaded, and only where both sides state a version. */
function remarkNoMigration(request: AssessRequest): readonly Remark[] {
  const { previous, staged, library, types } = request;
  const old = previous?.running ?? null;
  if (old === null || staged === null || stateMode(request) !== 'saved') return [];
  const now = staged.facts;
  const migrates =
    now.hooks.includes('migrate_state') || library?.stateVersion !== null || (types?.state.saved ?? null) !== null;
  if (old.version === now.version || migrates) return [];
  const from = old.version === '' ? 'no version' : old.version;
  const to = now.version === '' ? 'no version' : now.version;
  return [
    {
      level: 'WARNING',
      message: `the version went from ${from} to ${to} and there is no migrate_state: load_state is given the old form`,
      where: 'migrate_state',
    },
  ];
}

/**
 * HM443. A caller that was compiled against the old form passes its arguments in the wrong places. One that was built in
 * the same save was compiled against the header as it is now; only a declaration of its own could still be the old one.
 */
function remarkSignatures({ module, types, loaded, root }: AssessRequest): readonly Remark[] {
  return (types?.signatures ?? []).map((change): Remark => {
    const users = loaded.filter(
      ({ name, dependencies, imports }) =>
        name !== module && dependencies.includes(module) && (imports ?? []).includes(change.symbol ?? change.name),
    );
    const stale = users.filter((user) => !user.changed).map((user) => user.name);
    const what =
      change.before === change.after
        ? `what "${change.after}" takes or gives back has another layout`
        : `the exported function ${change.name} changed from "${change.before}" to "${change.after}"`;
    const effect =
      stale.length > 0
        ? `, and it is called by ${listNames(stale)}`
        : users.length > 0
          ? `; ${listNames(users.map((user) => user.name))} changed with it`
          : '';
    return {
      level: stale.length === 0 ? 'WARNING' : 'UNSAFE',
      message: `${what}${effect}`,
      where: whereIs(change.place, root),
    };
  });
}

/**
 * HM446. By semantic versioning what others use only disappears, or changes its form, with a major step; before 1.0.0 a
 * minor one takes its place. A module that states no version promises nothing.
 */
function remarkVersion(request: AssessRequest): readonly Remark[] {
  const { previous, version, types } = request;
  if (previous === null || version === undeclared || previous.version === undeclared) return [];
  const gone = remarkDisappeared(request, () => true, 'symbol').map((remark) => remark.where);
  const other = (types?.signatures ?? []).map((change) => change.name);
  const needed = inc(previous.version, major(previous.version) === 0 ? 'minor' : 'major');
  if ((gone.length === 0 && other.length === 0) || needed === null || gte(version, needed)) return [];
  const what = [
    ...(gone.length === 0 ? [] : [`${listNames(gone)} disappeared`]),
    ...(other.length === 0 ? [] : [`${listNames(other)} changed its form`]),
  ];
  const step = version === previous.version ? `is still ${version}` : `went from ${previous.version} to ${version}`;
  return [
    {
      level: 'WARNING',
      message: `the declared version ${step}, but ${what.join(' and ')}: it should be ${needed}`,
      where: 'module.json',
    },
  ];
}

const undeclared = '0.0.0';

/** HM447. Of modules that changed in the same save the new ranges count. */
function remarkRanges({ module, version, previous, loaded }: AssessRequest): readonly Remark[] {
  if (previous === null) return [];
  return loaded.flatMap(({ name, ranges }): readonly Remark[] => {
    const range = ranges[module];
    if (range === undefined || satisfies(version, range, { includePrerelease: true })) return [];
    return [{ level: 'UNSAFE', message: `${name} needs ${module} ${range}, and this is ${version}`, where: name }];
  });
}

/**
 * HM445. What save_state's bytes hold is only known to the module. With another layout of its structs and nothing that
 * converts, load_state may read old bytes as the new struct.
 */
function remarkUnconverted(request: AssessRequest): readonly Remark[] {
  const { previous, library, staged, types } = request;
  if (types === null || types.changedRecords.length === 0 || types.state.saved !== null) return [];
  if (previous === null || stateMode(request) !== 'saved') return [];
  const old = previous.running;
  const sameVersion = staged === null || old === null || old.version === staged.facts.version;
  const sameStateVersion = previous.library.stateVersion === library?.stateVersion;
  if (!sameVersion || !sameStateVersion) return [];
  const held = types.heldRecords.length > 0;
  const names = listNames(held ? types.heldRecords : types.changedRecords);
  const doubt = held
    ? 'load_state may be given bytes in the old layout'
    : 'no variable holds it, but saved bytes might';
  return [
    {
      level: staged === null || !held ? 'WARNING' : 'UNSAFE',
      message: `the layout of ${names} changed and the version did not: ${doubt}`,
      where: 'save_state',
    },
  ];
}
