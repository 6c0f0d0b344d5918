import type { CodeText } from './types.js';

/** Conflicts, and who decides them. */
export const conflictCodes: readonly CodeText[] = [
  {
    code: 'HM480',
    title: 'version went down',
    meaning:
      'The module.json of the new version states a lower version than that of the one that runs. What happens then is ' +
      'decided by reload.onConflict of the configuration: "latest" (the default) takes the new version (WARNING), "ask" takes ' +
      'it only with --force (UNSAFE), "keep" stays with what runs (BLOCKED).',
    remedy:
      'Raise the version in module.json, or have "hotmod reload <module> --force" take it where the strategy is "ask". ' +
      'To go back to an earlier version on purpose there is "hotmod rollback".',
  },
  {
    code: 'HM481',
    title: 'edit while a reload was under way',
    meaning:
      'A file of the module was saved while an earlier save of it was being built and judged. reload.onConflict decides: ' +
      '"latest" (the default) has the newest text take the place of the earlier one, which never runs; "keep" finishes the ' +
      'earlier one, and the edit follows as a reload of its own; "ask" finishes it too, and takes the edit only with --force ' +
      '(UNSAFE). No edit is ever lost. While a transaction of the API commits, an edit always follows.',
    remedy: 'Nothing to do, unless it asks: "hotmod reload <module> --force", or y in the terminal UI, takes the edit.',
  },
  {
    code: 'HM482',
    title: 'state was changed during the build',
    meaning:
      'Between the start of the build and the switch somebody called a function of the module with "hotmod call", or went ' +
      'back to another generation: the state that would be carried over may not be the one that the edit was made for. ' +
      'reload.onConflict decides: "latest" (the default) goes on with the state as it is now, whose values are checked in ' +
      'any case; "keep" holds the reload back until the next save or "hotmod reload" (BLOCKED); "ask" takes it only with ' +
      '--force (UNSAFE). Frames change the state all the time and are no conflict; neither is a call that another module makes.',
    remedy: 'Look at the state ("hotmod inspect <module>"), then save again, or have it reloaded.',
  },
  {
    code: 'HM483',
    title: 'conflict over a symbol',
    meaning:
      'Two modules export the same function or variable, and a module that uses it depends on both (HM310), or would from ' +
      'the new version on. Nothing that was built can be loaded, so that "keep" is the only strategy: what runs stays.',
    remedy:
      'Give one of the two another name, make it static or hidden where it is not meant to be offered, or take one module ' +
      'out of "dependencies".',
  },
  {
    code: 'HM484',
    title: 'ranges of versions cannot meet',
    meaning:
      'Two modules ask for versions of a third in "dependencies", and no version is in both ranges. Whichever were loaded, ' +
      'one of the two could not work with it, so that "keep" is the only strategy: what runs stays.',
    remedy: 'Change one of the two ranges, once its module works with the versions of the other.',
  },
  {
    code: 'HM485',
    title: 'reload.onConflict gives no strategy',
    meaning:
      'The function reload.onConflict of the configuration threw an error, or gave something else than "latest", "keep" or ' +
      '"ask" (a promise, for instance: it is not waited for). The default strategy of that kind of conflict was used.',
    remedy: 'Mend the function; return "latest" for kinds that it does not care about.',
  },
];
