import type { CodeText } from './types.js';

/** Reasons of a verdict: what a new version would do to what runs. */
export const verdictCodes: readonly CodeText[] = [
  {
    code: 'HM400',
    title: 'safe',
    meaning:
      'The module is loaded for the first time, or only its code changed: nothing that others use disappeared, and ' +
      'no state is lost.',
    remedy: 'Nothing to do.',
  },
  {
    code: 'HM402',
    title: 'another version of the module interface',
    meaning:
      'The module was built against a module_interface.h whose MODULE_API_VERSION is not the one of the engine. The ' +
      'tables they exchange may differ, so nothing of the module is called.',
    remedy: 'Build the module again with the module_interface.h that belongs to this hotmod.',
  },
  {
    code: 'HM403',
    title: 'exported function disappeared',
    meaning:
      'The running version exports a function that the new one does not. Where a loaded module uses it, the reload is ' +
      'UNSAFE; otherwise it is a WARNING, because somebody may still look it up by name.',
    remedy:
      'Keep the function, or change its users in the same save. If it became static or hidden by accident, put ' +
      'MODULE_EXPORT before it again.',
  },
  {
    code: 'HM406',
    title: 'version changed without migrate_state',
    meaning:
      'The two versions state different version numbers and state is carried over, but the new version has no ' +
      'migrate_state. Its load_state is given the bytes just as the old version saved them.',
    remedy: 'Give the new version a migrate_state, or make sure that its load_state reads the old form.',
  },
  {
    code: 'HM408',
    title: 'exported variable disappeared',
    meaning:
      'The running version exports a variable that the new one does not. Where a loaded module uses it, the reload ' +
      'is UNSAFE; otherwise it is a WARNING, because somebody may still look it up by name.',
    remedy: 'Keep the variable, or change its users in the same save.',
  },
  {
    code: 'HM446',
    title: 'declared version contradicts the change',
    meaning:
      'module.json states a version, and an exported function or variable disappeared or changed its form without the ' +
      'major step (before 1.0.0: the minor step) that semantic versioning asks for. Modules that declare a range would take ' +
      'the new version for a compatible one.',
    remedy: 'Raise the version in module.json to the one that the message names.',
  },
  {
    code: 'HM447',
    title: 'version outside the range that others need',
    meaning:
      'The version that module.json states now is outside the range that another loaded module declares in its ' +
      'dependencies.',
    remedy: 'Change the range of that module in the same save, once it works with the new version.',
  },
];
